// What the drivers for Node.js share, as `py/exercise.py` does: the server that they drive, and the record
// of what they asserted. A driver gets one JSON document as its only argument and prints one JSON line for
// every exercised operation. A claim that does not hold ends the driver with its error.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

/** Longest wait for one effect, in milliseconds; reached only by a failure. */
const PATIENCE_MS = 20_000;
/** A driver that hangs ends by then. */
const DRIVER_MS_MAX = 300_000;

// The packages are installed outside of the source tree, by `npm ci` from the lock file beside this.
const folder = process.env.STILLFRAME_SDK_NODE;
const require = createRequire(join(folder, "package.json"));

setTimeout(() => {
  console.error("the driver hangs");
  process.exit(1);
}, DRIVER_MS_MAX).unref();

/** The exports of an installed package. */
export const sdk = (name) => require(name);

/** The server, a key of an app whose Tencent queue is pulled, and videos of that app. */
export const stage = (() => {
  const given = JSON.parse(process.argv[2]);
  return { ...given, host: given.url.split("://")[1] };
})();

/** One operation by one client: runs the claims, and prints what was asserted when all of them held. */
export async function exercise(operation, { packageName, method, signature }, claims) {
  const { version } = require(join(folder, "node_modules", packageName, "package.json"));
  const row = { operation, client: `${packageName} ${version}`, method, signature, fields: [], refusals: [] };
  const call = {
    /** Claims a field's value. */
    equal(field, actual, expected) {
      assert.deepEqual(actual, expected, `${field}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
      row.fields.push(field);
    },
    /** Claims anything else of a field; `actual` is shown when the claim is false. */
    holds(field, claim, actual) {
      assert.ok(claim, `${field}: not as claimed: ${JSON.stringify(actual)}`);
      row.fields.push(field);
    },
    /** Claims that a request is refused with that code. */
    async refused(request, expected) {
      const refusal = await request.then(
        (reply) => assert.fail(`accepted: ${JSON.stringify(reply)}`),
        (error) => error,
      );
      assert.equal(refusal.code, expected, String(refusal));
      row.refusals.push(expected);
    },
  };
  try {
    const result = await claims(call);
    console.log(JSON.stringify(row));
    return result;
  } catch (error) {
    console.error(`while exercising ${operation} by ${method}, ${signature}`);
    throw error;
  }
}

/** Asks again and again until there is an answer, and gives it. */
export async function until(what, ask) {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: not within ${PATIENCE_MS} ms`);
}
