"""The events contract: /api/events, for admins."""
