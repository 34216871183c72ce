"""Tokens: the record, its writes and its reads."""
