"""Django REST framework on psycopg, with connections that are kept. Under gunicorn."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import django
import jwt
from django.conf import settings

from benchmarks.peers.columns import DATABASE_URL, MOST_IN_A_LIST, PAGE, SEARCHED, SECRET, pattern

_where = urlsplit(DATABASE_URL)
settings.configure(
    SECRET_KEY=SECRET,
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=["rest_framework"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _where.path[1:],
            "USER": _where.username,
            "PASSWORD": _where.password,
            "HOST": _where.hostname,
            "PORT": _where.port,
            "CONN_MAX_AGE": None,
        }
    },
    REST_FRAMEWORK={
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
        "UNAUTHENTICATED_USER": None,
    },
)
django.setup()

# Only now, as these read the settings.
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import IntegrityError, models  # noqa: E402
from django.db.models.lookups import PatternLookup  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework import exceptions, serializers  # noqa: E402
from rest_framework.authentication import BaseAuthentication  # noqa: E402
from rest_framework.generics import get_object_or_404  # noqa: E402
from rest_framework.permissions import IsAuthenticated  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class Holder:
    """Who has a good token."""

    is_authenticated = True


class Bearer(BaseAuthentication):
    """By the token of the Authorization header."""

    def authenticate(self, request: Request) -> tuple[Holder, dict[str, Any]] | None:
        """Who calls, and the claims; None where no token is given."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            return Holder(), jwt.decode(token, SECRET, algorithms=["HS256"])
        except jwt.PyJWTError:
            raise exceptions.AuthenticationFailed from None

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return "Bearer"


@models.TextField.register_lookup
class Matches(PatternLookup):
    """ILIKE, which the trigram index serves; it does not serve the UPPER of `icontains`."""

    lookup_name = "matches"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """The condition and its parameters."""
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} ILIKE %s", [*parameters, pattern(self.rhs)]


class Group(models.Model):
    """A group of customers."""

    name = models.TextField()

    class Meta:
        app_label, managed, db_table = "peers", False, "groups"


class Customer(models.Model):
    """A customer."""

    customer_id = models.TextField(null=True, editable=False)
    username = models.TextField(null=True, editable=False)
    first_name = models.TextField()
    last_name = models.TextField()
    email = models.TextField()
    phone = models.TextField(null=True)
    address_line1 = models.TextField(null=True)
    address_line2 = models.TextField(null=True)
    city = models.TextField(null=True)
    state = models.TextField(null=True)
    postal_code = models.TextField(null=True)
    country = models.TextField(null=True)
    date_of_birth = models.DateField(null=True)
    gender = models.TextField(null=True)
    company_name = models.TextField(null=True)
    is_active = models.BooleanField(default=True, editable=False)
    group_id = models.IntegerField(null=True)
    notes = models.TextField(null=True)
    tags = models.TextField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label, managed, db_table = "peers", False, "customers"


def _text(most: int) -> serializers.CharField:
    return serializers.CharField(max_length=most, required=False, allow_null=True, allow_blank=True)


class CustomerSerializer(serializers.ModelSerializer):
    """A customer, in and out."""

    first_name = serializers.CharField(max_length=100)
    last_name = serializers.CharField(max_length=100)
    email = serializers.EmailField(max_length=254)
    phone = _text(20)
    address_line1 = _text(255)
    address_line2 = _text(255)
    city = _text(100)
    state = _text(100)
    postal_code = _text(20)
    country = _text(100)
    gender = _text(20)
    company_name = _text(255)
    notes = _text(5000)
    tags = _text(500)

    class Meta:
        model = Customer
        fields = "__all__"

    def to_internal_value(self, data: Any) -> Any:
        """Refuses what nobody knows, and what nobody may set."""
        writable = {name for name, field in self.fields.items() if not field.read_only}
        if isinstance(data, dict) and (unknown := data.keys() - writable):
            raise serializers.ValidationError({name: ["Unknown field."] for name in unknown})
        return super().to_internal_value(data)


class CustomerWithAgeSerializer(CustomerSerializer):
    """A customer and the age."""

    age = serializers.SerializerMethodField()

    def get_age(self, customer: Customer) -> int | None:
        """In whole years, today."""
        born, today = customer.date_of_birth, datetime.now(UTC).date()
        if born is None:
            return None
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


class CustomersSerializer(serializers.Serializer):
    """Several customers, in."""

    customers = CustomerSerializer(many=True, allow_empty=False, max_length=MOST_IN_A_LIST)


class View(APIView):
    """For those who have a token."""

    authentication_classes = [Bearer]
    permission_classes = [IsAuthenticated]

    def handle_exception(self, error: Exception) -> Response:
        """A conflict with what is there is the caller's."""
        if isinstance(error, IntegrityError):
            return Response({"detail": "This conflicts with what is there"}, 409)
        return super().handle_exception(error)


class Customers(View):
    """All customers."""

    def post(self, request: Request) -> Response:
        """Create one."""
        serializer = CustomerSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data, 201)


class CustomersList(View):
    """Several customers."""

    def post(self, request: Request) -> Response:
        """Create several, or none: bulk_create is one transaction."""
        serializer = CustomersSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        new = [Customer(**each) for each in serializer.validated_data["customers"]]
        made = Customer.objects.bulk_create(new)
        return Response({"customers": CustomerSerializer(made, many=True).data}, 201)


class OneCustomer(View):
    """One customer."""

    def get(self, request: Request, id: int) -> Response:
        """Show it."""
        return Response(CustomerSerializer(get_object_or_404(Customer, pk=id)).data)

    def patch(self, request: Request, id: int) -> Response:
        """Change some fields."""
        found = get_object_or_404(Customer, pk=id)
        serializer = CustomerSerializer(found, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        for name, value in serializer.validated_data.items():
            setattr(found, name, value)
        found.save(update_fields=[*serializer.validated_data, "updated_at"])
        return Response(CustomerSerializer(found).data)


class GroupCustomers(View):
    """The customers of a group."""

    def get(self, request: Request, group_id: int) -> Response:
        """List them by last name."""
        found = Customer.objects.filter(group_id=group_id).order_by("last_name", "id")
        return Response(CustomerWithAgeSerializer(found, many=True).data)


class Search(View):
    """Those who have a text in their names, email or company."""

    def get(self, request: Request) -> Response:
        """A page, and how many there are."""
        wanted = models.Q()
        for name in SEARCHED:
            wanted |= models.Q(**{f"{name}__matches": request.query_params["query"]})
        found = Customer.objects.filter(wanted)
        page = found.order_by("-created_at", "id")[:PAGE]
        shown = CustomerSerializer(page, many=True).data
        return Response({"total": found.count(), "customers": shown})


urlpatterns = [
    path("api/customers", Customers.as_view()),
    path("api/customers/list", CustomersList.as_view()),
    path("api/customers/search", Search.as_view()),
    path("api/customers/group/<int:group_id>", GroupCustomers.as_view()),
    path("api/customers/<int:id>", OneCustomer.as_view()),
]
app = get_wsgi_application()
