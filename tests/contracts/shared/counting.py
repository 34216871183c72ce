"""The statistics, counted one customer at a time, as the contract says."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

from tests.contracts.shared.calls import PREFIXES, everybody, without
from tests.support.api import Api

Json = dict[str, Any]


def check(api: Api, today: date, prefix: str = PREFIXES[0]) -> Json:
    """Fail unless the overview says what counting everybody says; returns the overview."""
    answer = api.get(f"{prefix}/statistics/overview")
    assert answer.status_code == 200
    shown = dict(answer.get_json())
    customers = everybody(api)
    assert without(shown, "average_customer_age", "as_of") == counted(customers, today)
    ages = [age(c["date_of_birth"], today) for c in customers if c["date_of_birth"]]
    average = shown["average_customer_age"]
    if not ages:
        assert average is None
    else:
        assert average == round(average, 1)
        assert abs(average - sum(ages) / len(ages)) <= 0.05 + 1e-9
    return shown


def counted(customers: list[Json], today: date) -> Json:
    """The overview without the age."""
    monday = today - timedelta(days=today.isoweekday() - 1)
    days = [date.fromisoformat(customer["created_at"][:10]) for customer in customers]
    return {
        "total_customers": len(customers),
        "active_customers": sum(customer["is_active"] for customer in customers),
        "verified_customers": sum(customer["is_verified"] for customer in customers),
        "new_customers_today": sum(day == today for day in days),
        "new_customers_this_week": sum(day >= monday for day in days),
        "new_customers_this_month": sum(day >= today.replace(day=1) for day in days),
        "customers_by_country": largest(customers, "country"),
        "customers_by_city": largest(customers, "city"),
        "gender_distribution": largest(customers, "gender", len(customers)),
    }


def largest(customers: list[Json], field: str, most: int = 100) -> dict[str, int]:
    """How many customers have each value, for the most frequent ones."""
    counts = Counter(customer[field] for customer in customers if customer[field])
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:most])


def age(born: str, today: date) -> int:
    """Whole years."""
    day = date.fromisoformat(born[:10])
    return today.year - day.year - ((today.month, today.day) < (day.month, day.day))
