"""The groups contract: /api/groups."""
