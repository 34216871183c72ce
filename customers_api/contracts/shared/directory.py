"""The directory that the main and the registry contract share, mounted on each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from customers_api.contracts.shared.directory_schemas import (
    BulkUpdate,
    BulkUpdated,
    CountryQuery,
    Found,
    ListQuery,
    LocationQuery,
    Search,
    Statistics,
    TagsQuery,
)
from customers_api.contracts.shared.schemas import Customer
from customers_api.core.actor import Role
from customers_api.core.customers import listing, queries, search, statistics
from customers_api.core.customers import service as customers
from customers_api.core.customers.editions import Editions
from customers_api.core.customers.queries import CustomerNotFound, Who
from customers_api.core.paging import Slice, Sort
from customers_api.core.statements import AnyRow
from customers_api.web.contract import Contract
from customers_api.web.converters import who
from customers_api.web.operation import Answer, Strings
from customers_api.web.paging import next_link

NEXT = {"Link": 'Where the list goes on, as `rel="next"`; absent at its end.'}
TOTAL = {"X-Total-Count": "How many match in all, where `count` asks for it."}
COUNTRIES = Strings(("Canada", "Germany"))
CITIES = Strings(("Berlin", "Stuttgart"))
STATES = Strings(("Baden-Württemberg", "Berlin"))


def mount(contract: Contract, customer: Customer, found: Found) -> None:
    """Serve the directory as a part of `contract`, its customers shown as `customer`."""
    _mount_lists(contract, customer)
    _mount_search(contract, customer, found)
    _mount_lookups(contract, customer)
    _mount_marks(contract, customer)
    _mount_places(contract)


def _mount_lists(contract: Contract, customer: Customer) -> None:
    shown = tuple(customer.fields)

    def page(query: Mapping[str, Any], read: Callable[[Slice], Sequence[AnyRow]]) -> Answer:
        part = Slice(query["limit"], query.get("skip", 0), query.get("cursor", 0))
        rows = read(part)
        # One more than asked for is read, which tells whether there is more.
        kept = rows[: part.limit]
        last = kept[-1].id if len(rows) > part.limit else None
        return Answer(kept, next_link(query, kept, last))

    @contract.operation(
        "GET",
        "/",
        role=Role.READER,
        query=ListQuery(),
        answer=customer,
        many=True,
        headers=NEXT | TOTAL,
    )
    def every(query: Mapping[str, Any]) -> Answer:
        """List customers by id."""
        active = query.get("is_active")
        answer = page(query, lambda part: listing.every(part, active, shown))
        if not query["count"]:
            return answer
        total = {"X-Total-Count": str(statistics.count(active))}
        return Answer(answer.content, {**answer.headers, **total})

    @contract.operation(
        "GET",
        "/tags/<text:tags>",
        role=Role.READER,
        query=TagsQuery(),
        answer=customer,
        many=True,
        headers=NEXT,
    )
    def tagged(tags: str, query: Mapping[str, Any]) -> Answer:
        """List the customers with any of these tags, or with all of them."""
        wanted = tuple(dict.fromkeys(tag for each in tags.split(",") if (tag := each.strip())))
        every_tag = query["match"] == "all"
        return page(query, lambda part: listing.tagged(wanted, part, shown, every_tag=every_tag))

    @contract.operation(
        "GET",
        "/location/search",
        role=Role.READER,
        query=LocationQuery(),
        answer=customer,
        many=True,
        headers=NEXT,
    )
    def located(query: Mapping[str, Any]) -> Answer:
        """List the customers of a city, a state, a country."""
        places = {name: query[name] for name in ("city", "state", "country") if query.get(name)}
        return page(query, lambda part: listing.located(places, part, shown))


def _mount_search(contract: Contract, customer: Customer, found: Found) -> None:
    shown = tuple(customer.fields)

    @contract.operation(
        "POST", "/search", role=Role.READER, body=Search(), answer=found, atomic=False
    )
    def find(body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Search customers; every field that is given must match."""
        filters = dict(body)
        number, limit = filters.pop("page"), filters.pop("limit")
        sort = Sort(filters.pop("sort_by"), descending=filters.pop("sort_order") == "desc")
        part = Slice(limit, (number - 1) * limit)
        page = search.search(filters, sort, shown, part)
        return {
            "customers": page.customers,
            "total": page.total,
            "page": number,
            "limit": limit,
            "total_pages": -(-page.total // limit),
        }

    @contract.operation(
        "POST",
        "/bulk-update",
        role=Role.EDITOR,
        body=BulkUpdate(),
        answer=BulkUpdated(),
        sole=True,
    )
    def change_many(body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Change many customers alike."""
        # Named in the answer as they were in the request.
        given = {
            who(each) if isinstance(each, str) else each: each for each in body["customer_ids"]
        }
        changed = customers.change_many([*given], body["updates"], at=("updates",))
        return {"updated": changed.count, "not_found": [given[id] for id in changed.not_found]}


def _mount_lookups(contract: Contract, customer: Customer) -> None:
    shown = (*customer.fields, queries.EDITION)
    declared: dict[str, Any] = {
        "role": Role.READER,
        "answer": customer,
        "etag": True,
        "errors": [CustomerNotFound],
    }

    @contract.operation("GET", "/username/<username>", **declared)
    def by_username(username: str) -> AnyRow:
        """Read the customer with this username."""
        return queries.get_by("username", username, shown)

    @contract.operation("GET", "/email/<text:email>", **declared)
    def by_email(email: str) -> AnyRow:
        """Read the customer with this email, without regard to case."""
        return queries.by_email(email, shown)


def _mount_marks(contract: Contract, customer: Customer) -> None:
    shown = (*customer.fields, queries.EDITION)
    declared: dict[str, Any] = {
        "role": Role.EDITOR,
        "answer": customer,
        "etag": True,
        "sole": True,
        "errors": [CustomerNotFound],
    }

    @contract.operation("PATCH", "/<customer:customer_id>/verify-email", **declared)
    def verify_email(customer_id: Who, expected: Editions) -> AnyRow:
        """Note that a customer's email is known to be theirs."""
        return customers.verify_email(customer_id, shown, expected=expected)

    @contract.operation("PATCH", "/<customer:customer_id>/verify-phone", **declared)
    def verify_phone(customer_id: Who, expected: Editions) -> AnyRow:
        """Note that a customer's phone is known to be theirs."""
        return customers.verify_phone(customer_id, shown, expected=expected)

    @contract.operation("PATCH", "/<customer:customer_id>/last-login", **declared)
    def note_login(customer_id: Who, expected: Editions) -> AnyRow:
        """Note that a customer has logged in now."""
        return customers.note_login(customer_id, shown, expected=expected)


def _mount_places(contract: Contract) -> None:
    @contract.operation("GET", "/statistics/overview", role=Role.READER, answer=Statistics())
    def overview() -> statistics.Statistics:
        """Count the customers, by kind."""
        return statistics.overview()

    @contract.operation("GET", "/available/countries", role=Role.READER, answer=COUNTRIES)
    def countries() -> Sequence[str]:
        """List the countries that customers are in."""
        return statistics.in_use("country")

    @contract.operation(
        "GET", "/available/cities", role=Role.READER, query=CountryQuery(), answer=CITIES
    )
    def cities(query: Mapping[str, Any]) -> Sequence[str]:
        """List the cities that customers are in."""
        return statistics.in_use("city", country=query.get("country"))

    @contract.operation(
        "GET", "/available/states", role=Role.READER, query=CountryQuery(), answer=STATES
    )
    def states(query: Mapping[str, Any]) -> Sequence[str]:
        """List the states that customers are in."""
        return statistics.in_use("state", country=query.get("country"))
