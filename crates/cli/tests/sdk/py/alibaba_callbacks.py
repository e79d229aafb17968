"""The message callback of the app: what is kept of it, and what then comes to whom."""

import json

from mns.account import Account
from mns.queue import QueueMeta

import alibaba_snapshots
from alibaba_receiver import Receiver, is_signed
from exercise import SIZE

KEY = "TestKey123"
QUEUE = "vod-callback"
# Nobody listens here, and nobody is told.
UNHEARD = "http://127.0.0.1:9/"
QUEUE_ADDRESS = "http://1.mns.cn-shanghai.aliyuncs.com/"


def kept(api):
    return api.call("GetMessageCallback")["MessageCallback"]


def set_http(api, video_id):
    """The configured callback hears the types that were chosen, signed; a job's own takes its place."""
    receiver, own = Receiver(), Receiver()
    types = "SnapshotComplete,TranscodeComplete"
    with api.exercise("SetMessageCallback") as call:
        config = {"CallbackType": "HTTP", "CallbackURL": receiver.url, "AuthSwitch": "on", "AuthKey": KEY}
        reply = api.call("SetMessageCallback", EventTypeList=types, **config)
        call.holds("RequestId", len(reply["RequestId"]) == 36, reply)
        found = kept(api)
        for name, value in {**config, "EventTypeList": types}.items():
            call.equal(f"then GetMessageCallback {name}", found[name], value)
        api.call("UpdateVideoInfo", VideoId=video_id, Description="of no type that was chosen")
        job_id = alibaba_snapshots.submit(api, video_id, {"NormalSnapshot": (1, SIZE)}, Count=1)
        body, headers = receiver.first("snapshots", lambda body: body["EventType"] == "SnapshotComplete")
        call.equal("then the event of a job", body["SnapshotInfos"][0]["JobId"], job_id)
        call.holds("X-VOD-SIGNATURE", is_signed(receiver.url, headers, KEY), headers)
        data = json.dumps({"MessageCallback": {"CallbackURL": own.url}})
        job_id = alibaba_snapshots.submit(api, video_id, {"NormalSnapshot": (1, SIZE)}, Count=1, UserData=data)
        of_job = own.first("the job's own", lambda body: body["SnapshotInfos"][0]["JobId"] == job_id)
        call.holds("X-VOD-SIGNATURE of a job's own callback", is_signed(own.url, of_job[1], KEY), of_job)
        types = {body["EventType"] for body, _ in receiver.letters}
        jobs = [info["JobId"] for body, _ in receiver.letters for info in body["SnapshotInfos"]]
        call.equal("only the types of EventTypeList", types, {"SnapshotComplete"})
        call.holds("a job's own callback takes its place", job_id not in jobs, jobs)
        api.call("SetMessageCallback", EventTypeList="ALL", CallbackURL=receiver.url)
        api.call("UpdateVideoInfo", VideoId=video_id, Description=f"told of by {api.signature}")
        changed = receiver.of_type("MediaBaseChangeComplete", "MediaId", video_id)
        content = json.loads(changed["MediaContent"]["Description"])
        call.equal("then every event by ALL", content["NewValue"], f"told of by {api.signature}")
        for params, code in [
            ({}, "MissingCallbackURL"),
            ({"CallbackURL": "ftp://receiver.example/"}, "InvalidParameter"),
            ({"CallbackURL": receiver.url, "AuthSwitch": "on", "AuthKey": "weak"}, "InvalidParameter"),
            ({"CallbackURL": receiver.url, "AppId": "app-77"}, "Forbidden"),
        ]:
            call.refused(api.refusal("SetMessageCallback", **params).code, code)


def set_queue(api, video_id):
    """Events go into the app's queue of that name, wherever it is said to be."""
    account = Account(api.stage.url + "/", api.stage.key_id, api.stage.secret)
    queue = account.get_queue(QUEUE)
    queue.create(QueueMeta())
    with api.exercise("SetMessageCallback") as call:
        config = {"CallbackType": "MNS", "MnsEndpoint": QUEUE_ADDRESS, "MnsQueueName": QUEUE}
        api.call("SetMessageCallback", EventTypeList="SnapshotComplete", **config)
        found = kept(api)
        for name, value in config.items():
            call.equal(f"then GetMessageCallback {name}", found[name], value)
        job_id = alibaba_snapshots.submit(api, video_id, {"NormalSnapshot": (1, SIZE)}, Count=1)
        message = queue.receive_message(10)
        body = json.loads(message.message_body)
        told = (body["EventType"], body["SnapshotInfos"][0]["JobId"])
        call.equal("then the event in the queue", told, ("SnapshotComplete", job_id))
        queue.delete_message(message.receipt_handle)
        api.call("SetMessageCallback", EventTypeList="SnapshotComplete", CallbackURL=UNHEARD)
        data = {"MessageCallback": {"CallbackType": "mns", "MnsQueueName": QUEUE}, "Extend": "of its own"}
        text = json.dumps(data)
        alibaba_snapshots.submit(api, video_id, {"NormalSnapshot": (1, SIZE)}, Count=1, UserData=text)
        message = queue.receive_message(10)
        told = json.loads(message.message_body)["Extend"]
        call.equal("a queue that UserData names takes its place", told, "of its own")
        queue.delete_message(message.receipt_handle)
        api.call("SetMessageCallback", EventTypeList="SnapshotComplete", **config)
        refused = api.refusal("SetMessageCallback", CallbackType="MNS", MnsEndpoint=QUEUE_ADDRESS)
        call.refused(refused.code, "MissingMnsQueueName")
    with api.exercise("GetMessageCallback") as call:
        found = kept(api)
        call.holds("AppId", found["AppId"].startswith("app-"), found)
        call.equal("CallbackType", found["CallbackType"], "MNS")
        call.equal("EventTypeList", found["EventTypeList"], "SnapshotComplete")
        call.refused(api.refusal("GetMessageCallback", AppId="app-77").code, "Forbidden")


def delete(api):
    with api.exercise("DeleteMessageCallback") as call:
        reply = api.call("DeleteMessageCallback")
        call.holds("RequestId", len(reply["RequestId"]) == 36, reply)
        found = kept(api)
        call.holds("then GetMessageCallback", "CallbackType" not in found, found)
        call.refused(api.refusal("DeleteMessageCallback", AppId="app-77").code, "Forbidden")


def exercise(api, video_id):
    """All of it; no configuration is left."""
    set_http(api, video_id)
    set_queue(api, video_id)
    delete(api)
