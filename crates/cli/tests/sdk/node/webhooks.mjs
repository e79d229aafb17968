// Checks what Stillframe sent by the libraries that receivers use, as `py/webhooks.py` does, and prints how
// many messages it checked. The argument names a JSON file: endpoints with their keys, and the requests that
// came to each.

import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.STILLFRAME_SDK_NODE, "package.json"));
const { Webhook, WebhookVerificationError } = require("standardwebhooks");
const { HTTP } = require("cloudevents");

const PUBLIC = "whpk_";

/** Whether one of the signatures `v1a` is of that key; `standardwebhooks` knows `v1` alone. */
function isSignedByPublicKey(key, headers, body) {
  const x = Buffer.from(key.slice(PUBLIC.length), "base64").toString("base64url");
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  const signed = Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`);
  const signatures = headers["webhook-signature"].split(" ").map((signature) => signature.split(","));
  const ofKeys = signatures.filter(([scheme]) => scheme === "v1a");
  return ofKeys.some(([, encoded]) => verify(null, signed, publicKey, Buffer.from(encoded, "base64")));
}

function isSigned(key, headers, body) {
  if (key.startsWith(PUBLIC)) return isSignedByPublicKey(key, headers, body);
  try {
    new Webhook(key).verify(body, headers);
    return true;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false;
    throw error;
  }
}

function checkSignatures(endpoint, others, headers, body) {
  for (const key of endpoint.keys) {
    assert.ok(isSigned(key, headers, body), endpoint.path);
    assert.ok(!isSigned(key, headers, `${body} `), "an altered body");
    const later = String(Number(headers["webhook-timestamp"]) + 1);
    assert.ok(!isSigned(key, { ...headers, "webhook-timestamp": later }, body), "an altered time");
    assert.ok(!isSigned(key, { ...headers, "webhook-id": `${headers["webhook-id"]}0` }, body), "an altered id");
  }
  for (const key of others) assert.ok(!isSigned(key, headers, body), "the key of another endpoint");
}

function native(body) {
  const { id, type, data } = JSON.parse(body);
  return { id, type, data };
}

function cloudEvent(headers, body) {
  const event = HTTP.toEvent({ headers, body });
  event.validate();
  assert.equal(event.specversion, "1.0");
  assert.equal(event.source, "urn:stillframe:app:1");
  assert.equal(event.datacontenttype, "application/json");
  assert.ok(event.subject && event.time);
  return { id: event.id, type: event.type.replace(/^stillframe\./, ""), data: event.data };
}

const given = JSON.parse(readFileSync(process.argv[2], "utf8"));
for (const endpoint of given.endpoints) {
  const others = given.endpoints.filter((one) => one !== endpoint).flatMap((one) => one.keys);
  const kinds = [];
  for (const { path, headers, body } of given.received) {
    if (path !== endpoint.path) continue;
    checkSignatures(endpoint, others, headers, body);
    const told = endpoint.format === "native" ? native(body) : cloudEvent(headers, body);
    assert.equal(told.id, headers["webhook-id"]);
    if (told.type !== "endpoint.ping") assert.equal(told.data.name, "F\u00edlm \u{1f3ac}.mp4");
    kinds.push(told.type);
  }
  assert.deepEqual(kinds.sort(), [...given.kinds].sort(), endpoint.path);
}
console.log(given.received.length);
