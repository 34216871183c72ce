"""Customers' own sign-in: credentials, sessions, resets of the password, the second factor."""
