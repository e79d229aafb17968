"""Checks what Stillframe sent by the libraries that receivers use, and prints how many messages it checked.

The argument names a JSON file: endpoints with their keys, and the requests that came to each.
"""

import base64
import json
import sys

from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

PUBLIC = "whpk_"


def is_signed_by_public_key(key, headers, body):
    """Whether one of the signatures `v1a` is of that key; `standardwebhooks` knows `v1` alone."""
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.removeprefix(PUBLIC)))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
    for signature in headers["webhook-signature"].split(" "):
        scheme, encoded = signature.split(",")
        if scheme != "v1a":
            continue
        try:
            public.verify(base64.b64decode(encoded), signed)
            return True
        except InvalidSignature:
            pass
    return False


def is_signed(key, headers, body):
    if key.startswith(PUBLIC):
        return is_signed_by_public_key(key, headers, body)
    try:
        Webhook(key).verify(body, headers)
        return True
    except WebhookVerificationError:
        return False


def check_signatures(endpoint, others, headers, body):
    for key in endpoint["keys"]:
        assert is_signed(key, headers, body), (endpoint["path"], key[:6])
        assert not is_signed(key, headers, body + " "), "an altered body"
        for name in ["webhook-id", "webhook-timestamp"]:
            altered = headers | {name: str(int(headers[name], 16) + 1)}
            assert not is_signed(key, altered, body), f"an altered {name}"
    for key in others:
        assert not is_signed(key, headers, body), "the key of another endpoint"


def native(body):
    document = json.loads(body)
    return document["id"], document["type"], document["data"]


def cloud_event(format_name, headers, body):
    if format_name == "cloudevents-binary":
        assert headers["content-type"] == "application/json", headers
        assert "specversion" not in json.loads(body), "attributes stand in headers alone"
    else:
        assert headers["content-type"].startswith("application/cloudevents+json"), headers
    event = from_http_event(HTTPMessage(headers=headers, body=body.encode()))
    assert event.get_specversion() == "1.0", event
    assert event.get_source() == "urn:stillframe:app:1", event
    assert event.get_datacontenttype() == "application/json", event
    assert event.get_time() is not None and event.get_subject(), event
    data = event.get_data()
    data = json.loads(data) if isinstance(data, (str, bytes)) else data
    return event.get_id(), event.get_type().removeprefix("stillframe."), data


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        given = json.load(file)
    told = {}
    for endpoint in given["endpoints"]:
        others = [key for one in given["endpoints"] if one is not endpoint for key in one["keys"]]
        kinds = []
        for received in given["received"]:
            if received["path"] != endpoint["path"]:
                continue
            headers, body = received["headers"], received["body"]
            check_signatures(endpoint, others, headers, body)
            if endpoint["format"] == "native":
                event_id, kind, data = native(body)
            else:
                event_id, kind, data = cloud_event(endpoint["format"], headers, body)
            assert event_id == headers["webhook-id"], (event_id, headers)
            # Every endpoint is told the same of an event, in any format.
            if kind != "endpoint.ping":
                assert told.setdefault(event_id, (kind, data)) == (kind, data), (kind, data)
                assert data["name"] == "F\u00edlm \U0001f3ac.mp4", data
            kinds.append(kind)
        assert sorted(kinds) == sorted(given["kinds"]), (endpoint["path"], kinds)
    print(len(given["received"]))


main()
