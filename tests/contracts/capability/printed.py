"""The schemas that the capability's document prints, without their explanations."""

from typing import Any

CODE = "customer-management"
PREFIX = f"/api/capabilities/{CODE}"
STRING, OBJECT, FLAG = {"type": "string"}, {"type": "object"}, {"type": "boolean"}
MOMENT = {"type": "string", "format": "date-time"}
DETAILS = {"name": STRING, "email": STRING, "phone": STRING, "address": OBJECT}


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*required]}


TITLES = {
    "get_customer": "Get Customer Details",
    "create_customer": "Create New Customer",
    "update_customer": "Update Customer Information",
    "delete_customer": "Delete Customer",
    "authenticate_customer": "Authenticate Customer",
}
INPUT = {
    "get_customer": _object({"customerId": STRING}, "customerId"),
    "create_customer": _object(DETAILS, "name", "email"),
    "update_customer": _object({"customerId": STRING, **DETAILS}, "customerId"),
    "delete_customer": _object({"customerId": STRING}, "customerId"),
    "authenticate_customer": _object({"email": STRING, "password": STRING}, "email", "password"),
}
OUTPUT = {
    "get_customer": _object(
        {"customerId": STRING, **DETAILS, "createdAt": MOMENT}, "customerId", "name"
    ),
    "create_customer": _object({"customerId": STRING, "success": FLAG}, "customerId", "success"),
    "update_customer": _object({"success": FLAG, "updatedAt": MOMENT}, "success"),
    "delete_customer": _object({"success": FLAG}, "success"),
    "authenticate_customer": _object(
        {"token": STRING, "customerId": STRING, "expiresAt": MOMENT}, "token", "customerId"
    ),
}
