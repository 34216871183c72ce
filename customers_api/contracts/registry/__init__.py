"""The registry contract: /api/v1/customers."""
