"""What both FastAPI peers take, by pydantic."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, EmailStr, Field, StringConstraints

from benchmarks.peers.columns import MOST_IN_A_LIST

Email = Annotated[EmailStr, Field(max_length=254)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Text20 = Annotated[str, StringConstraints(max_length=20)]
Text100 = Annotated[str, StringConstraints(max_length=100)]
Text255 = Annotated[str, StringConstraints(max_length=255)]


class Details(BaseModel):
    """What a customer may leave out."""

    model_config = ConfigDict(extra="forbid")

    phone: Text20 | None = None
    address_line1: Text255 | None = None
    address_line2: Text255 | None = None
    city: Text100 | None = None
    state: Text100 | None = None
    postal_code: Text20 | None = None
    country: Text100 | None = None
    gender: Text20 | None = None
    company_name: Text255 | None = None
    notes: Annotated[str, StringConstraints(max_length=5000)] | None = None
    tags: Annotated[str, StringConstraints(max_length=500)] | None = None
    date_of_birth: date | None = None
    group_id: int | None = None


class NewCustomer(Details):
    """A customer to be created."""

    first_name: Name
    last_name: Name
    email: Email


class NewCustomers(BaseModel):
    """Several of them."""

    model_config = ConfigDict(extra="forbid")

    customers: Annotated[list[NewCustomer], Field(min_length=1, max_length=MOST_IN_A_LIST)]


class Changes(Details):
    """Some fields of a customer."""

    first_name: Name = ""
    last_name: Name = ""
    email: Email = ""
