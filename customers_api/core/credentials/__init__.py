"""Credentials: how passwords are kept and checked."""
