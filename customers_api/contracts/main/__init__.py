"""The main contract: /api/customers, the union of all that a customer is."""
