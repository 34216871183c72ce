"""What else is said of a customer, and how often; each is a sequence to pick from."""

from collections.abc import Mapping, Sequence

import msgspec

from customers_api.core.customers.generation.draws import weighted
from customers_api.core.customers.model import Status

# The groups that seeding makes, with their share of customers; the others are in none.
GROUPS: Mapping[str, tuple[int, str]] = {
    "Retail": (40, "Bought in a shop"),
    "Online": (30, "Bought on the website or in the app"),
    "Wholesale": (6, "Resellers with a price list of their own"),
    "Partners": (3, "Companies we sell together with"),
    "VIP": (3, "Have a contact person"),
}
NO_GROUP = 100 - sum(share for share, _ in GROUPS.values())

STATUSES = weighted(
    (82, Status.ACTIVE.value), (12, Status.INACTIVE.value), (6, Status.CANCELED.value)
)

CHANNELS: Sequence[tuple[str, ...]] = weighted(
    (45, ("email",)),
    (10, ("email", "text")),
    (8, ("email", "phone")),
    (7, ("phone",)),
    (5, ("text",)),
    (3, ("text", "email")),
    (2, ("email", "text", "phone")),
    (20, ()),
)

TAGS: Sequence[tuple[str, ...]] = weighted(
    (58, ()),
    (10, ("newsletter",)),
    (6, ("premium",)),
    (5, ("newsletter", "sale")),
    (4, ("gift-card",)),
    (4, ("returning",)),
    (3, ("premium", "newsletter")),
    (3, ("student",)),
    (2, ("referral", "newsletter")),
    (2, ("vip", "premium", "returning")),
    (2, ("beta",)),
    (1, ("complaint",)),
)

DOMAINS = weighted(
    (60, "example.com"), (25, "example.org"), (10, "example.net"), (5, "mail.example.com")
)

SECOND_LINES = ("Apt. 2", "Apt. 4B", "Apt. 12", "Suite 300", "2nd floor", "c/o Reception", "Unit 7")

NOTES = (
    "Prefers to be called in the afternoon.",
    "Asked for invoices by post.",
    "Moved recently; address confirmed.",
    "Birthday voucher sent.\nRedeemed within a week.",
    "Complaint settled; be generous next time.",
    "Speaks little English; reply in the customer's language.",
)

_SOURCES = ("shop", "web", "app", "referral", "fair")


def metadata(language: str) -> Sequence[str]:
    """JSON objects such as a shop keeps of a customer who speaks this language."""
    known: list[Mapping[str, object]] = [
        {"source": source, "language": language, "orders": orders}
        for source in _SOURCES
        for orders in (0, 1, 2, 3, 5, 8, 13, 21)
    ]
    known += [
        {"source": "web", "preferences": {"newsletter": "weekly", "topics": ["music", "books"]}},
        {"source": "import", "legacy": {"system": "crm-2", "checked": True}},
    ]
    texts = [msgspec.json.encode(one).decode() for one in known]
    return ("{}",) * (len(texts) * 2) + tuple(texts)
