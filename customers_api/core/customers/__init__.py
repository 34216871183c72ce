"""Customers: the record, its rules, its writes (service) and its reads (queries)."""
