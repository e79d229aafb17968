"""Tencent Cloud VOD, API 2018-07-17, by tencentcloud-sdk-python-vod: GET and POST, TC3 and version 1."""

import time
from unittest import mock

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.vod.v20180717 import models
from tencentcloud.vod.v20180717.vod_client import VodClient

from exercise import SIZE, Exercise, Stage, picture_size, until

CLIENT = "tencentcloud-sdk-python-vod"
TC3 = "TC3-HMAC-SHA256"
UNSIGNED = f"{TC3} UNSIGNED-PAYLOAD"
UNKNOWN_FILE = "1"
CONTEXT = "ctx=中文 & +"


class Api:
    """The SDK with one method and one signature."""

    def __init__(self, stage, method, signature, key_id=None, secret=None):
        self.method, self.signature = method, signature
        http = HttpProfile(protocol="http", endpoint=stage.host, reqMethod=method)
        profile = ClientProfile(signMethod=signature.split()[0], httpProfile=http)
        profile.unsignedPayload = signature == UNSIGNED
        self.client = VodClient(Credential(key_id or stage.key_id, secret or stage.secret), "", profile)

    def call(self, operation, **params):
        request = getattr(models, f"{operation}Request")()
        request._deserialize(params)
        return getattr(self.client, operation)(request)

    def refusal(self, operation, **params):
        try:
            reply = self.call(operation, **params)
        except TencentCloudSDKException as refusal:
            return refusal
        raise AssertionError(f"accepted: {reply}")

    def exercise(self, operation):
        return Exercise(operation, CLIENT, self.method, self.signature)


def process_media(api, file_id, **more):
    """One task of each kind; gives the id of the procedure."""
    with api.exercise("ProcessMedia") as call:
        tasks = {
            "SnapshotByTimeOffsetTaskSet": [{"Definition": 10, "ExtTimeOffsetSet": ["9.5s", "50%", "1000s"]}],
            "SampleSnapshotTaskSet": [{"Definition": 10}],
            "ImageSpriteTaskSet": [{"Definition": 10}],
            "CoverBySnapshotTaskSet": [{"Definition": 10, "PositionType": "Time", "PositionValue": 2.5}],
        }
        params = {"FileId": file_id, "MediaProcessTask": tasks, "SessionContext": CONTEXT, "TasksPriority": 3}
        reply = api.call("ProcessMedia", **params, **more)
        call.holds("RequestId", len(reply.RequestId) == 36, reply)
        call.holds("TaskId", "-procedurev2-" in reply.TaskId, reply)
        call.refused(api.refusal("ProcessMedia", **params, **more).get_code(), "InvalidParameterValue.SessionId")
        params.update(FileId=UNKNOWN_FILE)
        call.refused(api.refusal("ProcessMedia", **params).get_code(), "InvalidParameterValue.FileId")
        params.update(FileId=file_id, SessionId="x" * 51)
        call.refused(api.refusal("ProcessMedia", **params).get_code(), "InvalidParameterValue.SessionIdTooLong")
        params.update(SessionId="", MediaProcessTask={"SampleSnapshotTaskSet": [{"Definition": 4321}]})
        call.refused(api.refusal("ProcessMedia", **params).get_code(), "InvalidParameterValue.Definition")
        params.update(MediaProcessTask={"TranscodeTaskSet": [{"Definition": 10}]})
        call.refused(api.refusal("ProcessMedia", **params).get_code(), "UnsupportedOperation")
        return reply.TaskId


def check_procedure(call, task, task_id, file_id, session_id):
    """What an event or a query tells of a finished procedure; gives its sets of pictures."""
    at = "ProcedureTask"
    call.equal(f"{at}.TaskId", task.TaskId, task_id)
    call.equal(f"{at}.Status", task.Status, "FINISH")
    call.equal(f"{at}.ErrCode", task.ErrCode, 0)
    call.equal(f"{at}.FileId", task.FileId, file_id)
    call.holds(f"{at}.FileName", task.FileName.endswith(".mp4"), task)
    call.equal(f"{at}.MetaData", (task.MetaData.Width, task.MetaData.Height, task.MetaData.Duration), (*SIZE, 12))
    call.equal(f"{at}.SessionContext", task.SessionContext, CONTEXT)
    call.equal(f"{at}.SessionId", task.SessionId, session_id)
    call.equal(f"{at}.TasksPriority", task.TasksPriority, 3)
    call.equal(f"{at}.TasksNotifyMode", task.TasksNotifyMode, "Finish")
    results = task.MediaProcessResultSet
    types = ["SnapshotByTimeOffset", "SampleSnapshot", "ImageSprites", "CoverBySnapshot"]
    at = "MediaProcessResultSet[]"
    call.equal(f"{at}.Type", [result.Type for result in results], types)
    tasks = (
        results[0].SnapshotByTimeOffsetTask,
        results[1].SampleSnapshotTask,
        results[2].ImageSpriteTask,
        results[3].CoverBySnapshotTask,
    )
    call.equal(f"{at}.Status", [one.Status for one in tasks], ["SUCCESS"] * 4)
    call.equal(f"{at}.ErrCodeExt", [one.ErrCodeExt for one in tasks], [""] * 4)
    call.equal(f"{at}.Progress", [one.Progress for one in tasks], [100] * 4)
    call.equal(f"{at}.Input.Definition", [one.Input.Definition for one in tasks], [10] * 4)
    offsets, samples, sprite, cover = (one.Output for one in tasks)
    # The picture outside of the video has no slot of its own: it is left out.
    pictures = offsets.PicInfoSet
    call.equal(f"{at}.Output.PicInfoSet[].TimeOffset", [one.TimeOffset for one in pictures], [9500, 6000])
    call.equal(f"{at}.Output.PicInfoSet[].Url", [picture_size(one.Url) for one in pictures], [SIZE] * 2)
    call.equal(f"{at}.Output.SampleType", (samples.SampleType, samples.Interval), ("Percent", 10))
    call.equal(f"{at}.Output.ImageUrlSet", [picture_size(url) for url in samples.ImageUrlSet], [SIZE] * 10)
    call.equal(f"{at}.Output.TotalCount", sprite.TotalCount, 2)
    call.equal(f"{at}.Output.Width", (sprite.Width, sprite.Height), (142, 80))
    call.equal(f"{at}.Output.ImageUrlSet", len([picture_size(url) for url in sprite.ImageUrlSet]), 1)
    call.holds(f"{at}.Output.WebVttUrl", sprite.WebVttUrl.endswith(".vtt"), sprite)
    call.equal(f"{at}.Output.CoverUrl", picture_size(cover.CoverUrl), SIZE)
    return pictures, samples, sprite


def describe_task_detail(api, task_id, file_id, session_id):
    with api.exercise("DescribeTaskDetail") as call:

        def ask():
            detail = api.call("DescribeTaskDetail", TaskId=task_id)
            call.holds("Status", detail.Status in ("WAITING", "PROCESSING", "FINISH"), detail)
            return detail if detail.Status == "FINISH" else None

        detail = until(f"the end of {task_id}", ask)
        call.holds("RequestId", len(detail.RequestId) == 36, detail)
        call.equal("TaskType", detail.TaskType, "Procedure")
        for name in ["CreateTime", "BeginProcessTime", "FinishTime"]:
            call.holds(name, getattr(detail, name).endswith("Z"), detail)
        check_procedure(call, detail.ProcedureTask, task_id, file_id, session_id)
        refused = api.refusal("DescribeTaskDetail", TaskId="1-procedurev2-" + "0" * 32 + "t0")
        call.refused(refused.get_code(), "InvalidParameterValue.TaskId")
        call.refused(api.refusal("DescribeTaskDetail").get_code(), "MissingParameter")


def events(api, task_id, file_id, session_id):
    """The event of the procedure is counted, pulled and confirmed."""
    with api.exercise("DescribeEventsState") as call:
        state = api.call("DescribeEventsState")
        call.equal("CountOfEventsToPull", state.CountOfEventsToPull, 1)
    with api.exercise("PullEvents") as call:
        pulled = api.call("PullEvents")
        call.holds("RequestId", len(pulled.RequestId) == 36, pulled)
        (event,) = pulled.EventSet
        call.holds("EventSet[].EventHandle", event.EventHandle, event)
        call.equal("EventSet[].EventType", event.EventType, "ProcedureStateChanged")
        sets = check_procedure(call, event.ProcedureStateChangeEvent, task_id, file_id, session_id)
        state = api.call("DescribeEventsState")
        call.equal("then DescribeEventsState CountOfEventsToPull", state.CountOfEventsToPull, 0)
    with api.exercise("ConfirmEvents") as call:
        reply = api.call("ConfirmEvents", EventHandles=[event.EventHandle])
        call.holds("RequestId", len(reply.RequestId) == 36, reply)
        again = api.refusal("ConfirmEvents", EventHandles=[event.EventHandle])
        call.equal("then the same handle: Code", again.get_code(), "InvalidParameterValue")
        refused = api.refusal("ConfirmEvents", EventHandles=["0"] * 17)
        call.refused(refused.get_code(), "InvalidParameterValue")
        call.refused(api.refusal("ConfirmEvents").get_code(), "MissingParameter")
    return sets


def describe_media_infos(api, file_id, sets):
    """The newest set of each definition is what the event told."""
    pictures, samples, sprite = sets
    with api.exercise("DescribeMediaInfos") as call:
        reply = api.call("DescribeMediaInfos", FileIds=[UNKNOWN_FILE, file_id])
        call.holds("RequestId", len(reply.RequestId) == 36, reply)
        call.equal("NotExistFileIdSet", reply.NotExistFileIdSet, [UNKNOWN_FILE])
        (media,) = reply.MediaInfoSet
        call.equal("MediaInfoSet[].FileId", media.FileId, file_id)
        call.holds("BasicInfo.Name", media.BasicInfo.Name.endswith(".mp4"), media)
        call.equal("BasicInfo.Category", media.BasicInfo.Category, "Video")
        call.equal("BasicInfo.Status", media.BasicInfo.Status, "Normal")
        call.equal("BasicInfo.ExpireTime", media.BasicInfo.ExpireTime, "9999-12-31T23:59:59Z")
        call.equal("BasicInfo.CoverUrl", picture_size(media.BasicInfo.CoverUrl), SIZE)
        call.equal("MetaData", (media.MetaData.Width, media.MetaData.Height, media.MetaData.Duration), (*SIZE, 12))
        (kept,) = media.SnapshotByTimeOffsetInfo.SnapshotByTimeOffsetSet
        taken = [(one.TimeOffset, one.Url) for one in pictures]
        call.equal("SnapshotByTimeOffsetSet[].Definition", kept.Definition, 10)
        call.equal("SnapshotByTimeOffsetSet[].PicInfoSet", [(one.TimeOffset, one.Url) for one in kept.PicInfoSet], taken)
        (kept,) = media.SampleSnapshotInfo.SampleSnapshotSet
        call.equal("SampleSnapshotSet[].ImageUrlSet", kept.ImageUrlSet, samples.ImageUrlSet)
        (kept,) = media.ImageSpriteInfo.ImageSpriteSet
        call.equal("ImageSpriteSet[].ImageUrlSet", kept.ImageUrlSet, sprite.ImageUrlSet)
        call.equal("ImageSpriteSet[].WebVttUrl", kept.WebVttUrl, sprite.WebVttUrl)
        (media,) = api.call("DescribeMediaInfos", FileIds=[file_id], Filters=["metaData"]).MediaInfoSet
        call.equal("only the parts of Filters", (media.BasicInfo, media.MetaData.Width), (None, SIZE[0]))
        refused = api.refusal("DescribeMediaInfos", FileIds=[UNKNOWN_FILE] * 21)
        call.refused(refused.get_code(), "InvalidParameterValue.FileIds")


def refusals(stage, api):
    """A refusal is an exception of the SDK with its code, message and request id."""
    way = api.method, api.signature
    with api.exercise("DescribeEventsState") as call:
        refused = Api(stage, *way, secret="wrong").refusal("DescribeEventsState")
        call.refused(refused.get_code(), "AuthFailure.SignatureFailure")
        call.holds("refusal: Message", refused.get_message(), refused)
        call.holds("refusal: RequestId", len(refused.get_request_id()) == 36, refused)
        refused = Api(stage, *way, key_id="AKIDunknown").refusal("DescribeEventsState")
        call.refused(refused.get_code(), "AuthFailure.SecretIdNotFound")
        now = time.time()
        for skew_s in (-400, 400):
            with mock.patch("time.time", lambda: now + skew_s):
                refused = api.refusal("DescribeEventsState")
            call.refused(refused.get_code(), "AuthFailure.SignatureExpire")
        if api.signature.startswith("Hmac"):
            with mock.patch("time.time", lambda: now), mock.patch("random.randint", lambda *_: int(now * 1000)):
                api.call("DescribeEventsState")
                refused = api.refusal("DescribeEventsState")
            call.refused(refused.get_code(), "AuthFailure.SignatureExpire")
        refused = api.refusal("DescribeEventsState", SubAppId=999_999)
        call.refused(refused.get_code(), "InvalidParameterValue.SubAppId")
        refused = api.refusal("SearchMedia")
        call.refused(refused.get_code(), "InvalidAction")


def templates(api, family, given):
    """Makes a template of a family, reads it, changes it, and takes it away."""
    describe, members = f"Describe{family}Templates", f"{family}TemplateSet"
    given = {"Name": "模板 1", "Comment": "made", "Width": 160, "Height": 90, "FillType": "stretch", **given}

    def custom(definition):
        return getattr(api.call(describe, Definitions=[definition], Type="Custom"), members)

    with api.exercise(f"Create{family}Template") as call:
        definition = api.call(f"Create{family}Template", **given).Definition
        call.holds("Definition", 10 < definition, definition)
        (made,) = custom(definition)
        for name, value in given.items():
            call.equal(f"then {describe} {name}", getattr(made, name), value)
        refused = api.refusal(f"Create{family}Template", **{**given, "Width": 5_000})
        call.refused(refused.get_code(), "InvalidParameterValue.Width")
    with api.exercise(describe) as call:
        reply = api.call(describe, Type="Preset")
        call.holds("TotalCount", 1 <= reply.TotalCount, reply)
        preset = getattr(reply, members)[0]
        call.equal(f"{members}[].Definition", preset.Definition, 10)
        call.equal(f"{members}[].Type", (preset.Type, made.Type), ("Preset", "Custom"))
        for name in ["CreateTime", "UpdateTime"]:
            call.holds(f"{members}[].{name}", getattr(made, name).endswith("Z"), made)
        call.equal("Limit", len(getattr(api.call(describe, Limit=1), members)), 1)
        call.refused(api.refusal(describe, Type="Other").get_code(), "InvalidParameterValue.Type")
    with api.exercise(f"Modify{family}Template") as call:
        reply = api.call(f"Modify{family}Template", Definition=definition, Name="changed", Height=0)
        call.holds("RequestId", len(reply.RequestId) == 36, reply)
        (changed,) = custom(definition)
        call.equal(f"then {describe} Name", changed.Name, "changed")
        call.equal(f"then {describe} Height", changed.Height, 0)
        call.equal(f"then {describe} Comment", changed.Comment, "made")
        refused = api.refusal(f"Modify{family}Template", Definition=10, Name="mine")
        call.refused(refused.get_code(), "InvalidParameterValue.ModifyDefaultTemplate")
    with api.exercise(f"Delete{family}Template") as call:
        reply = api.call(f"Delete{family}Template", Definition=definition)
        call.holds("RequestId", len(reply.RequestId) == 36, reply)
        call.equal(f"then {describe}", custom(definition), [])
        refused = api.refusal(f"Delete{family}Template", Definition=definition)
        call.refused(refused.get_code(), "ResourceNotFound.TemplateNotExist")
        refused = api.refusal(f"Delete{family}Template", Definition=10)
        call.refused(refused.get_code(), "InvalidParameterValue.DeleteDefaultTemplate")


def manage_task(api, file_id, finished_id):
    """Aborts a task that waits; one that a worker took first is left alone, and another one is tried."""
    with api.exercise("ManageTask") as call:
        tasks = {"SampleSnapshotTaskSet": [{"Definition": 10}]}
        params = {"FileId": file_id, "MediaProcessTask": tasks, "TasksPriority": -10, "TasksNotifyMode": "None"}

        def abort():
            *_, last = [api.call("ProcessMedia", **params).TaskId for _ in range(4)]
            try:
                reply = api.call("ManageTask", TaskId=last, OperationType="Abort")
            except TencentCloudSDKException as refusal:
                call.refused(refusal.get_code(), "FailedOperation")
                return None
            call.holds("RequestId", len(reply.RequestId) == 36, reply)
            return last

        aborted_id = until("an aborted task", abort)
        call.equal("then DescribeTaskDetail Status", api.call("DescribeTaskDetail", TaskId=aborted_id).Status, "ABORTED")
        refused = api.refusal("ManageTask", TaskId=finished_id, OperationType="Abort")
        call.refused(refused.get_code(), "FailedOperation")
        refused = api.refusal("ManageTask", TaskId=finished_id, OperationType="Pause")
        call.refused(refused.get_code(), "InvalidParameterValue")


def describe_tasks(api, file_id, finished_id, session_id):
    with api.exercise("DescribeTasks") as call:
        order = {"Field": "CreateTime", "Order": "Asc"}
        (first,) = api.call("DescribeTasks", FileId=file_id, Status="FINISH", Sort=order, Limit=1).TaskSet
        call.equal("TaskSet[].TaskId", first.TaskId, finished_id)
        call.equal("TaskSet[].Status", first.Status, "FINISH")
        call.equal("TaskSet[].FileId", first.FileId, file_id)
        call.equal("TaskSet[].TaskType", first.TaskType, "Procedure")
        call.equal("TaskSet[].SessionId", first.SessionId, session_id)
        call.equal("TaskSet[].SessionContext", first.SessionContext, CONTEXT)
        for name in ["CreateTime", "BeginProcessTime", "FinishTime"]:
            call.holds(f"TaskSet[].{name}", getattr(first, name).endswith("Z"), first)
        whole = [one.TaskId for one in api.call("DescribeTasks", FileId=file_id, Sort=order, Limit=100).TaskSet]
        pages, token = [], ""
        while not pages or token:
            reply = api.call("DescribeTasks", FileId=file_id, Sort=order, Limit=3, ScrollToken=token)
            pages, token = pages + [one.TaskId for one in reply.TaskSet], reply.ScrollToken
        call.equal("ScrollToken", pages, whole)
        refused = api.refusal("DescribeTasks", Limit=101)
        call.refused(refused.get_code(), "InvalidParameterValue.Limit")


def event_config(api):
    """What is set is read back; the app goes on pulling."""
    names = ["UploadMediaCompleteEventSwitch", "DeleteMediaCompleteEventSwitch", "PersistenceCompleteEventSwitch"]
    for url, switch in [("http://127.0.0.1:9/events", "ON"), ("", "OFF")]:
        wanted = {"Mode": "PULL", "NotificationUrl": url, **{name: switch for name in names}}
        with api.exercise("ModifyEventConfig") as call:
            reply = api.call("ModifyEventConfig", SignKey="abc123", **wanted)
            call.holds("RequestId", len(reply.RequestId) == 36, reply)
            call.refused(api.refusal("ModifyEventConfig", SignKey="no!").get_code(), "InvalidParameterValue")
            call.refused(api.refusal("ModifyEventConfig", Mode="POST").get_code(), "InvalidParameterValue")
        with api.exercise("DescribeEventConfig") as call:
            reply = api.call("DescribeEventConfig")
            for name, value in wanted.items():
                call.equal(name, getattr(reply, name), value)


def modify_and_delete(api, file_id):
    with api.exercise("ModifyMediaInfo") as call:
        reply = api.call("ModifyMediaInfo", FileId=file_id, Name="片名 2.mp4")
        call.holds("RequestId", len(reply.RequestId) == 36, reply)
        (media,) = api.call("DescribeMediaInfos", FileIds=[file_id]).MediaInfoSet
        call.equal("then DescribeMediaInfos BasicInfo.Name", media.BasicInfo.Name, "片名 2.mp4")
        refused = api.refusal("ModifyMediaInfo", FileId=UNKNOWN_FILE, Name="x")
        call.refused(refused.get_code(), "InvalidParameterValue.FileId")
        refused = api.refusal("ModifyMediaInfo", FileId=file_id, CoverData="aGVsbG8=")
        call.refused(refused.get_code(), "UnsupportedOperation")
    with api.exercise("DeleteMedia") as call:
        refused = api.refusal("DeleteMedia", FileId=file_id, DeleteParts=[{"Type": "OriginalFiles"}])
        call.refused(refused.get_code(), "UnsupportedOperation")
        reply = api.call("DeleteMedia", FileId=file_id)
        call.holds("RequestId", len(reply.RequestId) == 36, reply)
        reply = api.call("DescribeMediaInfos", FileIds=[file_id])
        call.equal("then DescribeMediaInfos NotExistFileIdSet", reply.NotExistFileIdSet, [file_id])
        call.refused(api.refusal("DeleteMedia", FileId=file_id).get_code(), "InvalidParameterValue.FileId")


def main():
    stage = Stage()
    families = {
        "SnapshotByTimeOffset": {},
        "SampleSnapshot": {"SampleType": "Percent", "SampleInterval": 20},
        "ImageSprite": {"SampleType": "Time", "SampleInterval": 5, "RowCount": 2, "ColumnCount": 3},
    }
    ways = [("POST", TC3), ("GET", TC3), ("POST", UNSIGNED)]
    ways += [(method, f"Hmac{hash}") for method in ("GET", "POST") for hash in ("SHA1", "SHA256")]
    for k, (method, signature) in enumerate(ways):
        api, file_id, session_id = Api(stage, method, signature), stage.videos[k]["file_id"], f"session-{k}"
        task_id = process_media(api, file_id, SessionId=session_id)
        describe_task_detail(api, task_id, file_id, session_id)
        sets = events(api, task_id, file_id, session_id)
        describe_media_infos(api, file_id, sets)
        for family, given in families.items():
            templates(api, family, given)
        manage_task(api, file_id, task_id)
        describe_tasks(api, file_id, task_id, session_id)
        event_config(api)
        modify_and_delete(api, file_id)
        refusals(stage, api)


main()
