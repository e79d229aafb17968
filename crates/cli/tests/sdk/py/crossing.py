"""One video through both clouds' SDKs: uploaded with Alibaba's, its snapshots asked for with Tencent's, its
events received by an endpoint of each format and by an MNS queue.

What one dialect made is the other's: the same video, job and pictures under the names of each.
"""

import json

from mns.account import Account
from mns.queue import QueueMeta

import oss_upload
from alibaba_api import Core
from alibaba_receiver import Receiver
from alibaba_uploads import native
from exercise import SIZE, Exercise, Stage, fetched, picture_size
from film import film_of
from tencent_2018_api import CONTEXT, TC3, Api

TITLE = "跨云 crossing"
SIZE_BYTES = 1_000_000
OFFSETS_MS = [2_500, 6_000]
QUEUE = "crossing"


def uploaded(stage, alibaba):
    """A video that CreateUploadVideo and oss2 brought, as Alibaba's SDK tells it once its covers are taken."""
    source = native(stage, f"/v1/media/{stage.videos[0]['file_id']}")["source"]["url"]
    with alibaba.exercise("CreateUploadVideo") as call:
        reply = alibaba.call("CreateUploadVideo", FileName="crossing.mp4", Title=TITLE)
        grant = oss_upload.Grant(reply)
        grant.bucket("V4").put_object(grant.key, film_of(source, SIZE_BYTES))
        oss_upload.ready(alibaba, call, "then GetVideoInfo", grant.video_id, SIZE_BYTES)
        return grant.video_id


def listen(stage):
    """An endpoint of each format, and a queue; told of completed snapshots alone."""
    queue = Account(stage.url, stage.key_id, stage.secret).get_queue(QUEUE)
    queue.create(QueueMeta())
    receivers = {"tencent-4.0": Receiver(), "tencent-2018": Receiver(), "alibaba": Receiver()}
    urls = [(name, receiver.url) for name, receiver in receivers.items()]
    for name, url in [*urls, ("alibaba", f"queue:{QUEUE}")]:
        native(stage, "/v1/endpoints", {"url": url, "format": name, "event_kinds": ["snapshot.completed"]})
    return receivers, queue


def asked(tencent, video_id):
    """Tencent's ids of the video, found by its title, and of the task that takes its pictures."""
    with tencent.exercise("ProcessMedia") as call:
        (media,) = tencent.call("SearchMedia", Names=[TITLE]).MediaInfoSet
        call.holds("SearchMedia MediaUrl", f"/{video_id}/" in media.BasicInfo.MediaUrl, media.BasicInfo)
        times = [f"{offset_ms / 1000}s" for offset_ms in OFFSETS_MS]
        tasks = {"SnapshotByTimeOffsetTaskSet": [{"Definition": 10, "ExtTimeOffsetSet": times}]}
        reply = tencent.call("ProcessMedia", FileId=media.FileId, MediaProcessTask=tasks, SessionContext=CONTEXT)
        call.holds("TaskId", reply.TaskId.startswith("1-procedurev2-"), reply)
        return media.FileId, reply.TaskId


def told_by_tencent(call, receivers, file_id, task_id):
    """What both of Tencent's formats tell; gives the URLs of the pictures."""
    body, _ = receivers["tencent-2018"].first("event of API 2018", lambda body: True)
    call.equal("tencent-2018 EventType", body["EventType"], "ProcedureStateChanged")
    event = body["ProcedureStateChangeEvent"]
    call.equal("tencent-2018 TaskId, FileId", (event["TaskId"], event["FileId"]), (task_id, file_id))
    call.equal("tencent-2018 SessionContext", event["SessionContext"], CONTEXT)
    (result,) = event["MediaProcessResultSet"]
    pictures = result["SnapshotByTimeOffsetTask"]["Output"]["PicInfoSet"]
    call.equal("tencent-2018 TimeOffset", [one["TimeOffset"] for one in pictures], OFFSETS_MS)
    urls = [one["Url"] for one in pictures]
    body, _ = receivers["tencent-4.0"].first("event of format 4.0", lambda body: True)
    call.equal("tencent-4.0 eventType", body["eventType"], "ProcedureStateChanged")
    call.equal("tencent-4.0 fileId", body["data"]["fileId"], file_id)
    (task,) = body["data"]["processTaskList"]
    call.equal("tencent-4.0 url", [one["url"] for one in task["output"]["imgInfo"]], urls)
    return urls


def told_by_alibaba(call, at, body, video_id, urls):
    """The same job and pictures in Alibaba's words."""
    told = (body["EventType"], body["VideoId"], body["Status"])
    call.equal(f"{at} EventType, VideoId, Status", told, ("SnapshotComplete", video_id, "success"))
    (info,) = body["SnapshotInfos"]
    call.equal(f"{at} SnapshotCount", info["SnapshotCount"], len(OFFSETS_MS))
    expanded = [info["SnapshotRegular"].replace("{SnapshotCount}", f"{index:05}") for index in (1, 2)]
    call.equal(f"{at} SnapshotRegular", expanded, urls)
    return info["JobId"]


def main():
    stage = Stage()
    alibaba, tencent = Core(stage, "POST"), Api(stage, "POST", TC3)
    video_id = uploaded(stage, alibaba)
    receivers, queue = listen(stage)
    file_id, task_id = asked(tencent, video_id)
    with Exercise("SnapshotComplete", alibaba.CLIENT, "callback", "none") as call:
        urls = told_by_tencent(call, receivers, file_id, task_id)
        body, _ = receivers["alibaba"].first("event of Alibaba's format", lambda body: True)
        job_id = told_by_alibaba(call, "alibaba", body, video_id, urls)
        for url in urls:
            call.equal("pictures", (fetched(url)[:3], picture_size(url)), (b"\xff\xd8\xff", SIZE))
        listed = alibaba.newest(video_id, "NormalSnapshot")
        call.equal("then ListSnapshots JobId", listed["JobId"], job_id)
        call.equal("then ListSnapshots Url", [one["Url"] for one in listed["Snapshots"]["Snapshot"]], urls)
        detail = tencent.call("DescribeTaskDetail", TaskId=task_id)
        call.equal("then DescribeTaskDetail Status", detail.Status, "FINISH")
    with Exercise("ReceiveMessage", "aliyun-mns-sdk", "REST", "HMAC-SHA1") as call:
        message = queue.receive_message_with_str_body(20)
        told = told_by_alibaba(call, "queue", json.loads(message.message_body), video_id, urls)
        call.equal("queue JobId", told, job_id)
        queue.delete_message(message.receipt_handle)
    for name, receiver in receivers.items():
        if len(receiver.letters) != 1:
            raise AssertionError(f"{name} was told {len(receiver.letters)} times")


main()
