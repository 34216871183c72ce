"""Ten customers to try the API with: always the same, and as different as customers are."""

# ruff: noqa: RUF001  Letters that look like others are what names are spelled with.

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from customers_api.core import database
from customers_api.core.customers import service
from customers_api.core.customers.identity import email_key
from customers_api.core.customers.model import CUSTOMERS

# Any number, as long as it is always the same.
ADDING_LOCK = 7_307_199_020
SAMPLES: Sequence[Mapping[str, Any]] = (
    {
        "first_name": "Leonie",
        "last_name": "Köhler",
        "email": "leonie.koehler@example.com",
        "phone": "+49 711 2842222",
        "address_line1": "Theodor-Heuss-Straße 34",
        "city": "Stuttgart",
        "state": "Baden-Württemberg",
        "postal_code": "70174",
        "country": "Germany",
        "date_of_birth": date(1990, 1, 15),
        "gender": "female",
        "lifetime_value": Decimal("37.62"),
        "customer_acquisition_date": datetime(2021, 3, 4, 9, 30, tzinfo=UTC),
        "preferred_communication_channels": ("email",),
        "is_loyalty_member": True,
        "tags": ("premium", "music"),
        "metadata": '{"source":"shop"}',
    },
    {
        "first_name": "François",
        "last_name": "Tremblay",
        "email": "francois.tremblay@example.com",
        "phone": "+1 514 555 0147",
        "address_line1": "1498 rue Bélanger",
        "city": "Montréal",
        "state": "QC",
        "postal_code": "H2G 1A7",
        "country": "Canada",
        "date_of_birth": date(1984, 11, 2),
        "gender": "male",
        "lifetime_value": Decimal("1204.50"),
        "customer_acquisition_date": datetime(2019, 6, 21, tzinfo=UTC),
        "preferred_communication_channels": ("phone", "email"),
        "is_loyalty_member": True,
        "tags": ("premium",),
        "notes": "Prefers to be addressed in French.",
        "metadata": '{"source":"referral","language":"fr"}',
    },
    {
        "first_name": "Luís",
        "last_name": "Gonçalves",
        "email": "luis.goncalves@example.com",
        "phone": "+55 12 3923-5555",
        "address_line1": "Av. Brigadeiro Faria Lima 2170",
        "city": "São José dos Campos",
        "state": "SP",
        "postal_code": "12227-000",
        "country": "Brazil",
        "company_name": "Gonçalves Aviação S.A.",
        "tax_id": "12.345.678/0001-95",
        "lifetime_value": Decimal("18960.00"),
        "customer_acquisition_date": datetime(2017, 2, 1, 14, 0, tzinfo=UTC),
        "preferred_communication_channels": ("email", "phone"),
        "tags": ("wholesale", "invoice"),
        "metadata": '{"source":"fair","contract":{"number":"A-1017","discount":7.5}}',
    },
    {
        "first_name": "Astrid",
        "last_name": "Lindström",
        "email": "astrid.lindstrom@example.org",
        "city": "Göteborg",
        "country": "Sweden",
        "date_of_birth": date(2001, 5, 30),
        "gender": "female",
        "marketing_emails": False,
        "customer_acquisition_date": datetime(2024, 8, 19, 7, 45, tzinfo=UTC),
        "tags": ("student",),
    },
    {
        "first_name": "Γιώργος",
        "last_name": "Παπαδόπουλος",
        "email": "giorgos@example.org",
        "phone": "+30 21 0123 4567",
        "address_line1": "Ερμού 12",
        "city": "Αθήνα",
        "postal_code": "105 63",
        "country": "Greece",
        "date_of_birth": date(1958, 8, 15),
        "gender": "male",
        "customer_status": "inactive",
        "lifetime_value": Decimal("249.99"),
        "customer_acquisition_date": datetime(2018, 12, 6, tzinfo=UTC),
    },
    {
        "first_name": "Łukasz",
        "last_name": "Wójcik",
        "email": "lukasz.wojcik+orders@example.com",
        "phone": "+48 22 555 01 23",
        "address_line1": "ul. Słoneczna 8",
        "address_line2": "m. 14",
        "city": "Warszawa",
        "state": "mazowieckie",
        "postal_code": "00-789",
        "country": "Poland",
        "date_of_birth": date(1976, 2, 29),
        "customer_status": "canceled",
        "marketing_emails": False,
        "lifetime_value": Decimal("12.00"),
        "customer_acquisition_date": datetime(2020, 4, 9, tzinfo=UTC),
        "tags": ("complaint",),
        "notes": "Closed his account in person.\nAsked to keep the invoices.",
    },
    {
        "first_name": "Ayşe",
        "last_name": "Yılmaz",
        "email": "ayse.yilmaz@example.com",
        "phone": "+90 212 555 01 23",
        "city": "İstanbul",
        "country": "Turkey",
        "gender": "female",
        "marketing_sms": True,
        "lifetime_value": Decimal("863.10"),
        "preferred_communication_channels": ("text",),
        "tags": ("newsletter", "sale"),
        "metadata": '{"source":"app","devices":["phone","tablet"]}',
    },
    {
        "first_name": "Siobhán",
        "last_name": "O'Neill",
        "email": "Siobhan.ONeill@example.org",
        "phone": "(028) 9649 6000",
        "address_line1": "4 Mill Lane",
        "city": "Belfast",
        "state": "Northern Ireland",
        "postal_code": "BT1 5GS",
        "country": "United Kingdom",
        "date_of_birth": date(1969, 10, 31),
        "gender": "non-binary",
        "is_loyalty_member": True,
        "lifetime_value": Decimal("5400.75"),
        "customer_acquisition_date": datetime(2016, 9, 13, 16, 20, tzinfo=UTC),
        "preferred_communication_channels": ("email", "text", "phone"),
        "tags": ("vip", "premium", "returning"),
    },
    {
        "first_name": "Haruka",
        "last_name": "Satō",
        "email": "haruka.sato@example.com",
        "address_line1": "2-8-1 Nishi-Shinjuku",
        "city": "Tōkyō",
        "postal_code": "163-8001",
        "country": "Japan",
        "date_of_birth": date(1993, 3, 3),
        "lifetime_value": Decimal("-20.00"),
        "customer_acquisition_date": datetime(2023, 1, 11, tzinfo=UTC),
        "notes": "Refunded once more than paid.",
    },
    {
        "first_name": "Jane",
        "last_name": "",
        "email": "jane@example.org",
    },
)


def add() -> list[UUID]:
    """Create those of the ten that are not there, by email; returns the UUIDs of those created.

    Raises EmailTaken when somebody creates one at the same moment, another way.
    """
    database.take_turns(ADDING_LOCK)
    keys = [email_key(sample["email"]) for sample in SAMPLES]
    there = database.in_use(CUSTOMERS.c.email_key, keys)
    missing = [sample for key, sample in zip(keys, SAMPLES, strict=True) if key not in there]
    return [row[0] for row in service.create_many(missing, ("uuid",))] if missing else []
