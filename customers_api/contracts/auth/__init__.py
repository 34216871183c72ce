"""The auth contract: /api/auth, how operators log in and out."""
