"""Attempts to sign in: failures in a row, and how long an account must wait for the next."""
