"""Tencent Cloud VOD, legacy API v2, by qcloudapi-sdk-python: TLS alone, GET and POST, both signatures.

The SDK fixes the host of the module `vod`; a module that it does not know takes `endpoint` instead. It
does not read answers: it gives their bytes.
"""

import json
import random
import sys
import time

from exercise import SIZE, Exercise, Stage, picture_size, until
from QcloudApi.qcloudapi import QcloudApi

CLIENT = "qcloudapi-sdk-python"
# No video of these tests is so long.
OFFSET_OUTSIDE_MS = 1_000_000
STATUS_OUTSIDE = -46204


class Api:
    """The SDK with one method and one signature."""

    def __init__(self, stage, method, signature, **other):
        self.method, self.signature = method, signature
        config = {
            "secretId": stage.key_id,
            "secretKey": stage.secret,
            "Region": "gz",
            "method": method,
            "SignatureMethod": signature,
            "endpoint": stage.host,
        }
        self.sdk = QcloudApi("vodlocal", {**config, **other})

    def call(self, action, params):
        return json.loads(self.sdk.call(action, params))

    def exercise(self, operation):
        return Exercise(operation, CLIENT, self.method, self.signature)


def create(api, file_id, offsets_ms):
    with api.exercise("CreateSnapshotByTimeOffset") as call:
        params = {"fileId": file_id, "definition": 10, "timeOffset": offsets_ms}
        reply = api.call("CreateSnapshotByTimeOffset", params)
        call.equal("code", reply["code"], 0)
        call.equal("message", reply["message"], "")
        task_id = reply["vodTaskId"]
        is_id = task_id.startswith("CreateSnapshotByTimeOffset-") and len(task_id.split("-")[1]) == 32
        call.holds("vodTaskId", is_id, task_id)
        return task_id


def pull(api, operation, task_id, file_id, offsets_ms):
    """Pulls until the task's event comes; gives its handle and pictures."""
    with api.exercise(operation) as call:

        def ask():
            reply = api.call(operation, {})
            call.equal("code", reply["code"], 0)
            told = (one for one in reply["eventList"] if one["eventContent"]["data"].get("vodTaskId") == task_id)
            return next(told, None)

        event = until(f"the event of {task_id}", ask)
        handle = event["msgHandle"]
        call.holds("eventList[].msgHandle", isinstance(handle, str) and handle, handle)
        content = event["eventContent"]
        call.equal("eventContent.version", content["version"], "4.0")
        call.equal("eventContent.eventType", content["eventType"], "CreateSnapshotByTimeOffsetComplete")
        data = content["data"]
        call.equal("data.vodTaskId", data["vodTaskId"], task_id)
        call.equal("data.fileId", data["fileId"], file_id)
        call.equal("data.definition", data["definition"], 10)
        pictures = data["picInfo"]
        call.equal("data.picInfo[].timeOffset", [picture["timeOffset"] for picture in pictures], offsets_ms)
        for picture in pictures:
            is_outside = picture["timeOffset"] == OFFSET_OUTSIDE_MS
            call.equal("data.picInfo[].status", picture["status"], STATUS_OUTSIDE if is_outside else 0)
            call.equal("data.picInfo[].url", "url" in picture, not is_outside)
            if not is_outside:
                call.equal("data.picInfo[].url", picture_size(picture["url"]), SIZE)
        return handle, pictures


def confirm(api, operation, handle):
    with api.exercise(operation) as call:
        reply = api.call(operation, {"msgHandle": [handle]})
        call.equal("code", reply["code"], 0)
        call.equal("message", reply["message"], "")
        # A handle is used up by its confirmation.
        call.equal("then the same handle: code", api.call(operation, {"msgHandle": [handle]})["code"], 4000)
        call.refused(api.call(operation, {"msgHandle": ["0"] * 17})["code"], 4000)
        call.refused(api.call(operation, {})["code"], 4000)


def video_info(api, file_id, taken):
    """The newest set of the definition is what the event told, whatever was taken before."""
    with api.exercise("GetVideoInfo") as call:
        part = "snapshotByTimeOffsetInfo"
        reply = api.call("GetVideoInfo", {"fileId": file_id, "infoFilter": ["basicInfo", part]})
        call.equal("code", reply["code"], 0)
        call.equal("basicInfo.status", reply["basicInfo"]["status"], "normal")
        call.equal("basicInfo.duration", reply["basicInfo"]["duration"], 12)
        call.holds("basicInfo.name", reply["basicInfo"]["name"].endswith(".mp4"), reply["basicInfo"])
        call.holds("basicInfo.size", reply["basicInfo"]["size"] > 0, reply["basicInfo"])
        call.equal("basicInfo.coverUrl", picture_size(reply["basicInfo"]["coverUrl"]), SIZE)
        sets = reply[part]["snapshotByTimeOffsetList"]
        call.equal("snapshotByTimeOffsetList[].definition", [one["definition"] for one in sets], [10])
        pictures, wanted = sets[0]["picInfoList"], [one for one in taken if "url" in one]
        for name in ["timeOffset", "url"]:
            field = f"snapshotByTimeOffsetList[].picInfoList[].{name}"
            call.equal(field, [one[name] for one in pictures], [one[name] for one in wanted])
        call.equal("only the parts of infoFilter", "metaData" in reply, False)
        whole = api.call("GetVideoInfo", {"fileId": file_id})
        call.equal("metaData.width", whole["metaData"]["width"], SIZE[0])
        call.equal("metaData.height", whole["metaData"]["height"], SIZE[1])
        call.refused(api.call("GetVideoInfo", {"fileId": file_id, "infoFilter": ["noSuchInfo"]})["code"], 4000)
        call.refused(api.call("GetVideoInfo", {"fileId": "1"})["code"], 10008)


def refusals(stage, api, file_id):
    """What is refused, and by which code; told of the operation that was tried."""
    params = {"fileId": file_id, "definition": 10, "timeOffset": [0]}
    now = int(time.time())
    with api.exercise("CreateSnapshotByTimeOffset") as call:

        def tried(**other):
            return api.call("CreateSnapshotByTimeOffset", {**params, **other})["code"]

        call.refused(tried(fileId="1"), 10008)
        call.refused(tried(definition=4321), 1000)
        call.refused(tried(timeOffset=["soon"]), 4000)
        call.refused(tried(fileId=""), 4000)
        call.refused(tried(SecretId="AKIDunknown"), 4100)
        call.refused(tried(Timestamp=now - 3 * 3_600), 4200)
        call.refused(tried(Timestamp=now + 3 * 3_600), 4500)
        once = random.randint(1, sys.maxsize)
        call.equal("code", tried(Timestamp=now, Nonce=once), 0)
        call.refused(tried(Timestamp=now, Nonce=once), 4500)
    with api.exercise("PullEvent") as call:
        stranger = Api(stage, api.method, api.signature, secretKey="wrong")
        call.refused(stranger.call("PullEvent", {})["code"], 4100)
        call.refused(api.call("NoSuchAction", {})["code"], 6100)


def main():
    stage = Stage()
    names = [("PullEvent", "ConfirmEvent"), ("PullVodEvent", "ConfirmVodEvent")]
    combinations = [(method, f"Hmac{hash}") for method in ("GET", "POST") for hash in ("SHA1", "SHA256")]
    for k, (method, signature) in enumerate(combinations):
        api = Api(stage, method, signature)
        file_id = stage.videos[k]["file_id"]
        for pull_name, confirm_name in names:
            # Unsorted, with a repetition, and other times for the second set of the same definition.
            offsets_ms = [9_000, 1_000, OFFSET_OUTSIDE_MS, 9_000] if pull_name == "PullEvent" else [2_000, 0]
            task_id = create(api, file_id, offsets_ms)
            handle, pictures = pull(api, pull_name, task_id, file_id, offsets_ms)
            confirm(api, confirm_name, handle)
            video_info(api, file_id, pictures)
        refusals(stage, api, file_id)


main()
