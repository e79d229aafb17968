"""Tencent Cloud VOD, legacy API v2, by qcloudapi-sdk-python: TLS alone, GET and POST, both signatures.

The SDK fixes the host of the module `vod`; a module that it does not know takes `endpoint` instead. It
does not read answers: it gives their bytes.
"""

import json
import random
import sys
import time

from exercise import SIZE, Exercise, FilmServer, Stage, picture_size, until
from QcloudApi.modules.base import Base
from QcloudApi.qcloudapi import QcloudApi

CLIENT = "qcloudapi-sdk-python"
# No video of these tests is so long.
OFFSET_OUTSIDE_MS = 1_000_000
STATUS_OUTSIDE = -46204
# What the preset sprite makes of 12 seconds: two small pictures on a sheet of 10 x 10.
SHEET_SIZE = (1420, 800)
UNKNOWN_FILE = "1"
PROCEDURE = "storyboard"


class Api:
    """The SDK with one method and one signature, and the events that it pulled."""

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
        self.newer = Base({**config, "Version": "2018-07-17"})
        self.newer.requestUri = "/"
        self.events = []

    def call(self, action, params):
        return json.loads(self.sdk.call(action, params))

    def call_newer(self, action, params):
        """What the legacy API has no operation for: its users have the console."""
        reply = json.loads(self.newer.call(action, params))["Response"]
        if "Error" in reply:
            raise AssertionError(f"{action}: {reply}")
        return reply

    def exercise(self, operation):
        return Exercise(operation, CLIENT, self.method, self.signature)

    def event(self, event_type, **wanted):
        """The data of the event of that type whose data has these members."""

        def known():
            told = (one["data"] for one in self.events if one["eventType"] == event_type)
            return next((data for data in told if all(data.get(k) == v for k, v in wanted.items())), None)

        def ask():
            # A pull waits for 5 s when nothing more comes, so what came before is looked at first.
            if (data := known()) is not None:
                return data
            for one in self.call("PullEvent", {})["eventList"]:
                self.call("ConfirmEvent", {"msgHandle": [one["msgHandle"]]})
                self.events.append(one["eventContent"])
            return known()

        return until(f"{event_type} of {wanted}", ask)

    def finished(self, task_id):
        """What GetTaskInfo tells of a task at its end."""

        def ask():
            info = self.call("GetTaskInfo", {"vodTaskId": task_id})
            return info if info.get("status") == "FINISHED" else None

        return until(f"the end of {task_id}", ask)


def accepted(call, reply, name, prefix):
    """Claims an answer that names a task; gives the task's id."""
    call.equal("code", reply["code"], 0)
    call.equal("message", reply["message"], "")
    task_id = reply[name]
    stem = task_id.removeprefix(prefix).removesuffix("t0")
    call.holds(name, task_id.startswith(prefix) and len(stem) == 32, task_id)
    return task_id


def create(api, file_id, offsets_ms):
    with api.exercise("CreateSnapshotByTimeOffset") as call:
        params = {"fileId": file_id, "definition": 10, "timeOffset": offsets_ms}
        reply = api.call("CreateSnapshotByTimeOffset", params)
        return accepted(call, reply, "vodTaskId", "CreateSnapshotByTimeOffset-")


def create_by_predecessor(api, operation, file_id):
    """Seconds, and the template of the source's size."""
    with api.exercise(operation) as call:
        reply = api.call(operation, {"fileId": file_id, "dstTimeList": [3, 1_000, 1]})
        task_id = accepted(call, reply, "vodTaskId", "CreateSnapshotByTimeOffset-")
        data = api.finished(task_id)["data"]
        call.equal("then GetTaskInfo: data.definition", data["definition"], 10)
        pictures = [(one["timeOffset"], one["status"]) for one in data["picInfo"]]
        call.equal("then GetTaskInfo: data.picInfo", pictures, [(3_000, 0), (1_000_000, -46204), (1_000, 0)])
        call.refused(api.call(operation, {"fileId": file_id, "dstTimeList": [1] * 11})["code"], 4000)
        call.refused(api.call(operation, {"fileId": file_id})["code"], 4000)
        call.refused(api.call(operation, {"fileId": UNKNOWN_FILE, "dstTimeList": [1]})["code"], 10008)


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
        call.refused(api.call("GetVideoInfo", {"fileId": UNKNOWN_FILE})["code"], 10008)


def sprite(api, file_id):
    """Gives the task's id and the data of its event."""
    with api.exercise("CreateImageSprite") as call:
        reply = api.call("CreateImageSprite", {"fileId": file_id, "definition": "10"})
        task_id = accepted(call, reply, "vodTaskId", "CreateImageSprite-")
        data = api.event("CreateImageSpriteComplete", vodTaskId=task_id)
        call.equal("event data.status", data["status"], 0)
        call.equal("event data.fileId", data["fileId"], file_id)
        call.equal("event data.definition", data["definition"], 10)
        call.equal("event data.totalCount", data["totalCount"], 2)
        sizes = [picture_size(url) for url in data["imageSpriteUrl"]]
        call.equal("event data.imageSpriteUrl", sizes, [SHEET_SIZE])
        call.holds("event data.webVttUrl", data["webVttUrl"].endswith(".vtt"), data)
        part = "imageSpriteInfo"
        (kept,) = api.call("GetVideoInfo", {"fileId": file_id, "infoFilter": [part]})[part]["imageSpriteList"]
        call.equal("then GetVideoInfo: imageSpriteList[].definition", kept["definition"], 10)
        urls = data["imageSpriteUrl"]
        call.equal("then GetVideoInfo: imageSpriteList[].imageUrls", kept["imageUrls"], urls)
        call.equal("then GetVideoInfo: imageSpriteList[].totalCount", kept["totalCount"], 2)
        call.equal("then GetVideoInfo: imageSpriteList[].width", (kept["width"], kept["height"]), (142, 80))
        call.refused(api.call("CreateImageSprite", {"fileId": file_id})["code"], 4000)
        call.refused(api.call("CreateImageSprite", {"fileId": file_id, "definition": 4321})["code"], 1000)
        call.refused(api.call("CreateImageSprite", {"fileId": UNKNOWN_FILE, "definition": 10})["code"], 10008)
        return task_id, data


def process_file(api, file_id):
    """One task of each kind; gives the id of the procedure and the data of its event."""
    parts = {
        "sampleSnapshot": {"definition": 10},
        "snapshotByTimeOffset": {"definition": 20, "timeOffset": [5_000, OFFSET_OUTSIDE_MS, 4_000]},
        "coverBySnapshot": {"definition": 10, "positionType": "Time", "position": 7},
        "imageSprite": {"definition": 10},
    }
    with api.exercise("ProcessFile") as call:
        reply = api.call("ProcessFile", {"fileId": file_id, **parts, "notifyMode": "Finish"})
        task_id = accepted(call, reply, "vodTaskId", "Procedure-")
        data = api.event("ProcedureStateChanged", vodTaskId=task_id, status="FINISH")
        call.equal("event data.errCode", data["errCode"], 0)
        call.equal("event data.fileId", data["fileId"], file_id)
        tasks = data["processTaskList"]
        types = ["SampleSnapshot", "SnapshotByTimeOffset", "CoverBySnapshot", "ImageSprites"]
        at = "event data.processTaskList[]"
        call.equal(f"{at}.taskType", [task["taskType"] for task in tasks], types)
        call.equal(f"{at}.status", {task["status"] for task in tasks}, {"SUCCESS"})
        samples, by_offset, cover, sheets = (task["output"] for task in tasks)
        call.equal(f"{at}.output.imageUrls", [picture_size(url) for url in samples["imageUrls"]], [SIZE] * 10)
        offsets_ms = [one["timeOffset"] for one in by_offset["imgInfo"]]
        call.equal(f"{at}.output.imgInfo[].timeOffset", offsets_ms, [5_000, 4_000])
        call.equal(f"{at}.output.imgInfo[].url", picture_size(by_offset["imgInfo"][0]["url"]), (500, 281))
        asked = {name: tasks[2]["input"][name] for name in ["positionType", "position"]}
        call.equal(f"{at}.input.position", asked, {"positionType": "Time", "position": 7})
        call.equal(f"{at}.output.urlList", [picture_size(url) for url in sheets["urlList"]], [SHEET_SIZE])
        info = api.call("GetVideoInfo", {"fileId": file_id})
        call.equal("then GetVideoInfo: basicInfo.coverUrl", info["basicInfo"]["coverUrl"], cover["imageUrl"])
        pictures = info["sampleSnapshotInfo"]["imageUrls"]
        call.equal("then GetVideoInfo: sampleSnapshotInfo", pictures, samples["imageUrls"])
        (kept,) = info["imageSpriteInfo"]["imageSpriteList"]
        call.equal("then GetVideoInfo: imageSpriteInfo", kept["imageUrls"], sheets["urlList"])
        process_file_refusals(api, call, file_id, parts)
        return task_id, data


def process_file_refusals(api, call, file_id, parts):
    def tried(**params):
        return api.call("ProcessFile", {"fileId": file_id, **params})["code"]

    call.refused(tried(), 4000)
    call.refused(tried(**parts, transcode={"definition": [210, 220]}), 4000)
    call.refused(tried(**parts, notifyMode="Always"), 4000)
    call.refused(tried(coverBySnapshot={"definition": 10, "positionType": "Frame", "position": 1}), 4000)
    call.refused(tried(snapshotByTimeOffset={"definition": 10}), 4000)
    call.refused(tried(sampleSnapshot={"definition": 4321}), 1000)
    call.refused(api.call("ProcessFile", {**parts, "fileId": UNKNOWN_FILE})["code"], 10008)


def process_file_by_procedure(api, file_id):
    """Each task of the procedure has an event of its own."""
    with api.exercise("ProcessFileByProcedure") as call:
        reply = api.call("ProcessFileByProcedure", {"fileId": file_id, "procedure": PROCEDURE})
        sprite_id = accepted(call, reply, "imageSpriteTaskId", "CreateImageSprite-")
        offsets_id = accepted(call, reply, "snapshotByTimeOffsetTaskId", "CreateSnapshotByTimeOffset-")
        procedure_id = accepted(call, reply, "procedureTaskId", "Procedure-")
        sheets = api.event("CreateImageSpriteComplete", vodTaskId=sprite_id)
        call.equal("event data.totalCount", sheets["totalCount"], 2)
        (picture,) = api.event("CreateSnapshotByTimeOffsetComplete", vodTaskId=offsets_id)["picInfo"]
        call.equal("event data.picInfo[].timeOffset", picture["timeOffset"], 6_500)
        call.equal("event data.picInfo[].url", picture_size(picture["url"]), SIZE)
        samples, cover = api.event("ProcedureStateChanged", vodTaskId=procedure_id)["processTaskList"]
        types = (samples["taskType"], cover["taskType"])
        call.equal("event data.processTaskList[].taskType", types, ("SampleSnapshot", "CoverBySnapshot"))
        info = api.call("GetVideoInfo", {"fileId": file_id})
        cover_url = info["basicInfo"]["coverUrl"]
        call.equal("then GetVideoInfo: basicInfo.coverUrl", cover_url, cover["output"]["imageUrl"])
        pictures = info["sampleSnapshotInfo"]["imageUrls"]
        call.equal("then GetVideoInfo: sampleSnapshotInfo", pictures, samples["output"]["imageUrls"])
        params = {"fileId": file_id, "procedure": "none"}
        call.refused(api.call("ProcessFileByProcedure", params)["code"], 50007)
        call.refused(api.call("ProcessFileByProcedure", {"fileId": file_id})["code"], 4000)
        params = {"fileId": UNKNOWN_FILE, "procedure": PROCEDURE}
        call.refused(api.call("ProcessFileByProcedure", params)["code"], 10008)


def tasks(api, file_id, done):
    """`done` are finished tasks of the file: id, type, and the data of their events."""
    with api.exercise("GetTaskInfo") as call:
        for task_id, kind, data in done:
            info = api.call("GetTaskInfo", {"vodTaskId": task_id})
            call.equal("code", info["code"], 0)
            call.equal("status", info["status"], "FINISHED")
            call.equal("type", info["type"], kind)
            is_ordered = 0 < info["createTime"] <= info["beginProcessTime"] <= info["finishTime"]
            call.holds("createTime, beginProcessTime, finishTime", is_ordered, info)
            call.equal("data, as its event had it", info["data"], data)
        call.refused(api.call("GetTaskInfo", {})["code"], 4000)
        call.refused(api.call("GetTaskInfo", {"vodTaskId": f"Procedure-{'0' * 32}t0"})["code"], 5000)
    with api.exercise("GetTaskList") as call:
        reply = api.call("GetTaskList", {"fileId": file_id})
        call.equal("code", reply["code"], 0)
        groups = {group["status"]: group for group in reply["data"]}
        call.equal("data[].status", list(groups), ["WAITING", "PROCESSING", "FINISHED"])
        params = {"fileId": file_id, "status": "FINISHED", "maxCount": 100}
        (finished,) = api.call("GetTaskList", params)["data"]
        listed = {task["vodTaskId"]: task for task in finished["taskList"]}
        for task_id, kind, _ in done:
            call.equal("data[].taskList[].type", listed[task_id]["type"], kind)
            info = api.call("GetTaskInfo", {"vodTaskId": task_id})
            for name in ["createTime", "beginProcessTime", "finishTime"]:
                call.equal(f"data[].taskList[].{name}", listed[task_id][name], info[name])
        paged, after = [], {}
        while True:
            (page,) = api.call("GetTaskList", {"fileId": file_id, "status": "FINISHED", **after})["data"]
            paged += [task["vodTaskId"] for task in page["taskList"]]
            after = {"nextForFinished": page["next"]}
            if not page["next"]:
                break
        call.equal("data[].next, page by page", paged, list(listed))
        call.refused(api.call("GetTaskList", {"status": "ABORTED"})["code"], 4000)
        call.refused(api.call("GetTaskList", {"maxCount": 101})["code"], 4000)


def convert(api, operation, file_id):
    """Takes the samples; nothing is transcoded."""
    with api.exercise(operation) as call:
        reply = api.call(operation, {"fileId": file_id, "isScreenshot": 1, "isWatermark": 0})
        task_id = accepted(call, reply, "vodTaskId", "Procedure-")
        (task,) = api.event("ProcedureStateChanged", vodTaskId=task_id)["processTaskList"]
        call.equal("event data.processTaskList[].taskType", task["taskType"], "SampleSnapshot")
        part = "sampleSnapshotInfo"
        pictures = api.call("GetVideoInfo", {"fileId": file_id, "infoFilter": [part]})[part]["imageUrls"]
        call.equal("then GetVideoInfo: sampleSnapshotInfo", pictures, task["output"]["imageUrls"])
        call.refused(api.call(operation, {"fileId": file_id})["code"], 4000)
        call.refused(api.call(operation, {"fileId": file_id, "isScreenshot": 1, "isWatermark": 1})["code"], 1163)
        call.refused(api.call(operation, {"fileId": UNKNOWN_FILE, "isScreenshot": 1})["code"], 10008)


def pull_files(api, operation, film_url):
    """Fetches a film, and what is none; gives the film's id."""
    with api.exercise(operation) as call:
        film = {"url": film_url, "fileName": "Film.mp4", "isScreenshot": 1, "isTranscode": 0, "priority": 1}
        film |= {"classId": 7, "tags": "cats,dogs"}
        nothing = {"url": film_url + ".none", "fileName": "Nothing"}
        reply = api.call(operation, {"pullset": [film, nothing]})
        call.equal("code", reply["code"], 0)
        first, second = reply["data"]
        call.equal("data[].source_url", [first["source_url"], second["source_url"]], [film_url, nothing["url"]])
        call.equal("data[].file_name", [first["file_name"], second["file_name"]], ["Film.mp4", "Nothing"])
        file_id, task_id, failed_id = first["file_id"], first["vod_task_id"], second["vod_task_id"]
        data = api.event("PullComplete", vodTaskId=task_id)
        call.equal("event data.status", data["status"], 0)
        call.equal("event data.fileId", data["fileId"], file_id)
        call.holds("event data.fileUrl", "/source/" in data["fileUrl"], data)
        failure = api.event("PullComplete", vodTaskId=failed_id)
        call.holds("event data.status of a failure", failure["status"] != 0 and failure["message"], failure)
        (samples,) = api.event("ProcedureStateChanged", fileId=file_id)["processTaskList"]
        info = api.call("GetVideoInfo", {"fileId": file_id})
        call.equal("then GetVideoInfo: basicInfo.name", info["basicInfo"]["name"], "Film.mp4")
        call.equal("then GetVideoInfo: basicInfo.classificationId", info["basicInfo"]["classificationId"], 7)
        pictures = info["sampleSnapshotInfo"]["imageUrls"]
        call.equal("then GetVideoInfo: sampleSnapshotInfo", pictures, samples["output"]["imageUrls"])
        call.equal("then GetVideoInfo: metaData.width", info["metaData"]["width"], SIZE[0])
        pulled = api.finished(task_id)
        call.equal("then GetTaskInfo: type", pulled["type"], "pull")
        call.equal("then GetTaskInfo: data", pulled["data"], data)
        call.refused(api.call(operation, {})["code"], 4000)
        call.refused(api.call(operation, {"pullset": [film, {"url": film_url}]})["code"], 4000)
        call.refused(api.call(operation, {"pullset": [film] * 51})["code"], 4000)
        call.refused(api.call(operation, {"pullset": [{**film, "isWatermark": 1}]})["code"], 1163)
        return file_id


def delete(api, operation, file_id):
    with api.exercise(operation) as call:
        call.refused(api.call(operation, {"fileId": file_id, "priority": 3})["code"], 4000)
        reply = api.call(operation, {"fileId": file_id, "priority": 0})
        call.equal("code", reply["code"], 0)
        call.equal("message", reply["message"], "")
        call.equal("then GetVideoInfo: code", api.call("GetVideoInfo", {"fileId": file_id})["code"], 10008)
        told = api.event("FileDeleted", fileInfo=[{"fileId": file_id}])
        call.equal("event data.status", told["status"], 0)
        call.refused(api.call(operation, {"fileId": file_id, "priority": 0})["code"], 10008)


def refusals(stage, api, file_id):
    """What is refused, and by which code; told of the operation that was tried."""
    params = {"fileId": file_id, "definition": 10, "timeOffset": [0]}
    now = int(time.time())
    with api.exercise("CreateSnapshotByTimeOffset") as call:

        def tried(**other):
            return api.call("CreateSnapshotByTimeOffset", {**params, **other})["code"]

        call.refused(tried(fileId=UNKNOWN_FILE), 10008)
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


def configure(api):
    """Events of deletions, and a procedure."""
    api.call_newer("ModifyEventConfig", {"DeleteMediaCompleteEventSwitch": "ON"})
    steps = {
        "SampleSnapshotTaskSet": [{"Definition": 10}],
        "SnapshotByTimeOffsetTaskSet": [{"Definition": 10, "ExtTimeOffsetSet": ["6.5s"]}],
        "CoverBySnapshotTaskSet": [{"Definition": 10, "PositionType": "Percent", "PositionValue": 50}],
        "ImageSpriteTaskSet": [{"Definition": 10}],
    }
    api.call_newer("CreateProcedureTemplate", {"Name": PROCEDURE, "MediaProcessTask": steps})


def main():
    stage = Stage()
    names = [("PullEvent", "ConfirmEvent"), ("PullVodEvent", "ConfirmVodEvent")]
    pulls = [("MultiPullVodFile", "DeleteVodFile"), ("MultiPullVideoFromUrl", "DeleteVideo")]
    combinations = [(method, f"Hmac{hash}") for method in ("GET", "POST") for hash in ("SHA1", "SHA256")]
    configure(Api(stage, "POST", "HmacSHA256"))
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
        for predecessor in ["CreateSnapShotByTime", "SnapShotByTime"]:
            create_by_predecessor(api, predecessor, file_id)
        done = [(sprite(api, file_id), "imageSprite"), (process_file(api, file_id), "procedure")]
        tasks(api, file_id, [(task_id, kind, data) for (task_id, data), kind in done])
        process_file_by_procedure(api, file_id)
        for converter in ["ConvertVodFile", "TranscodeVideo"]:
            convert(api, converter, file_id)
        source = api.call("GetVideoInfo", {"fileId": file_id})["basicInfo"]["sourceVideoUrl"]
        with FilmServer(source) as film_url:
            for pull_name, delete_name in pulls:
                delete(api, delete_name, pull_files(api, pull_name, film_url))
        refusals(stage, api, file_id)


main()
