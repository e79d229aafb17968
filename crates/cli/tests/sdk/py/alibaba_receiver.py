"""Receives the callbacks of a driver."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from exercise import PATIENCE_S


class Receiver:
    """Keeps the bodies of the callbacks that it gets with their headers, and answers 200."""

    def __init__(self):
        self.letters = []
        self.came = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with receiver.came:
                    receiver.letters.append((body, dict(self.headers)))
                    receiver.came.notify_all()
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}/events"
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def first(self, what, is_wanted):
        """The first letter of that kind: its body and its headers."""

        def found():
            return next((letter for letter in self.letters if is_wanted(letter[0])), None)

        with self.came:
            if not self.came.wait_for(found, PATIENCE_S):
                raise AssertionError(f"no {what} among {[body for body, _ in self.letters]}")
            return found()

    def of_job(self, job_id):
        """The body that tells of a job's pictures."""

        def is_of_job(body):
            return any(info["JobId"] == job_id for info in body.get("SnapshotInfos", []))

        return self.first(f"event of {job_id}", is_of_job)[0]

    def of_type(self, event_type, member, value):
        """The body of that type in which a member has a value."""
        what = f"{event_type} with {member} {value}"
        return self.first(what, lambda body: body["EventType"] == event_type and body.get(member) == value)[0]


def is_signed(url, headers, key):
    """Whether a letter to a URL is signed by the key, as the vendor's page says."""
    headers = {name.lower(): value for name, value in headers.items()}
    timestamp = headers.get("x-vod-timestamp", "")
    text = f"{url}|{timestamp}|{key}"
    return len(timestamp) == 10 and headers.get("x-vod-signature") == hashlib.md5(text.encode()).hexdigest()
