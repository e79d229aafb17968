// The SDK of this cloud's drivers for Node.js, with one method and one key.

import { createServer } from "node:http";

import { sdk, stage, until } from "./exercise.mjs";

export const PACKAGE = "@alicloud/pop-core";
const { RPCClient } = sdk(PACKAGE);
export const SIGNATURE = "HMAC-SHA1 (V1)";
export const UNKNOWN = "0".repeat(32);
// Every character that the signature's percent encoding treats in its own way, and some beyond ASCII.
export const TITLE = `a b * ~ + ! ' ( ) % "c" 截图🎬`;

/** The SDK with one method. */
export function client(method, accessKeySecret = stage.secret) {
  const options = { accessKeyId: stage.key_id, accessKeySecret, endpoint: stage.url, apiVersion: "2017-03-21" };
  const rpc = new RPCClient(options);
  return (operation, params = {}) => rpc.request(operation, params, { method });
}

/** Waits until a job's pictures can be listed, and gives their list. */
export async function listed(api, VideoId, SnapshotType, JobId) {
  return until(`the pictures of ${JobId}`, async () => {
    const { MediaSnapshot } = await api("ListSnapshots", { VideoId, SnapshotType });
    return MediaSnapshot.JobId === JobId ? MediaSnapshot : undefined;
  });
}

/** An answer of the native API. */
export async function native(path, document) {
  const authorization = `Basic ${Buffer.from(`${stage.key_id}:${stage.secret}`).toString("base64")}`;
  const headers = { authorization, "content-type": "application/json" };
  const options = document ? { method: "POST", body: JSON.stringify(document) } : {};
  const answer = await fetch(stage.url + path, { headers, ...options });
  return answer.json();
}

/** Keeps the bodies of the callbacks that it gets, and answers 200. */
export async function receiver() {
  const letters = [];
  const server = createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      letters.push(JSON.parse(Buffer.concat(parts).toString()));
      response.end();
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  const first = (what, isWanted) => until(what, async () => letters.find(isWanted));
  return { url: `http://127.0.0.1:${server.address().port}/events`, letters, first };
}
