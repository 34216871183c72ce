"""The operators contract: /api/operators, for admins."""
