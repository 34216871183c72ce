"""What is recorded of groups, operators, tokens and sessions; secrets are never told."""

from sqlalchemy import text

from customers_api.extensions import db
from tests.cli.test_operators import invoke
from tests.contracts.auth.sessions import PASSWORD, log_in, make_operator, refresh
from tests.contracts.events.calls import all_events, changes, kinds
from tests.contracts.main.calls import new_group
from tests.support.api import Api

OTHER_PASSWORD = "another battery staple"


def test_a_group_from_its_making_to_its_end(admin: Api) -> None:
    id = new_group(admin, "Retail")
    admin.patch(f"/api/groups/{id}", {"name": "Retail", "description": "Shops"})
    admin.put(f"/api/groups/{id}", {"name": "Wholesale"})
    assert admin.post("/api/groups/", {"name": "Wholesale"}).status_code == 400
    admin.delete(f"/api/groups/{id}")
    assert admin.delete(f"/api/groups/{id}").status_code == 404
    told = all_events(admin, subject_type="group", subject_id=id)
    assert kinds(told) == ["group.removed", "group.changed", "group.changed", "group.created"]
    assert [changes(event) for event in told] == [
        {"name": ("Wholesale", None)},
        {"name": ("Retail", "Wholesale"), "description": ("Shops", None)},
        {"description": (None, "Shops")},
        {"name": (None, "Retail")},
    ]


def test_an_operator_from_the_making_on(admin: Api) -> None:
    fields = {"username": "otto", "password": PASSWORD, "role": "editor"}
    id = admin.post("/api/operators/", fields).get_json()["id"]
    admin.patch(f"/api/operators/{id}", {"role": "reader", "password": OTHER_PASSWORD})
    admin.patch(f"/api/operators/{id}", {"disabled": True, "role": "admin"})
    admin.patch(f"/api/operators/{id}", {"disabled": False})
    told = all_events(admin, subject_type="operator", subject_id=id)
    assert [(event["kind"], changes(event)) for event in told] == [
        ("operator.enabled", {"disabled": (True, False)}),
        ("operator.disabled", {"role": ("reader", "admin"), "disabled": (False, True)}),
        (
            "operator.changed",
            {"role": ("editor", "reader"), "password": ("[redacted]", "[redacted]")},
        ),
        (
            "operator.created",
            {
                "username": (None, "otto"),
                "role": (None, "editor"),
                "password": (None, "[redacted]"),
            },
        ),
    ]


def test_a_token_is_told_when_made_and_once_when_revoked(admin: Api) -> None:
    made = admin.post("/api/tokens/", {"name": "billing", "role": "reader", "days": 3}).get_json()
    for _ in range(2):
        admin.delete(f"/api/tokens/{made['id']}")
    revoked, created = all_events(admin, subject_type="token", subject_id=made["id"])
    assert (created["kind"], changes(created)) == (
        "token.created",
        {
            "name": (None, "billing"),
            "role": (None, "reader"),
            "expires_at": (None, made["expires_at"]),
        },
    )
    assert revoked["kind"] == "token.revoked"
    assert [*changes(revoked)] == ["revoked_at"]


def test_tokens_revoked_by_name_each_have_an_event_of_the_command_line(admin: Api) -> None:
    for _ in range(2):
        assert invoke(admin.app, "tokens", "create", "--role", "reader", "--name", "b")[0] == 0
    assert invoke(admin.app, "tokens", "revoke", "b")[0] == 0
    told = all_events(admin, kind="token.revoked")
    assert [event["subject_id"] for event in told] == [3, 2]
    assert {(event["actor_kind"], event["request_id"]) for event in told} == {
        ("command line", None)
    }


def test_a_session_is_opened_and_refreshed_by_its_operator(admin: Api) -> None:
    operator_id = make_operator(admin.app, "nadia", "editor")
    session = log_in(admin)
    assert refresh(admin, session.refresh).status_code == 200
    refreshed, opened = all_events(admin, subject_type="session")
    assert kinds([refreshed, opened]) == ["session.refreshed", "session.opened"]
    for event in (refreshed, opened):
        assert (event["actor_kind"], event["actor_name"]) == ("operator", "nadia")
        assert (event["operator_id"], event["token_id"]) == (operator_id, event["subject_id"])
        assert event["request_id"]
    assert changes(opened)["operator_id"] == (None, operator_id)
    assert changes(refreshed) == {"refresh_token": ("[redacted]", "[redacted]")}


def test_a_refresh_token_that_comes_twice_is_told_once_of_nobody(admin: Api) -> None:
    make_operator(admin.app)
    session = log_in(admin)
    refresh(admin, session.refresh)
    for _ in range(2):
        assert refresh(admin, session.refresh).status_code == 401
    [event] = all_events(admin, kind="session.replayed")
    assert (event["actor_kind"], event["actor_name"]) == ("anonymous", "")
    assert [*changes(event)] == ["revoked_at"]


def test_logging_out_revokes_the_session_and_names_who_did(admin: Api) -> None:
    make_operator(admin.app)
    session = log_in(admin)
    session.api.post("/api/auth/logout")
    [event] = all_events(admin, kind="session.revoked")
    assert (event["actor_name"], event["token_id"]) == ("nadia", event["subject_id"])


def test_a_wrong_password_changes_nothing_and_is_not_told(admin: Api) -> None:
    make_operator(admin.app)
    before = len(all_events(admin))
    body = {"username": "nadia", "password": OTHER_PASSWORD}
    assert admin.with_token(None).post("/api/auth/login", body).status_code == 401
    assert len(all_events(admin)) == before


def test_no_event_holds_a_password_or_a_hash_or_a_token(admin: Api) -> None:
    id = make_operator(admin.app)
    session = log_in(admin)
    session.api.post("/api/auth/logout")
    admin.patch(f"/api/operators/{id}", {"password": OTHER_PASSWORD})
    made = admin.post("/api/tokens/", {"name": "b", "role": "reader"}).get_json()
    with admin.app.app_context(), db.engine.connect() as connection:
        secrets = [PASSWORD, OTHER_PASSWORD, made["token"], session.access, session.refresh]
        secrets += connection.scalars(text("SELECT password_hash FROM operators")).all()
        secrets += connection.scalars(text("SELECT jti FROM tokens")).all()
        secrets += connection.scalars(
            text("SELECT refresh_jti FROM tokens WHERE refresh_jti IS NOT NULL")
        ).all()
        kept = "\n".join(map(str, connection.execute(text("SELECT * FROM events")).all()))
    assert len(secrets) >= 9
    assert [secret for secret in secrets if secret in kept] == []
