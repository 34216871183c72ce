"""Flask as its tutorials have it: Flask-SQLAlchemy, marshmallow in and out, flask-jwt-extended."""

from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, jsonify, request
from flask_jwt_extended import JWTManager, jwt_required
from flask_sqlalchemy import SQLAlchemy
from marshmallow import RAISE, Schema, ValidationError, fields, validate
from sqlalchemy.exc import IntegrityError

from benchmarks.peers.columns import (
    DATABASE_URL,
    MOST_IN_A_LIST,
    PAGE,
    POOL_SIZE,
    SEARCHED,
    SECRET,
    pattern,
)

app = Flask(__name__)
app.config.update(
    JWT_SECRET_KEY=SECRET,
    SQLALCHEMY_DATABASE_URI=DATABASE_URL.replace("postgresql://", "postgresql+psycopg://"),
    SQLALCHEMY_ENGINE_OPTIONS={"pool_size": POOL_SIZE, "max_overflow": 0},
)
db = SQLAlchemy(app)
jwt = JWTManager(app)


class Group(db.Model):
    """A group of customers."""

    __tablename__ = "groups"

    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.Text, nullable=False)


class Customer(db.Model):
    """A customer."""

    __tablename__ = "customers"

    id = db.Column(db.Integer, primary_key=True)
    customer_id = db.Column(db.Text)
    username = db.Column(db.Text)
    first_name = db.Column(db.Text, nullable=False)
    last_name = db.Column(db.Text, nullable=False)
    email = db.Column(db.Text, nullable=False)
    phone = db.Column(db.Text)
    address_line1 = db.Column(db.Text)
    address_line2 = db.Column(db.Text)
    city = db.Column(db.Text)
    state = db.Column(db.Text)
    postal_code = db.Column(db.Text)
    country = db.Column(db.Text)
    date_of_birth = db.Column(db.Date)
    gender = db.Column(db.Text)
    company_name = db.Column(db.Text)
    is_active = db.Column(db.Boolean, nullable=False, default=True)
    group_id = db.Column(db.ForeignKey("groups.id"))
    notes = db.Column(db.Text)
    tags = db.Column(db.Text)
    created_at = db.Column(db.DateTime(timezone=True), server_default=db.func.now())
    updated_at = db.Column(
        db.DateTime(timezone=True), server_default=db.func.now(), onupdate=db.func.now()
    )

    @property
    def age(self) -> int | None:
        """In whole years, today."""
        born, today = self.date_of_birth, datetime.now(UTC).date()
        if born is None:
            return None
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _text(most: int) -> fields.String:
    return fields.String(allow_none=True, validate=validate.Length(max=most))


def _name() -> fields.String:
    return fields.String(required=True, validate=validate.Length(min=1, max=100))


class CustomerSchema(Schema):
    """A customer, in and out."""

    class Meta:
        unknown = RAISE

    id = fields.Integer(dump_only=True)
    customer_id = fields.String(dump_only=True)
    username = fields.String(dump_only=True)
    first_name = _name()
    last_name = _name()
    email = fields.Email(required=True, validate=validate.Length(max=254))
    phone = _text(20)
    address_line1 = _text(255)
    address_line2 = _text(255)
    city = _text(100)
    state = _text(100)
    postal_code = _text(20)
    country = _text(100)
    date_of_birth = fields.Date(allow_none=True)
    gender = _text(20)
    company_name = _text(255)
    is_active = fields.Boolean(dump_only=True)
    group_id = fields.Integer(allow_none=True)
    notes = _text(5000)
    tags = _text(500)
    created_at = fields.DateTime(dump_only=True)
    updated_at = fields.DateTime(dump_only=True)


class CustomerWithAgeSchema(CustomerSchema):
    """A customer and the age."""

    age = fields.Integer(dump_only=True)


class CustomersSchema(Schema):
    """Several customers, in and out."""

    class Meta:
        unknown = RAISE

    customers = fields.List(
        fields.Nested(CustomerSchema),
        required=True,
        validate=validate.Length(min=1, max=MOST_IN_A_LIST),
    )


one, many, changes = CustomerSchema(), CustomersSchema(), CustomerSchema(partial=True)
with_age = CustomerWithAgeSchema(many=True)


@app.errorhandler(ValidationError)
def invalid(error: ValidationError) -> tuple[Response, int]:
    """What is wrong with the body."""
    return jsonify(errors=error.messages), 422


@app.errorhandler(IntegrityError)
def taken(error: IntegrityError) -> tuple[Response, int]:
    """The email is somebody else's, or there is no such group."""
    db.session.rollback()
    return jsonify(detail="This conflicts with what is there"), 409


@app.get("/api/customers/search")
@jwt_required()
def search() -> Response:
    """A page of those who have this in their names, email or company, and how many do."""
    text = pattern(request.args["query"])
    wanted = db.or_(*(getattr(Customer, name).ilike(text) for name in SEARCHED))
    ordered = db.select(Customer).where(wanted).order_by(Customer.created_at.desc(), Customer.id)
    page = db.paginate(ordered, per_page=PAGE)
    return jsonify(total=page.total, **many.dump({"customers": page.items}))


@app.get("/api/customers/group/<int:group_id>")
@jwt_required()
def in_group(group_id: int) -> Response:
    """The customers of a group, by last name."""
    wanted = db.select(Customer).where(Customer.group_id == group_id)
    found = db.session.scalars(wanted.order_by(Customer.last_name, Customer.id))
    return jsonify(with_age.dump(found.all()))


@app.get("/api/customers/<int:id>")
@jwt_required()
def get(id: int) -> Response:
    """One customer."""
    return jsonify(one.dump(db.get_or_404(Customer, id)))


@app.post("/api/customers")
@jwt_required()
def create() -> tuple[Response, int]:
    """Create one."""
    made = Customer(**one.load(request.get_json()))
    db.session.add(made)
    db.session.commit()
    return jsonify(one.dump(made)), 201


@app.post("/api/customers/list")
@jwt_required()
def create_many() -> tuple[Response, int]:
    """Create several, or none."""
    loaded: list[dict[str, Any]] = many.load(request.get_json())["customers"]
    made = [Customer(**each) for each in loaded]
    db.session.add_all(made)
    db.session.flush()
    # Shown before the commit, after which each of them would be read again.
    shown = many.dump({"customers": made})
    db.session.commit()
    return jsonify(shown), 201


@app.patch("/api/customers/<int:id>")
@jwt_required()
def change(id: int) -> Response:
    """Change some fields."""
    found = db.get_or_404(Customer, id)
    for name, value in changes.load(request.get_json()).items():
        setattr(found, name, value)
    db.session.commit()
    return jsonify(one.dump(found))
