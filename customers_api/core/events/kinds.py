"""What can happen."""

from enum import StrEnum


class Kind(StrEnum):
    """Everything that can happen: `noun.past`, and nothing that is not listed here.

    The noun is the subject's type: the one thing that it happened to, whose id the event has. A
    plural is many of them at once, of which the event tells how many and which. The past is a verb
    in the past tense, or the state that the thing is now in; its words are joined by underscores.
    A name is never given another meaning: kept events have it, and clients look for it.
    """

    CUSTOMER_CREATED = "customer.created"
    CUSTOMER_CHANGED = "customer.changed"
    CUSTOMER_DEACTIVATED = "customer.deactivated"
    CUSTOMER_EMAIL_VERIFIED = "customer.email_verified"
    CUSTOMER_PHONE_VERIFIED = "customer.phone_verified"
    CUSTOMER_LOGGED_IN = "customer.logged_in"
    CUSTOMER_PASSWORD_SET = "customer.password_set"
    CUSTOMER_RESET_REQUESTED = "customer.reset_requested"
    CUSTOMER_SECOND_FACTOR_ADDED = "customer.second_factor_added"
    CUSTOMER_SECOND_FACTOR_REMOVED = "customer.second_factor_removed"
    CUSTOMER_REMOVED = "customer.removed"
    # Made-up customers of one transaction; none of them has an event of its own.
    CUSTOMERS_SEEDED = "customers.seeded"

    GROUP_CREATED = "group.created"
    GROUP_CHANGED = "group.changed"
    GROUP_REMOVED = "group.removed"

    OPERATOR_CREATED = "operator.created"
    OPERATOR_CHANGED = "operator.changed"
    OPERATOR_DISABLED = "operator.disabled"
    OPERATOR_ENABLED = "operator.enabled"

    TOKEN_CREATED = "token.created"
    TOKEN_REVOKED = "token.revoked"

    SESSION_OPENED = "session.opened"
    SESSION_REFRESHED = "session.refreshed"
    # By logging out, or by an admin.
    SESSION_REVOKED = "session.revoked"
    # A refresh token came a second time, whoever sent it, so the session was revoked.
    SESSION_REPLAYED = "session.replayed"

    # Everything older than a moment; this one is written before the first of them goes.
    EVENTS_PURGED = "events.purged"

    @property
    def noun(self) -> str:
        """The type of what it happens to."""
        return self.value.partition(".")[0]


KINDS = tuple(kind.value for kind in Kind)
NOUNS = tuple(dict.fromkeys(kind.noun for kind in Kind))
