"""An application that only test_server_errors.py serves: it needs no database."""

from flask import Flask, abort, request

LIMIT = 1024 * 1024

app = Flask(__name__)
app.config["PROPAGATE_EXCEPTIONS"] = True


@app.get("/")
def hello() -> str:
    return "hello"


@app.post("/")
def measure() -> str:
    # werkzeug cuts a chunked body at the limit without a word, so allow one byte more and count.
    request.max_content_length = LIMIT + 1
    size = len(request.get_data())
    return str(size) if size <= LIMIT else abort(413)


@app.post("/forbidden")
def forbidden() -> str:
    abort(403)


@app.get("/broken")
def broken() -> str:
    raise RuntimeError("the secret of the application")
