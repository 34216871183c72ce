"""What the parts of a path mean."""

from werkzeug.routing import BaseConverter

LONGEST_NUMBER = 19


def who(text: str) -> int | str:
    """A customer's id or customer_id, as it stands in a path or a list of ids."""
    if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER:
        return int(text)
    return text.upper()


class CustomerConverter(BaseConverter):
    """A customer by id, `7`, or by customer_id, `CUST_A1B2C3D4`; other words name nobody.

    `search` and `bulk-update` are addresses of their own, with methods of their own.
    """

    regex = r"(?!(?:search|bulk-update)\Z)[^/]+"
    part_isolating = True

    def to_python(self, value: str) -> int | str:
        """The id, as the core takes it."""
        return who(value)
