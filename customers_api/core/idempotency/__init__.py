"""Idempotency: answers kept under a caller's key, so that no request is done twice."""
