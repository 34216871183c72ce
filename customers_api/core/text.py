"""What every text must hold, whichever record it belongs to; each returns a complaint or None."""

import re
from collections.abc import Callable

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
BLANK = "Must not be blank"
# White space, and what nobody sees either: Unicode's default ignorable characters, the fillers of
# Korean and Braille, annotation. In two parts, as the reference can tell of the first only.
UNSEEN = (
    r"\s\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
)
UNSEEN_BEYOND = "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
SEEN = re.compile(f"[^{UNSEEN}{UNSEEN_BEYOND}]")
# Python takes four control characters for white space, too; they are refused, not stripped.
WHITE_SPACE = "".join(
    c for c in map(chr, range(0x3001)) if c.isspace() and c not in "\x1c\x1d\x1e\x1f"
)


def stripped(value: str) -> str:
    """The text without the white space around it."""
    # Python's own notion is wider, and quicker to ask.
    return value if value.strip() == value else value.strip(WHITE_SPACE)


def one_line(value: str, *, most: int) -> str | None:
    """A text in one line of at most `most` characters."""
    if len(value) > most:
        return f"Longer than {most} characters"
    # What is printable is no control character; what is not seldom is one either.
    if not value.isprintable() and CONTROL.search(value):
        return "Contains a control character"
    return None


def line_of(most: int) -> Callable[[str], str | None]:
    """`one_line` for texts of at most `most` characters: a rule that is asked very often."""

    def complaint(value: str) -> str | None:
        if len(value) <= most and value.isprintable():
            return None
        return one_line(value, most=most)

    return complaint


def free(value: str, *, most: int) -> str | None:
    """A text of any number of lines; only NUL, which PostgreSQL cannot keep, is refused."""
    if len(value) > most:
        return f"Longer than {most} characters"
    if "\0" in value:
        return "Contains a NUL character"
    return None


def filled_line(value: str, *, most: int) -> str | None:
    """A text in one line, not blank, of at most `most` characters."""
    return BLANK if is_blank(value) else one_line(value, most=most)


def is_blank(value: str) -> bool:
    """Whether nothing is seen of a text, which has been stripped."""
    # What is in ASCII and not seen is refused for what it is.
    return not value or (not value.isascii() and SEEN.search(value) is None)
