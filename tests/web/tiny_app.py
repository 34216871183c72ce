"""An application that only the tests of the server serve: it needs no database."""

import time
from collections.abc import Iterator

from flask import Flask, Response, abort, request

LIMIT = 1024 * 1024
LARGE = 20 * 1024 * 1024
LINE = 32 * 1024
BUSY_SECONDS = 0.8

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


@app.get("/large")
def large() -> Response:
    def lines() -> Iterator[bytes]:
        for number in range(LARGE // LINE):
            yield b"%*d" % (LINE, number)

    return Response(lines(), content_type="text/plain")


@app.get("/busy")
def busy() -> str:
    time.sleep(BUSY_SECONDS)
    return "done"


@app.post("/forbidden")
def forbidden() -> str:
    abort(403)


@app.get("/broken")
def broken() -> str:
    raise RuntimeError("the secret of the application")
