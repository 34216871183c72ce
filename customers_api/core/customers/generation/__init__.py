"""Customers made up in any number: an endless list, the same on every machine and every day."""
