"""Procedures, their events, and what is asked of tasks."""

from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from exercise import SIZE, picture_size, until
from tencent_2018_api import CONTEXT, UNKNOWN_FILE, confirmed_events


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
        call.refused(refused.get_code(), "InvalidParameterValue.InvalidOperationType")


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


def notify_modes(api, file_id):
    """Change tells of a procedure as each of its tasks ends; None tells nothing."""
    tasks = {"SampleSnapshotTaskSet": [{"Definition": 10}], "ImageSpriteTaskSet": [{"Definition": 10}]}
    params = {"FileId": file_id, "MediaProcessTask": tasks}
    with api.exercise("ProcessMedia") as call:
        silent = api.call("ProcessMedia", TasksNotifyMode="None", **params).TaskId
        until(f"the end of {silent}", lambda: api.call("DescribeTaskDetail", TaskId=silent).Status == "FINISH" or None)
        changing = api.call("ProcessMedia", TasksNotifyMode="Change", **params).TaskId
        events = confirmed_events(api, lambda event: event.EventType == "ProcedureStateChanged", 2)
        told = [event.ProcedureStateChangeEvent for event in events]
        told.sort(key=lambda one: one.Status, reverse=True)
        call.equal("TasksNotifyMode None and Change: TaskId", [one.TaskId for one in told], [changing] * 2)
        call.equal("TasksNotifyMode Change: Status", [one.Status for one in told], ["PROCESSING", "FINISH"])
        modes = [one.TasksNotifyMode for one in told]
        call.equal("TasksNotifyMode Change: TasksNotifyMode", modes, ["Change"] * 2)
        refused = api.refusal("ProcessMedia", TasksNotifyMode="Later", **params)
        call.refused(refused.get_code(), "InvalidParameterValue")
