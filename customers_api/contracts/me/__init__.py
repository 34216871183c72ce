"""The me contract: /api/me, what a signed-in customer sees and changes, all of it their own."""
