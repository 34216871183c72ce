"""Requests that nobody would send, made up from the API's own reference by the thousand."""
