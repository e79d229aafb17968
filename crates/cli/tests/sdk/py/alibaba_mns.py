"""Alibaba Cloud MNS queues by aliyun-mns-sdk, signature HMAC-SHA1: every operation on queues, and a queue as
the target of an event."""

import base64
import hashlib
import json
import threading
import time
import urllib.request
from unittest import mock

from mns import mns_client
from mns.account import Account
from mns.mns_exception import MNSServerException
from mns.queue import Message, QueueMeta

from exercise import PATIENCE_S, SIZE, Exercise, Stage, picture_size, until

CLIENT = "aliyun-mns-sdk"
# Bytes that XML, Base64 and UTF-8 each treat in their own way.
BODY = '{"a": "<b> & \\"c\\"", "d": "截图🎬"}'


def exercise(operation):
    return Exercise(operation, CLIENT, "REST", "HMAC-SHA1")


def refusal(call, *arguments):
    try:
        answer = call(*arguments)
    except MNSServerException as refused:
        return refused
    raise AssertionError(f"accepted: {answer}")


def is_empty(queue):
    return refusal(queue.receive_message, 0).type == "MessageNotExist"


def create_queue(account, url):
    queue = account.get_queue("vod-callback")
    with exercise("CreateQueue") as call:
        meta = QueueMeta(60, 65536, 86400, 0, 0, True)
        location = queue.create(meta)
        call.equal("201: Location", location, f"{url}/queues/vod-callback")
        call.equal("204, the same attributes: Location", queue.create(meta), location)
        call.equal("204, no attributes: Location", queue.create(QueueMeta()), location)
        told = queue.get_attributes()
        asked = (60, 65536, 86400, 0, 0, True)
        found = (told.visibility_timeout, told.maximum_message_size, told.message_retention_period)
        found += (told.delay_seconds, told.polling_wait_seconds, told.logging_enabled)
        call.equal("then GetQueueAttributes", found, asked)
        call.refused(refusal(queue.create, QueueMeta(61)).type, "QueueAlreadyExist")
        call.refused(refusal(account.get_queue("a_b").create, QueueMeta()).type, "InvalidQueueName")
        call.refused(refusal(account.get_queue("a" * 121).create, QueueMeta()).type, "QueueNameLengthError")
        call.refused(refusal(account.get_queue("q").create, QueueMeta(43201)).type, "InvalidArgument")
    return queue


def attributes(queue):
    with exercise("SetQueueAttributes") as call:
        queue.set_attributes(QueueMeta(vis_timeout=2, polling_wait_sec=1))
        told = queue.get_attributes()
        call.equal("then VisibilityTimeout", told.visibility_timeout, 2)
        call.equal("then PollingWaitSeconds", told.polling_wait_seconds, 1)
        call.equal("then MessageRetentionPeriod stays", told.message_retention_period, 86400)
        queue.set_attributes(QueueMeta(vis_timeout=60, polling_wait_sec=0))
    with exercise("GetQueueAttributes") as call:
        told = queue.get_attributes()
        call.equal("QueueName", told.queue_name, queue.queue_name)
        call.holds("CreateTime", abs(told.create_time - time.time()) < PATIENCE_S, told.create_time)
        call.holds("LastModifyTime", told.create_time <= told.last_modify_time, told.last_modify_time)
        counts = (told.active_messages, told.inactive_messages, told.delay_messages)
        call.equal("ActiveMessages, InactiveMessages, DelayMessages", counts, (0, 0, 0))
        queue.send_message(Message("now"))
        queue.send_message(Message("soon"))
        queue.send_message(Message("later", 60))
        handles = [queue.receive_message().receipt_handle]
        told = queue.get_attributes()
        counts = (told.active_messages, told.inactive_messages, told.delay_messages)
        call.equal("counts of messages of each kind", counts, (1, 1, 1))
        handles.append(queue.receive_message().receipt_handle)
        queue.batch_delete_message(handles)


def list_queues(account, url):
    with exercise("ListQueue") as call:
        for name in ["vod-1", "vod-2", "other"]:
            account.get_queue(name).create(QueueMeta())
        urls, marker = account.list_queue("vod-", 2)
        call.equal("QueueURL by prefix", urls, [f"{url}/queues/{name}" for name in ["vod-1", "vod-2"]])
        call.equal("NextMarker", marker, "vod-2")
        rest, marker = account.list_queue("vod-", 2, marker)
        call.equal("QueueURL of the next page", rest, [f"{url}/queues/vod-callback"])
        call.equal("NextMarker at the end", marker, "")
        call.equal("QueueURL of none", account.list_queue("nothing"), ([], ""))


def send(account):
    queue = account.get_queue("vod-1")
    with exercise("SendMessage") as call:
        sent = queue.send_message(Message(BODY, priority=3))
        encoded = base64.b64encode(BODY.encode())
        call.holds("MessageId", len(sent.message_id) > 0, sent.message_id)
        call.equal("MessageBodyMD5", sent.message_body_md5, digest(encoded))
        received = queue.receive_message_with_str_body()
        call.equal("then ReceiveMessage: MessageBody", received.message_body, BODY)
        call.equal("then ReceiveMessage: MessageId", received.message_id, sent.message_id)
        queue.delete_message(received.receipt_handle)
        delayed = queue.send_message(Message("later", delay_seconds=60))
        call.holds("ReceiptHandle of a delayed message", len(delayed.receipt_handle) > 0, delayed)
        call.holds("then a delayed message is hidden", is_empty(queue), delayed)
        queue.delete_message(delayed.receipt_handle)
        raw = account.get_queue("vod-1")
        raw.set_encoding(False)
        raw.send_message(Message(BODY))
        received = raw.receive_message()
        call.equal("then the text itself, without Base64", received.message_body, BODY)
        raw.delete_message(received.receipt_handle)
        call.refused(refusal(queue.send_message, Message("a", priority=17)).type, "InvalidArgument")
        call.refused(refusal(account.get_queue("none").send_message, Message("a")).type, "QueueNotExist")
    with exercise("BatchSendMessage") as call:
        bodies = [f"{number}" for number in range(16)]
        sent = queue.batch_send_message([Message(body) for body in bodies])
        digests = [digest(base64.b64encode(body.encode())) for body in bodies]
        call.equal("MessageBodyMD5", [one.message_body_md5 for one in sent], digests)
        call.equal("MessageId, each its own", len({one.message_id for one in sent}), 16)
        received = queue.batch_receive_message_with_str_body(16)
        call.equal("then BatchReceiveMessage", [one.message_body for one in received], bodies)
        queue.batch_delete_message([one.receipt_handle for one in received])
        narrow = account.get_queue("vod-2")
        narrow.set_attributes(QueueMeta(max_msg_size=1024))
        partly = refusal(narrow.batch_send_message, [Message("x" * 2000), Message("sound")])
        call.refused(partly.type, "InvalidArgument")
        call.equal("refused in part: entries", [sorted(one) for one in partly.sub_errors],
                   [["ErrorCode", "ErrorMessage"], ["MessageBodyMD5", "MessageId"]])
        call.equal("then the sound one is sent", narrow.receive_message_with_str_body().message_body, "sound")
    return queue


def digest(body):
    return hashlib.md5(body).hexdigest().upper()


def receive(stage, account, queue):
    with exercise("ReceiveMessage") as call:
        call.refused(refusal(queue.receive_message).type, "MessageNotExist")
        call.refused(refusal(account.get_queue("none").receive_message).type, "QueueNotExist")
        begin = time.monotonic()
        call.refused(refusal(queue.receive_message, 1).type, "MessageNotExist")
        waited = time.monotonic() - begin
        call.holds("waitseconds without a message", 0.9 < waited < 10, waited)
        queue.send_message(Message("a"))
        got = queue.receive_message_with_str_body(10)
        call.equal("MessageBody", got.message_body, "a")
        call.equal("DequeueCount", got.dequeue_count, 1)
        call.equal("Priority", got.priority, 8)
        call.holds("EnqueueTime", abs(got.enqueue_time / 1000 - time.time()) < PATIENCE_S, got.enqueue_time)
        call.holds("FirstDequeueTime", got.enqueue_time <= got.first_dequeue_time, got.first_dequeue_time)
        hidden_ms = got.next_visible_time - got.first_dequeue_time
        call.equal("NextVisibleTime", hidden_ms, queue.get_attributes().visibility_timeout * 1000)
        call.holds("then the message is hidden", is_empty(queue), got)
        queue.delete_message(got.receipt_handle)
        wake_ups(stage, queue, call)


def wake_ups(stage, queue, call):
    """A receive that waits is answered as soon as a message is sent."""
    longest = 0
    for _ in range(5):
        came = {}

        def wait():
            another = Account(stage.url, stage.key_id, stage.secret).get_queue(queue.queue_name)
            came["message"] = another.receive_message(10)
            came["at"] = time.monotonic()

        waiter = threading.Thread(target=wait)
        waiter.start()
        time.sleep(0.3)
        sent_at = time.monotonic()
        queue.send_message(Message("wake up"))
        waiter.join(PATIENCE_S)
        longest = max(longest, came["at"] - sent_at)
        queue.delete_message(came["message"].receipt_handle)
    call.holds("waitseconds ends when a message is sent", longest < 0.9, longest)


def batch_receive_and_peek(queue):
    with exercise("BatchReceiveMessage") as call:
        call.refused(refusal(queue.batch_receive_message, 16, 0).type, "MessageNotExist")
        queue.batch_send_message([Message("c", priority=16), Message("b"), Message("a", priority=1)])
        some = queue.batch_receive_message_with_str_body(2, 10)
        rest = queue.batch_receive_message_with_str_body(16, 10)
        call.equal("MessageBody by Priority", [one.message_body for one in some + rest], ["a", "b", "c"])
        call.equal("Priority", [one.priority for one in some + rest], [1, 8, 16])
        call.equal("ReceiptHandle, each its own", len({one.receipt_handle for one in some + rest}), 3)
        queue.batch_delete_message([one.receipt_handle for one in some + rest])
    with exercise("PeekMessage") as call:
        call.refused(refusal(queue.peek_message).type, "MessageNotExist")
        queue.send_message(Message(BODY))
        seen = queue.peek_message_with_str_body()
        call.equal("MessageBody", seen.message_body, BODY)
        call.equal("DequeueCount", (seen.dequeue_count, queue.peek_message().dequeue_count), (0, 0))
        call.equal("FirstDequeueTime of none", seen.first_dequeue_time, seen.enqueue_time)
    with exercise("BatchPeekMessage") as call:
        queue.send_message(Message("second"))
        seen = queue.batch_peek_message_with_str_body(16)
        call.equal("MessageBody", [one.message_body for one in seen], [BODY, "second"])
        received = queue.batch_receive_message(16)
        call.equal("then they can be received", [one.message_id for one in received], [one.message_id for one in seen])
        call.refused(refusal(queue.batch_peek_message, 16).type, "MessageNotExist")
        queue.batch_delete_message([one.receipt_handle for one in received])


def delete(queue):
    with exercise("ChangeMessageVisibility") as call:
        queue.send_message(Message("a"))
        got = queue.receive_message()
        changed = queue.change_message_visibility(got.receipt_handle, 120)
        call.holds("ReceiptHandle", changed.receipt_handle not in ("", got.receipt_handle), changed)
        ahead_s = int(changed.next_visible_time) / 1000 - time.time()
        call.holds("NextVisibleTime", 100 < ahead_s < 121, ahead_s)
        call.refused(refusal(queue.change_message_visibility, got.receipt_handle, 60).type, "ReceiptHandleError")
        sooner = queue.change_message_visibility(changed.receipt_handle, 1)
        again = queue.receive_message(10)
        call.equal("then it comes again", (again.message_id, again.dequeue_count), (got.message_id, 2))
        call.refused(refusal(queue.delete_message, sooner.receipt_handle).type, "ReceiptHandleError")
    with exercise("DeleteMessage") as call:
        queue.delete_message(again.receipt_handle)
        told = queue.get_attributes()
        call.equal("then it is gone", (told.active_messages, told.inactive_messages), (0, 0))
        call.refused(refusal(queue.delete_message, again.receipt_handle).type, "ReceiptHandleError")
        captured = "1-ODU4OTkzNDU5My0xNDM1MTk3NjAwLTItNg=="
        call.refused(refusal(queue.delete_message, captured).type, "ReceiptHandleError")
    with exercise("BatchDeleteMessage") as call:
        queue.batch_send_message([Message(f"{number}") for number in range(16)])
        handles = [one.receipt_handle for one in queue.batch_receive_message(16)]
        queue.batch_delete_message(handles[:8])
        call.equal("then they are gone", queue.get_attributes().inactive_messages, 8)
        partly = refusal(queue.batch_delete_message, handles[7:])
        call.refused(partly.type, "ReceiptHandleError")
        call.equal("Errors", [one["ReceiptHandle"] for one in partly.sub_errors], handles[7:8])
        call.equal("then the others are gone too", queue.get_attributes().inactive_messages, 0)


def refusals(stage, queue):
    """A refusal is an exception of the SDK with its code, message, request id and host."""
    with exercise("GetQueueAttributes") as call:
        absent = refusal(Account(stage.url, stage.key_id, stage.secret).get_queue("none").get_attributes)
        call.refused(absent.type, "QueueNotExist")
        call.equal("refusal: Message", absent.message, "The queue name you provided is not exist.")
        call.equal("refusal: RequestId", len(absent.request_id), 24)
        call.equal("refusal: HostId", absent.host_id, stage.url)
        wrong = Account(stage.url, stage.key_id, "wrong").get_queue(queue.queue_name)
        call.refused(refusal(wrong.get_attributes).type, "SignatureDoesNotMatch")
        unknown = Account(stage.url, "LTAIunknown", stage.secret).get_queue(queue.queue_name)
        call.refused(refusal(unknown.get_attributes).type, "InvalidAccessKeyId")
        past = time.gmtime(time.time() - 16 * 60)
        with mock.patch.object(mns_client.time, "gmtime", lambda: past):
            call.refused(refusal(queue.get_attributes).type, "TimeExpired")


def ask(stage, path, document):
    """One call of the native API."""
    credentials = base64.b64encode(f"{stage.key_id}:{stage.secret}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
    request = urllib.request.Request(stage.url + path, json.dumps(document).encode(), headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=PATIENCE_S) as answer:
        return json.load(answer)


def an_event(stage, account):
    """An endpoint that is a queue gets the vendor's event, Base64 as the SDK expects it."""
    queue = account.get_queue("vod-callback")
    told = {"url": "queue:vod-callback", "format": "alibaba", "event_kinds": ["snapshot.completed"]}
    ask(stage, "/v1/endpoints", told)
    video = stage.videos[0]
    job = ask(stage, f"/v1/media/{video['file_id']}/snapshots", {"offsets_ms": [1000]})
    with exercise("ReceiveMessage") as call:
        event = json.loads(until("the event", lambda: queue.receive_message_with_str_body(20).message_body))
        call.equal("event EventType", event["EventType"], "SnapshotComplete")
        call.equal("event VideoId", event["VideoId"], video["video_id"])
        (info,) = event["SnapshotInfos"]
        call.equal("event SnapshotInfos[].JobId", info["JobId"], job["id"])
        url = info["SnapshotRegular"].replace("{SnapshotCount}", "00001")
        call.equal("event SnapshotInfos[].SnapshotRegular", picture_size(url), SIZE)


def delete_queue(account, queue):
    with exercise("DeleteQueue") as call:
        queue.send_message(Message("a"))
        queue.delete()
        call.equal("then ListQueue", account.list_queue(queue.queue_name), ([], ""))
        call.equal("again", queue.delete(), None)
        call.refused(refusal(queue.receive_message).type, "QueueNotExist")


def main():
    stage = Stage()
    account = Account(stage.url, stage.key_id, stage.secret)
    attributes(create_queue(account, stage.url))
    list_queues(account, stage.url)
    queue = send(account)
    receive(stage, account, queue)
    batch_receive_and_peek(queue)
    delete(queue)
    refusals(stage, queue)
    an_event(stage, account)
    delete_queue(account, queue)


main()
