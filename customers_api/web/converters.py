"""What the parts of a path mean."""

import re
from collections.abc import Mapping
from uuid import UUID

from werkzeug.routing import BaseConverter, PathConverter

from customers_api.core.types import LARGEST_ID

LONGEST_NUMBER = 19
UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def who(text: str) -> int | str:
    """A customer's id or customer_id, as it stands in a path or a list of ids."""
    if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER:
        return int(text)
    return text.upper()


class IdConverter(BaseConverter):
    """A number of ASCII digits; one that no database holds names nothing, however long it is."""

    regex = "[0-9]+"

    def to_python(self, value: str) -> int:
        """The number, or the first that is too large."""
        digits = value.lstrip("0")
        too_large = LARGEST_ID + 1
        return min(int(digits or "0"), too_large) if len(digits) <= LONGEST_NUMBER else too_large


class TextConverter(PathConverter):
    """A text that may hold slashes and line breaks; a final slash is the path's, not the text's."""

    regex = "(?s:[^/].*?)"

    def to_python(self, value: str) -> str:
        """The text."""
        return value.removesuffix("/")


class CustomerConverter(BaseConverter):
    """A customer by id, `7`, or by customer_id, `CUST_A1B2C3D4`; other words name nobody.

    `search` and `bulk-update` are addresses of their own, with methods of their own.
    """

    regex = r"(?!(?:search|bulk-update)\Z)[^/]+"
    part_isolating = True

    def to_python(self, value: str) -> int | str:
        """The id, as the core takes it."""
        return who(value)


class UuidConverter(BaseConverter):
    """A customer by UUID; a word that is none names nobody."""

    NOBODY = UUID(int=0)

    def to_python(self, value: str) -> UUID:
        """The UUID, written with its hyphens in capitals or not."""
        return UUID(value) if UUID_TEXT.fullmatch(value) else self.NOBODY


CONVERTERS: Mapping[str, type[BaseConverter]] = {
    "customer": CustomerConverter,
    "int": IdConverter,
    "text": TextConverter,
    "uuid": UuidConverter,
}
