"""What all peers are given: the database, what signs the tokens, and the columns."""

import os

DATABASE_URL = os.environ["PEERS_DATABASE_URL"]
SECRET = os.environ["PEERS_SECRET"]
# Connections of each process, as many as our own server has threads.
POOL_SIZE = 4
MOST_IN_A_LIST = 10_000
PAGE = 10

# What a client may set, and how long it may be.
TEXTS = {
    "first_name": 100,
    "last_name": 100,
    "email": 254,
    "phone": 20,
    "address_line1": 255,
    "address_line2": 255,
    "city": 100,
    "state": 100,
    "postal_code": 20,
    "country": 100,
    "gender": 20,
    "company_name": 255,
    "notes": 5000,
    "tags": 500,
}
REQUIRED = ("first_name", "last_name", "email")
WRITABLE = (*TEXTS, "date_of_birth", "group_id")
OTHERS_TYPES = {"date_of_birth": "date", "group_id": "integer"}
COLUMNS = ("id", "customer_id", "username", *WRITABLE, "is_active", "created_at", "updated_at")
SEARCHED = ("first_name", "last_name", "email", "company_name")


def pattern(query: str) -> str:
    """What ILIKE takes to find this as a substring."""
    for each in "\\%_":
        query = query.replace(each, f"\\{each}")
    return f"%{query}%"
