"""What the capability shows of itself."""

from typing import ClassVar

from marshmallow import fields

from customers_api.web.schemas import AnswerSchema, Shape


class ShownOperation(AnswerSchema):
    """One operation of the capability."""

    code = fields.String()
    title = fields.String()
    description = fields.String()
    input_schema = fields.Dict(data_key="inputSchema")
    output_schema = fields.Dict(data_key="outputSchema")

    EXAMPLE: ClassVar[Shape] = {
        "code": "get_customer",
        "title": "Get Customer Details",
        "description": "Read a customer by customerId.",
        "inputSchema": {"type": "object", "properties": {"customerId": {"type": "string"}}},
        "outputSchema": {"type": "object", "properties": {"customerId": {"type": "string"}}},
    }


class ShownCapability(AnswerSchema):
    """The capability and its operations."""

    code = fields.String()
    title = fields.String()
    description = fields.String()
    operations = fields.List(fields.Nested(ShownOperation))

    EXAMPLE: ClassVar[Shape] = {
        "code": "customer-management",
        "title": "Customer Management",
        "description": "Create, read, change and remove customers.",
        "operations": [ShownOperation.EXAMPLE],
    }
