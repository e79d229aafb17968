// Alibaba Cloud MNS queues by @alicloud/mns: every operation on queues.
//
// This client sends texts as they are, signs a Content-MD5 and the date of x-mns-date, and calls an error
// "MNS" + its code + "Error".

import { createHash } from "node:crypto";

import { exercise, sdk, stage } from "./exercise.mjs";

const PACKAGE = "@alicloud/mns";
const { default: exported, ...named } = sdk(PACKAGE);
const Client = sdk(PACKAGE);
const WAY = { packageName: PACKAGE, method: "REST", signature: "HMAC-SHA1" };
const QUEUE = "node-callback";
const UNKNOWN = "none";
const BODY = '{"d": "截图🎬", "e": "a,b;c"}';

function client(accessKeySecret = stage.secret, accessKeyId = stage.key_id) {
  return new Client("1234567890", { accessKeyId, accessKeySecret, endpoint: stage.url });
}

const mns = client();

/** A request whose refusal has the code that the server named. */
const coded = async (request) => {
  try {
    return await request;
  } catch (error) {
    error.code = /^MNS(.*)Error$/.exec(error.name)?.[1];
    throw error;
  }
};
const digest = (text) => createHash("md5").update(text).digest("hex").toUpperCase();
const counts = async (name = QUEUE) => {
  const { body } = await mns.getQueueAttributes(name);
  return [body.ActiveMessages, body.InactiveMessages, body.DelayMessages].map(Number);
};
const receive = async (waitSeconds) => (await mns.receiveMessage(QUEUE, waitSeconds)).body;
const drop = (message) => mns.deleteMessage(QUEUE, message.ReceiptHandle);

await exercise("CreateQueue", WAY, async (call) => {
  const attributes = { VisibilityTimeout: 60, MaximumMessageSize: 65536, MessageRetentionPeriod: 86400 };
  const made = await mns.createQueue(QUEUE, attributes);
  call.equal("201", made.code, 201);
  call.equal("Location", made.headers.location, `${stage.url}/queues/${QUEUE}`);
  call.equal("204, the same attributes", (await mns.createQueue(QUEUE, attributes)).code, 204);
  const { body } = await mns.getQueueAttributes(QUEUE);
  const told = Object.fromEntries(Object.keys(attributes).map((name) => [name, Number(body[name])]));
  call.equal("then GetQueueAttributes", told, attributes);
  await call.refused(coded(mns.createQueue(QUEUE, { VisibilityTimeout: 61 })), "QueueAlreadyExist");
  await call.refused(coded(mns.createQueue("a_b")), "InvalidQueueName");
  await call.refused(coded(mns.createQueue("q", { VisibilityTimeout: 43201 })), "InvalidArgument");
});

await exercise("SetQueueAttributes", WAY, async (call) => {
  call.equal("204", (await mns.setQueueAttributes(QUEUE, { PollingWaitSeconds: 1 })).code, 204);
  const { body } = await mns.getQueueAttributes(QUEUE);
  call.equal("then PollingWaitSeconds", body.PollingWaitSeconds, "1");
  call.equal("then VisibilityTimeout stays", body.VisibilityTimeout, "60");
  await mns.setQueueAttributes(QUEUE, { PollingWaitSeconds: 0 });
  await call.refused(coded(mns.setQueueAttributes(UNKNOWN, { PollingWaitSeconds: 1 })), "QueueNotExist");
  await call.refused(coded(mns.setQueueAttributes(QUEUE, { PollingWaitSeconds: 31 })), "InvalidArgument");
});

await exercise("GetQueueAttributes", WAY, async (call) => {
  const { body } = await mns.getQueueAttributes(QUEUE);
  call.equal("QueueName", body.QueueName, QUEUE);
  call.holds("CreateTime", Math.abs(Date.now() / 1000 - Number(body.CreateTime)) < 60, body);
  call.equal("ActiveMessages, InactiveMessages, DelayMessages", await counts(), [0, 0, 0]);
  const sent = await mns.batchSendMessage(QUEUE, [
    { MessageBody: "now" },
    { MessageBody: "soon" },
    { MessageBody: "later", DelaySeconds: 60 },
  ]);
  const first = await receive();
  call.equal("counts of messages of each kind", await counts(), [1, 1, 1]);
  for (const message of [first, await receive(), sent.body[2]]) await drop(message);
  call.equal("counts when all are deleted", await counts(), [0, 0, 0]);
  await call.refused(coded(mns.getQueueAttributes(UNKNOWN)), "QueueNotExist");
  await call.refused(coded(client("wrong").getQueueAttributes(QUEUE)), "SignatureDoesNotMatch");
  await call.refused(coded(client(stage.secret, "LTAIunknown").getQueueAttributes(QUEUE)), "InvalidAccessKeyId");
});

await exercise("ListQueue", WAY, async (call) => {
  for (const name of ["vod-1", "vod-2", "vod-3"]) await mns.createQueue(name);
  const urls = ({ body }) => body.map((one) => one.QueueURL);
  const address = (name) => `${stage.url}/queues/${name}`;
  call.equal("QueueURL by prefix", urls(await mns.listQueue("", 2, "vod-")), ["vod-1", "vod-2"].map(address));
  call.equal("QueueURL of the next page", urls(await mns.listQueue("vod-2", 2, "vod-")), [address("vod-3")]);
});

await exercise("SendMessage", WAY, async (call) => {
  const { code, body } = await mns.sendMessage(QUEUE, { MessageBody: BODY, Priority: 3 });
  call.equal("201", code, 201);
  call.equal("MessageBodyMD5", body.MessageBodyMD5, digest(BODY));
  const received = await receive();
  const told = [received.MessageId, received.MessageBody, received.Priority];
  call.equal("then ReceiveMessage", told, [body.MessageId, BODY, "3"]);
  await drop(received);
  const delayed = (await mns.sendMessage(QUEUE, { MessageBody: "later", DelaySeconds: 60 })).body;
  await call.refused(coded(mns.receiveMessage(QUEUE)), "MessageNotExist");
  await drop(delayed);
  await call.refused(coded(mns.sendMessage(QUEUE, { MessageBody: "a", Priority: 17 })), "InvalidArgument");
  await call.refused(coded(mns.sendMessage(UNKNOWN, { MessageBody: "a" })), "QueueNotExist");
});

await exercise("BatchSendMessage", WAY, async (call) => {
  const bodies = Array.from({ length: 16 }, (_, number) => `message ${number}`);
  const sent = await mns.batchSendMessage(QUEUE, bodies.map((MessageBody) => ({ MessageBody })));
  call.equal("MessageBodyMD5", sent.body.map((one) => one.MessageBodyMD5), bodies.map(digest));
  const { body } = await mns.batchReceiveMessage(QUEUE, 16);
  call.equal("then BatchReceiveMessage", body.map((one) => one.MessageBody), bodies);
  await mns.batchDeleteMessage(QUEUE, body.map((one) => one.ReceiptHandle));
  const many = Array(17).fill({ MessageBody: "a" });
  await call.refused(coded(mns.batchSendMessage(QUEUE, many)), "InvalidArgument");
});

await exercise("ReceiveMessage", WAY, async (call) => {
  await call.refused(coded(mns.receiveMessage(QUEUE)), "MessageNotExist");
  const begun = Date.now();
  await call.refused(coded(mns.receiveMessage(QUEUE, 1)), "MessageNotExist");
  call.holds("waitSeconds without a message", Date.now() - begun >= 900, Date.now() - begun);
  const waiting = receive(10);
  await mns.sendMessage(QUEUE, { MessageBody: "wake up" });
  const message = await waiting;
  call.equal("a message that comes while it waits", message.MessageBody, "wake up");
  call.equal("DequeueCount, Priority", [message.DequeueCount, message.Priority], ["1", "8"]);
  call.equal("NextVisibleTime", message.NextVisibleTime - message.FirstDequeueTime, 60_000);
  await drop(message);
  await call.refused(coded(mns.receiveMessage(UNKNOWN)), "QueueNotExist");
});

await exercise("BatchReceiveMessage", WAY, async (call) => {
  await call.refused(coded(mns.batchReceiveMessage(QUEUE, 16)), "MessageNotExist");
  const priorities = [16, 8, 1];
  await mns.batchSendMessage(QUEUE, priorities.map((Priority) => ({ MessageBody: "x", Priority })));
  const first = (await mns.batchReceiveMessage(QUEUE, 2, 5)).body;
  const rest = (await mns.batchReceiveMessage(QUEUE, 16, 5)).body;
  call.equal("Priority, the most urgent first", [...first, ...rest].map((one) => one.Priority), ["1", "8", "16"]);
  await mns.batchDeleteMessage(QUEUE, [...first, ...rest].map((one) => one.ReceiptHandle));
  await call.refused(coded(mns.batchReceiveMessage(QUEUE, 17)), "InvalidArgument");
});

await exercise("PeekMessage", WAY, async (call) => {
  await call.refused(coded(mns.peekMessage(QUEUE)), "MessageNotExist");
  await mns.sendMessage(QUEUE, { MessageBody: BODY });
  const { body } = await mns.peekMessage(QUEUE);
  call.equal("MessageBody", body.MessageBody, BODY);
  call.equal("then it can be received still", await counts(), [1, 0, 0]);
});

await exercise("BatchPeekMessage", WAY, async (call) => {
  await mns.sendMessage(QUEUE, { MessageBody: "second" });
  const { body } = await mns.batchPeekMessage(QUEUE, 16);
  call.equal("MessageBody", body.map((one) => one.MessageBody), [BODY, "second"]);
  call.equal("then they can be received still", await counts(), [2, 0, 0]);
  for (const _ of body) await drop(await receive());
  await call.refused(coded(mns.batchPeekMessage(QUEUE, 16)), "MessageNotExist");
});

await exercise("ChangeMessageVisibility", WAY, async (call) => {
  await mns.sendMessage(QUEUE, { MessageBody: "again" });
  const message = await receive();
  const { body } = await mns.changeMessageVisibility(QUEUE, message.ReceiptHandle, 1);
  call.holds("ReceiptHandle", body.ReceiptHandle !== message.ReceiptHandle, body);
  const stale = mns.changeMessageVisibility(QUEUE, message.ReceiptHandle, 60);
  await call.refused(coded(stale), "ReceiptHandleError");
  const again = await receive(10);
  call.equal("then it comes again", [again.MessageId, again.DequeueCount], [message.MessageId, "2"]);
  await drop(again);
});

await exercise("DeleteMessage", WAY, async (call) => {
  await mns.sendMessage(QUEUE, { MessageBody: "once" });
  const message = await receive();
  call.equal("204", (await drop(message)).code, 204);
  call.equal("then it is gone", await counts(), [0, 0, 0]);
  await call.refused(coded(drop(message)), "ReceiptHandleError");
});

await exercise("BatchDeleteMessage", WAY, async (call) => {
  await mns.batchSendMessage(QUEUE, Array(4).fill({ MessageBody: "x" }));
  const handles = (await mns.batchReceiveMessage(QUEUE, 16)).body.map((one) => one.ReceiptHandle);
  call.equal("204", (await mns.batchDeleteMessage(QUEUE, handles.slice(0, 2))).code, 204);
  call.equal("then they are gone", await counts(), [0, 2, 0]);
  const { code, body } = await mns.batchDeleteMessage(QUEUE, handles.slice(1));
  call.equal("404 in part", code, 404);
  const told = body.map((one) => [one.ErrorCode, one.ReceiptHandle]);
  call.equal("Errors", told, [["ReceiptHandleError", handles[1]]]);
  call.equal("then the others are gone too", await counts(), [0, 0, 0]);
});

await exercise("DeleteQueue", WAY, async (call) => {
  call.equal("204", (await mns.deleteQueue(QUEUE)).code, 204);
  await call.refused(coded(mns.getQueueAttributes(QUEUE)), "QueueNotExist");
  call.equal("204 again", (await mns.deleteQueue(QUEUE)).code, 204);
});
