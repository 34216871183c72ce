"""flask operators."""

from flask import Flask

from tests.support.api import Api

PASSWORD = "correct horse battery staple"


def invoke(app: Flask, *words: str, typed: str = "") -> tuple[int, str]:
    """What a command ends with and what it prints; `typed` is its standard input."""
    result = app.test_cli_runner().invoke(args=words, input=typed)
    return result.exit_code, result.output


def create(app: Flask, username: str, role: str = "editor") -> tuple[int, str]:
    """Create an operator as a script would."""
    return invoke(app, "operators", "create", username, "--role", role, typed=f"{PASSWORD}\n")


def login(api: Api, username: str, password: str = PASSWORD) -> int:
    """The status of a log-in."""
    body = {"username": username, "password": password}
    return api.post("/api/auth/login", body).status_code


def test_a_created_operator_can_log_in(app: Flask, anonymous: Api) -> None:
    assert create(app, "nadia")[0] == 0
    assert login(anonymous, "nadia") == 200


def test_a_password_is_never_an_option(app: Flask) -> None:
    code, said = invoke(app, "operators", "create", "nadia", "--role", "editor", "--password", "x")
    assert code == 2
    assert "No such option" in said


def test_a_taken_username_and_a_short_password_are_told_in_one_line(app: Flask) -> None:
    create(app, "nadia")
    words = ("operators", "create", "nadia", "--role", "editor")
    code, said = invoke(app, *words, typed="short\n")
    assert code == 1
    assert said.count("\n") == 1
    assert "username" in said
    assert "password" in said


def test_the_list_names_role_and_state(app: Flask) -> None:
    create(app, "nadia", "reader")
    invoke(app, "operators", "disable", "nadia")
    _, said = invoke(app, "operators", "list")
    head, row = said.splitlines()
    assert head.split() == ["id", "username", "role", "last", "login", "disabled"]
    assert row.split()[1:4] == ["nadia", "reader", "-"]
    assert row.split()[-1] != "-"


def test_a_new_password_replaces_the_old(app: Flask, anonymous: Api) -> None:
    create(app, "nadia")
    typed = "another good password\n"
    assert invoke(app, "operators", "set-password", "nadia", typed=typed)[0] == 0
    assert login(anonymous, "nadia") == 401
    assert login(anonymous, "nadia", typed.strip()) == 200


def test_a_disabled_operator_is_kept_out_at_once(app: Flask, anonymous: Api) -> None:
    create(app, "nadia")
    body = {"username": "nadia", "password": PASSWORD}
    token = anonymous.post("/api/auth/login", body).get_json()["access_token"]
    assert anonymous.with_token(token).get("/api/auth/me").status_code == 200
    invoke(app, "operators", "disable", "nadia")
    assert anonymous.with_token(token).get("/api/auth/me").status_code == 401
    assert login(anonymous, "nadia") == 401


def test_an_unknown_operator_is_one_line(app: Flask) -> None:
    code, said = invoke(app, "operators", "disable", "nobody")
    assert (code, said) == (1, "Error: Operator not found\n")


def test_a_password_that_is_no_text_is_refused_in_one_line(app: Flask) -> None:
    words = ("operators", "create", "nadia", "--role", "editor")
    result = app.test_cli_runner().invoke(args=words, input=b"\xff\xfe long password\n")
    assert result.exit_code == 1
    assert result.output == "Error: the password on standard input is not UTF-8\n"
