"""FastAPI with the asynchronous ORM of SQLAlchemy on asyncpg; pydantic in and out."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Annotated

import jwt
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, computed_field
from sqlalchemy import ForeignKey, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from benchmarks.peers.columns import DATABASE_URL, PAGE, POOL_SIZE, SEARCHED, SECRET, pattern
from benchmarks.peers.pydantic_models import Changes, NewCustomer, NewCustomers

engine = create_async_engine(
    DATABASE_URL.replace("postgresql://", "postgresql+asyncpg://"),
    pool_size=POOL_SIZE,
    max_overflow=POOL_SIZE,
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    """The tables."""


class Group(Base):
    """A group of customers."""

    __tablename__ = "groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Customer(Base):
    """A customer."""

    __tablename__ = "customers"
    __mapper_args__ = {"eager_defaults": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[str | None]
    username: Mapped[str | None]
    first_name: Mapped[str]
    last_name: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str | None]
    address_line1: Mapped[str | None]
    address_line2: Mapped[str | None]
    city: Mapped[str | None]
    state: Mapped[str | None]
    postal_code: Mapped[str | None]
    country: Mapped[str | None]
    date_of_birth: Mapped[date | None]
    gender: Mapped[str | None]
    company_name: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id"))
    notes: Mapped[str | None]
    tags: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class Shown(BaseModel):
    """A customer, as answered."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    customer_id: str | None
    username: str | None
    first_name: str
    last_name: str
    email: str
    phone: str | None
    address_line1: str | None
    address_line2: str | None
    city: str | None
    state: str | None
    postal_code: str | None
    country: str | None
    date_of_birth: date | None
    gender: str | None
    company_name: str | None
    is_active: bool
    group_id: int | None
    notes: str | None
    tags: str | None
    created_at: datetime
    updated_at: datetime


class ShownWithAge(Shown):
    """A customer and the age in whole years."""

    @computed_field
    @property
    def age(self) -> int | None:
        """Today."""
        born, today = self.date_of_birth, datetime.now(UTC).date()
        if born is None:
            return None
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


class ShownMany(BaseModel):
    """Several customers."""

    customers: list[Shown]


class Found(ShownMany):
    """A page of several customers, and how many there are."""

    total: int


async def holder(
    given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
) -> str:
    """Who calls."""
    try:
        return jwt.decode(given.credentials, SECRET, algorithms=["HS256"])["sub"]
    except jwt.PyJWTError:
        raise HTTPException(401, "The token is not good") from None


async def session() -> AsyncIterator[AsyncSession]:
    """What the request reads and writes through."""
    async with sessions() as opened:
        yield opened


Database = Annotated[AsyncSession, Depends(session)]
app = FastAPI()
customers = APIRouter(prefix="/api/customers", dependencies=[Depends(holder)])


@app.exception_handler(IntegrityError)
async def taken(request: Request, error: IntegrityError) -> JSONResponse:
    """The email is somebody else's, or there is no such group."""
    return JSONResponse({"detail": "This conflicts with what is there"}, 409)


@customers.get("/search")
async def search(query: str, database: Database) -> Found:
    """A page of those who have this in their names, email or company, and how many do."""
    wanted = or_(*(getattr(Customer, name).ilike(pattern(query)) for name in SEARCHED))
    total = await database.scalar(select(func.count()).select_from(Customer).where(wanted))
    ordered = select(Customer).where(wanted).order_by(Customer.created_at.desc(), Customer.id)
    page = await database.scalars(ordered.limit(PAGE))
    return {"total": total, "customers": page.all()}


@customers.get("/group/{group_id}")
async def in_group(group_id: int, database: Database) -> list[ShownWithAge]:
    """The customers of a group, by last name."""
    wanted = select(Customer).where(Customer.group_id == group_id)
    return (await database.scalars(wanted.order_by(Customer.last_name, Customer.id))).all()


@customers.get("/{id}")
async def get(id: int, database: Database) -> Shown:
    """One customer."""
    found = await database.get(Customer, id)
    if found is None:
        raise HTTPException(404, "Customer not found")
    return found


@customers.post("", status_code=201)
async def create(body: NewCustomer, database: Database) -> Shown:
    """Create one."""
    made = Customer(**body.model_dump())
    database.add(made)
    await database.commit()
    return made


@customers.post("/list", status_code=201)
async def create_many(body: NewCustomers, database: Database) -> ShownMany:
    """Create several, or none."""
    made = [Customer(**each.model_dump()) for each in body.customers]
    database.add_all(made)
    await database.commit()
    return {"customers": made}


@customers.patch("/{id}")
async def change(id: int, body: Changes, database: Database) -> Shown:
    """Change some fields."""
    found = await database.get(Customer, id)
    if found is None:
        raise HTTPException(404, "Customer not found")
    for name, value in body.model_dump(exclude_unset=True).items():
        setattr(found, name, value)
    await database.commit()
    return found


app.include_router(customers)
