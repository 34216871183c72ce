"""FastAPI with asyncpg and SQL by hand; pydantic for what comes in, orjson for what goes out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import asyncpg
import jwt
import orjson
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from benchmarks.peers.columns import DATABASE_URL, POOL_SIZE, SEARCHED, SECRET, WRITABLE, pattern
from benchmarks.peers.pydantic_models import Changes, NewCustomer, NewCustomers
from benchmarks.peers.statements import Statements

SQL = Statements("${}".format)


@asynccontextmanager
async def pool(app: FastAPI) -> AsyncIterator[None]:
    """The connections, for as long as the process serves."""
    size = POOL_SIZE * 2
    async with asyncpg.create_pool(DATABASE_URL, min_size=POOL_SIZE, max_size=size) as made:
        app.state.pool = made
        yield


async def holder(
    given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
) -> str:
    """Who calls."""
    try:
        return jwt.decode(given.credentials, SECRET, algorithms=["HS256"])["sub"]
    except jwt.PyJWTError:
        raise HTTPException(401, "The token is not good") from None


app = FastAPI(lifespan=pool)
customers = APIRouter(prefix="/api/customers", dependencies=[Depends(holder)])


def answer(what: Any, status: int = 200) -> Response:
    """Rows as JSON; a missing one is a 404."""
    if what is None:
        raise HTTPException(404, "Customer not found")
    return Response(orjson.dumps(what, default=dict), status, media_type="application/json")


@app.exception_handler(asyncpg.IntegrityConstraintViolationError)
async def taken(request: Request, error: asyncpg.PostgresError) -> JSONResponse:
    """The email is somebody else's, or there is no such group."""
    return JSONResponse({"detail": "This conflicts with what is there"}, 409)


@customers.get("/search")
async def search(query: str) -> Response:
    """A page of those who have this in their names, email or company, and how many do."""
    rows = await app.state.pool.fetch(SQL.search, *[pattern(query)] * len(SEARCHED))
    page = [dict(row) for row in rows]
    total = [row.pop("total") for row in page]
    return answer({"total": total[0] if total else 0, "customers": page})


@customers.get("/group/{group_id}")
async def in_group(group_id: int) -> Response:
    """The customers of a group, by last name."""
    return answer(await app.state.pool.fetch(SQL.group, group_id))


@customers.get("/{id}")
async def get(id: int) -> Response:
    """One customer."""
    return answer(await app.state.pool.fetchrow(SQL.get, id))


@customers.post("")
async def create(body: NewCustomer) -> Response:
    """Create one."""
    values = (getattr(body, name) for name in WRITABLE)
    return answer(await app.state.pool.fetchrow(SQL.create, *values), 201)


@customers.post("/list")
async def create_many(body: NewCustomers) -> Response:
    """Create several, or none."""
    columns = ([getattr(each, name) for each in body.customers] for name in WRITABLE)
    return answer({"customers": await app.state.pool.fetch(SQL.create_many, *columns)}, 201)


@customers.patch("/{id}")
async def change(id: int, body: Changes) -> Response:
    """Change some fields."""
    changes = body.model_dump(exclude_unset=True)
    statement = SQL.change([*changes])
    return answer(await app.state.pool.fetchrow(statement, *changes.values(), id))


app.include_router(customers)
