"""The tokens contract: /api/tokens, service tokens, for admins."""
