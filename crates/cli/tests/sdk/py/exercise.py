"""What the drivers share: the server that they drive, and the record of what they asserted.

A driver gets one JSON document as its only argument (see `Stage`) and prints one JSON line for every
exercised operation. The test in Rust gathers the lines into docs/sdk-coverage.md. A claim that does not
hold ends the driver with a traceback.
"""

import faulthandler
import http.server
import json
import struct
import sys
import threading
import time
import urllib.request
from importlib import metadata

# Longest wait for one answer or effect; reached only by a failure.
PATIENCE_S = 20
# Size of the videos.
SIZE = (320, 180)

# A driver that hangs ends with a traceback of where it hung.
faulthandler.dump_traceback_later(300, exit=True)


class Stage:
    """The server, a key of an app whose Tencent queue is pulled, and videos of that app."""

    def __init__(self):
        given = json.loads(sys.argv[1])
        self.url = given["url"]
        self.host = self.url.split("://")[1]
        self.key_id = given["key_id"]
        self.secret = given["secret"]
        self.videos = given["videos"]


class Exercise:
    """One operation by one client; gathers what was asserted and prints it when all of it held."""

    def __init__(self, operation, distribution, method, signature):
        self.row = {
            "operation": operation,
            "client": f"{distribution} {metadata.version(distribution)}",
            "method": method,
            "signature": signature,
        }
        self.fields = []
        self.refusals = []

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        if kind is None:
            document = {**self.row, "fields": self.fields, "refusals": self.refusals}
            print(json.dumps(document), flush=True)
        else:
            print(f"while exercising {self.row}", file=sys.stderr)

    def equal(self, field, actual, expected):
        """Claims a field's value."""
        if actual != expected:
            raise AssertionError(f"{field}: expected {expected!r}, got {actual!r}")
        self.fields.append(field)

    def holds(self, field, claim, actual):
        """Claims anything else of a field; `actual` is shown when the claim is false."""
        if not claim:
            raise AssertionError(f"{field}: not as claimed: {actual!r}")
        self.fields.append(field)

    def refused(self, actual, expected):
        """Claims the code of a refusal."""
        if actual != expected:
            raise AssertionError(f"expected the refusal {expected!r}, got {actual!r}")
        self.refusals.append(str(expected))


def until(what, ask):
    """Asks again and again until there is an answer that is not None, and gives it."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        answer = ask()
        if answer is not None:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {PATIENCE_S} s")


def fetched(url):
    """The bytes that the URL answers, as a browser would get them."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=PATIENCE_S) as answer:
        return answer.read()


class FilmServer:
    """Answers one URL, which it gives, whatever its query, with the bytes of another one; any other with 404."""

    PATH = "/film.mp4"

    def __init__(self, source_url):
        film = fetched(source_url)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                is_known = self.path.split("?")[0] == FilmServer.PATH
                self.send_response(200 if is_known else 404)
                self.send_header("Content-Length", str(len(film) if is_known else 0))
                self.end_headers()
                self.wfile.write(film if is_known else b"")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}{self.PATH}"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def picture_size(url):
    """Width and height of the JPEG that the URL answers."""
    body = fetched(url)
    if body[:2] != b"\xff\xd8" or body[-2:] != b"\xff\xd9":
        raise AssertionError(f"{url} is no whole JPEG: {body[:16]!r}")
    at = 2
    while body[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + int.from_bytes(body[at + 2 : at + 4])
    height, width = struct.unpack(">HH", body[at + 5 : at + 9])
    return width, height
