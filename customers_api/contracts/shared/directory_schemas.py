"""What the shared directory takes and shows besides customers."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, validates_schema

from customers_api.contracts.shared.schemas import Customer, CustomerFields
from customers_api.core.customers import review
from customers_api.core.customers.queries import SORTABLE
from customers_api.core.errors import Problem
from customers_api.extensions import settings
from customers_api.web.fields import (
    Count,
    Flag,
    Instant,
    Line,
    Moment,
    WantedTags,
    check_length,
    one_of,
)
from customers_api.web.paging import Cursor
from customers_api.web.parameters import QueryNumber, YesNo
from customers_api.web.schemas import AnswerSchema, InputSchema, QuerySchema, Shape

MOST_A_PAGE = 1000


class SliceQuery(QuerySchema):
    """Which part of a list, ordered by id."""

    skip = QueryNumber(0)
    limit = QueryNumber(1, MOST_A_PAGE, load_default=100)
    cursor = Cursor()

    @validates_schema
    def _one_way(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        if "skip" in data and "cursor" in data:
            raise ValidationError({"cursor": ["Goes on from a page; skip cannot be given, too"]})


class ListQuery(SliceQuery):
    """Which customers, which part of them, and whether to count them."""

    is_active = YesNo()
    count = YesNo(load_default=False)


class TagsQuery(SliceQuery):
    """Whether any of the tags will do, or all are needed."""

    match = fields.String(validate=one_of(("any", "all")), load_default="any")


class LocationQuery(SliceQuery):
    """Where the customers are; at least one must be given."""

    city = Line()
    state = Line()
    country = Line()

    @validates_schema
    def _somewhere(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        if not any(data.get(place) for place in ("city", "state", "country")):
            raise ValidationError({"city": ["Give a city, a state or a country"]})


class CountryQuery(QuerySchema):
    """Of which country; of all when left out."""

    country = Line()


class Search(InputSchema):
    """What to look for: every field that is given must match; and which page, in which order."""

    query = Line(allow_none=True)
    first_name = Line(allow_none=True)
    last_name = Line(allow_none=True)
    email = Line(allow_none=True)
    city = Line(allow_none=True)
    country = Line(allow_none=True)
    is_active = Flag(allow_none=True)
    is_verified = Flag(allow_none=True)
    company_name = Line(allow_none=True)
    tags = WantedTags(allow_none=True)
    created_after = Moment(allow_none=True)
    created_before = Moment(allow_none=True)
    sort_by = fields.String(validate=one_of(SORTABLE), load_default="created_at")
    sort_order = fields.String(validate=one_of(("asc", "desc")), load_default="desc")
    page = Count(1, load_default=1)
    limit = Count(1, MOST_A_PAGE, load_default=10)

    EXAMPLE: ClassVar[Shape] = {
        "query": "köhl",
        "country": "Germany",
        "sort_by": "last_name",
        "sort_order": "asc",
        "page": 1,
        "limit": 10,
    }


class Found(AnswerSchema):
    """A page of what was found; `total` is how many were found in all."""

    customers = fields.List(fields.Nested(Customer))
    total = fields.Integer()
    page = fields.Integer()
    limit = fields.Integer()
    total_pages = fields.Integer()

    EXAMPLE: ClassVar[Shape] = {
        "customers": [Customer.EXAMPLE],
        "total": 1,
        "page": 1,
        "limit": 10,
        "total_pages": 1,
    }


class Ids(fields.Field[list[int | str]]):
    """Customers by id or customer_id."""

    @property
    def openapi(self) -> Shape:
        """What an id is, and how many there may be."""
        return {
            "type": "array",
            "items": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
            "maxItems": settings()["MAX_LIST_SIZE"],
        }

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, list):
            raise ValidationError("Not a list of ids")
        check_length(value, 0, settings()["MAX_LIST_SIZE"])
        wrong = {
            place: ["Must be an id or a customer_id"]
            for place, each in enumerate(value)
            if isinstance(each, bool) or not isinstance(each, int | str)
        }
        if wrong:
            raise ValidationError(wrong)
        return value


class NotInBulk(fields.Field[str]):
    """A field that no two customers may share."""

    openapi: ClassVar[Shape] = {"not": {}}

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        raise ValidationError("Cannot be changed for many customers at once")


class BulkChanges(CustomerFields):
    """The fields to change, for all customers alike; anything but the email."""

    LEAST = 1
    email = NotInBulk()  # type: ignore[assignment]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "partial": True})


class BulkUpdate(InputSchema):
    """Which customers to change, and how."""

    customer_ids = Ids(required=True)
    updates = fields.Nested(BulkChanges, required=True)

    EXAMPLE: ClassVar[Shape] = {
        "customer_ids": ["CUST_A1B2C3D4", 7],
        "updates": {"marketing_emails": False, "tags": "bulk-updated"},
    }

    @validates_schema
    def _some(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        if not data["updates"]:
            raise ValidationError({"updates": ["Give at least one field to change"]})

    def review(self, fields: Mapping[str, Any], path: Mapping[str, Any]) -> Iterable[Problem]:
        """What is wrong with the changes."""
        return review.changes_of_many(fields.get("updates", {}), at=("updates",))


class BulkUpdated(AnswerSchema):
    """How many customers were changed, and which ids nobody has."""

    updated = fields.Integer()
    not_found = fields.List(fields.Raw(metadata={"type": ["integer", "string"]}))

    EXAMPLE: ClassVar[Shape] = {"updated": 1, "not_found": ["CUST_A1B2C3D4"]}


class Statistics(AnswerSchema):
    """How many customers there are, of which kind, as of when; days are those of UTC."""

    total_customers = fields.Integer()
    active_customers = fields.Integer()
    verified_customers = fields.Integer()
    new_customers_today = fields.Integer()
    new_customers_this_week = fields.Integer()
    new_customers_this_month = fields.Integer()
    customers_by_country = fields.Dict(keys=fields.String(), values=fields.Integer())
    customers_by_city = fields.Dict(keys=fields.String(), values=fields.Integer())
    average_customer_age = fields.Float(allow_none=True)
    gender_distribution = fields.Dict(keys=fields.String(), values=fields.Integer())
    as_of = Instant()

    EXAMPLE: ClassVar[Shape] = {
        "total_customers": 1250,
        "active_customers": 1180,
        "verified_customers": 890,
        "new_customers_today": 15,
        "new_customers_this_week": 89,
        "new_customers_this_month": 234,
        "customers_by_country": {"Germany": 850, "Canada": 120},
        "customers_by_city": {"Stuttgart": 125, "Montréal": 98},
        "average_customer_age": 32.5,
        "gender_distribution": {"female": 620, "male": 580},
        "as_of": "2026-01-15T10:30:00Z",
    }
