"""What every text must hold, whichever record it belongs to; each returns a complaint or None."""

import re

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# Python takes four control characters for white space, too; they are refused, not stripped.
WHITE_SPACE = "".join(
    c for c in map(chr, range(0x3001)) if c.isspace() and c not in "\x1c\x1d\x1e\x1f"
)


def stripped(value: str) -> str:
    """The text without the white space around it."""
    return value.strip(WHITE_SPACE)


def one_line(value: str, *, most: int) -> str | None:
    """A text in one line of at most `most` characters."""
    if len(value) > most:
        return f"Longer than {most} characters"
    if CONTROL.search(value):
        return "Contains a control character"
    return None


def free(value: str, *, most: int) -> str | None:
    """A text of any number of lines; only NUL, which PostgreSQL cannot keep, is refused."""
    if len(value) > most:
        return f"Longer than {most} characters"
    if "\0" in value:
        return "Contains a NUL character"
    return None


def filled_line(value: str, *, most: int) -> str | None:
    """A text in one line, not blank, of at most `most` characters."""
    return one_line(value, most=most) if value else "Must not be blank"
