"""The bodies and answers that the registry's document prints."""

from typing import Any

PREFIX = "/api/v1/customers"
CREATE: dict[str, Any] = {
    "first_name": "John",
    "last_name": "Doe",
    "email": "john.doe@example.com",
    "phone": "+1-555-0123",
    "address_line1": "123 Main Street",
    "city": "New York",
    "state": "NY",
    "postal_code": "10001",
    "country": "USA",
    "date_of_birth": "1990-01-15T00:00:00",
    "gender": "male",
    "company_name": "Tech Corp",
    "marketing_emails": True,
    "marketing_sms": False,
    "notes": "Premium customer",
    "tags": "premium,tech,new-york",
}
CREATED = CREATE | {
    "id": 1,
    "is_active": True,
    "is_verified": False,
    "email_verified": False,
    "phone_verified": False,
    "last_login_at": None,
    "full_name": "John Doe",
    "full_address": "123 Main Street, New York, NY, 10001, USA",
}
# The model's columns, of which the printed answer leaves out two.
MODEL = {*CREATED, "customer_id", "username", "created_at", "updated_at", "address_line2", "tax_id"}
SEARCH: dict[str, Any] = {
    "query": "john",
    "first_name": "John",
    "last_name": "Doe",
    "email": "john.doe@example.com",
    "city": "New York",
    "country": "USA",
    "is_active": True,
    "is_verified": False,
    "company_name": "Tech Corp",
    "tags": "premium,tech",
    "created_after": "2024-01-01T00:00:00Z",
    "created_before": "2024-12-31T23:59:59Z",
    "sort_by": "created_at",
    "sort_order": "desc",
    "page": 1,
    "limit": 10,
}
BULK_UPDATES = {
    "marketing_emails": False,
    "notes": "Bulk updated customer",
    "tags": "bulk-updated",
}
STATISTICS = {
    "total_customers",
    "active_customers",
    "verified_customers",
    "new_customers_today",
    "new_customers_this_week",
    "new_customers_this_month",
    "customers_by_country",
    "customers_by_city",
    "average_customer_age",
    "gender_distribution",
}
