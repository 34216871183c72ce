"""What the core refuses, and why. An error's docstring is the sentence its reader gets."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Self

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with what was given: `path` leads to it, in the core's field names."""

    path: Path
    message: str


class Error(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "error"

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or " ".join((self.__doc__ or "").split())
        super().__init__(self.detail)


class Invalid(Error):
    """The input is not valid."""

    code = "invalid"

    def __init__(self, problems: Iterable[Problem], detail: str | None = None) -> None:
        self.problems = tuple(problems)
        super().__init__(detail)

    @classmethod
    def at(cls, field: str) -> Self:
        """This error about one field, of which its docstring is said."""
        return cls([Problem((field,), " ".join((cls.__doc__ or "").split()))])


class NotFound(Error):
    """Not found"""

    code = "not-found"


class Conflict(Error):
    """The request conflicts with the present state."""

    code = "conflict"


class Stale(Error):
    """It has been changed since you read it; read it again, then decide anew."""

    code = "stale"


class Unauthenticated(Error):
    """A valid bearer token is needed: Authorization: Bearer <token>"""

    code = "unauthenticated"


class Denied(Error):
    """The token's role does not allow this call."""

    code = "denied"


class TooManyAttempts(Error):
    """Too many attempts failed; the next is heard after the seconds that Retry-After tells."""

    code = "too-many-attempts"

    def __init__(self, seconds: int = 1) -> None:
        self.seconds = seconds
        super().__init__()


class Unavailable(Error):
    """The database cannot be reached, or takes too long, at the moment; try again shortly."""

    code = "unavailable"
