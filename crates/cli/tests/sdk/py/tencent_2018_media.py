"""What is known of videos, changing it, searching by it, fetching and deleting videos."""

import base64
import urllib.request

from exercise import SIZE, PATIENCE_S, picture_size, until
from tencent_2018_api import CONTEXT, UNKNOWN_FILE, confirm_all, confirmed_events


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


def modify_media_info(api, file_id, name):
    """What is said of a video is read back; its cover is a picture of our own."""

    def basic_info():
        (media,) = api.call("DescribeMediaInfos", FileIds=[file_id], Filters=["basicInfo"]).MediaInfoSet
        return media.BasicInfo

    with api.exercise("ModifyMediaInfo") as call:
        old_cover = basic_info().CoverUrl
        said = {"Name": name, "Description": f"of {name}", "ClassId": 7}
        reply = api.call("ModifyMediaInfo", FileId=file_id, AddTags=["海", "sun"], **said)
        call.holds("RequestId", len(reply.RequestId) == 36, reply)
        found = basic_info()
        for field, value in said.items():
            call.equal(f"then DescribeMediaInfos BasicInfo.{field}", getattr(found, field), value)
        api.call("ModifyMediaInfo", FileId=file_id, AddTags=["rain"], DeleteTags=["sun"])
        call.equal("then DescribeMediaInfos BasicInfo.TagSet", basic_info().TagSet, ["海", "rain"])
        # A GET carries no more than 32 KiB.
        picture = fetched(old_cover) if api.method == "POST" else GIF
        reply = api.call("ModifyMediaInfo", FileId=file_id, CoverData=base64.b64encode(picture).decode())
        call.holds("CoverUrl", reply.CoverUrl != old_cover, reply)
        call.equal("CoverUrl, fetched", fetched(reply.CoverUrl), picture)
        call.equal("then DescribeMediaInfos BasicInfo.CoverUrl", basic_info().CoverUrl, reply.CoverUrl)
        refused = api.refusal("ModifyMediaInfo", FileId=UNKNOWN_FILE, Name="x")
        call.refused(refused.get_code(), "InvalidParameterValue.FileId")
        refused = api.refusal("ModifyMediaInfo", FileId=file_id, CoverData="aGVsbG8=")
        call.refused(refused.get_code(), "FailedOperation.CoverType")
        refused = api.refusal("ModifyMediaInfo", FileId=file_id, AddTags=["a"], ClearTags=1)
        call.refused(refused.get_code(), "InvalidParameterValue.AddTagsAndClearTagsConflict")
        refused = api.refusal("ModifyMediaInfo", FileId=file_id, ExpireTime="2030-01-01T00:00:00Z")
        call.refused(refused.get_code(), "UnsupportedOperation")


# One pixel.
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


def fetched(url):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=PATIENCE_S) as answer:
        return answer.read()


def search_media(api, file_id, name):
    """The video is found by each thing that was said of it."""
    with api.exercise("SearchMedia") as call:
        created = {"After": "2020-01-01T00:00:00Z", "Before": "2100-01-01T00:00:00Z"}
        by = {"Names": [name.upper()], "NamePrefixes": [name[:6]], "Descriptions": [f"of {name}"]}
        by.update({"Tags": ["海"], "ClassIds": [7], "FileIds": [file_id], "CreateTime": created})
        for field, value in by.items():
            reply = api.call("SearchMedia", **{"Names": [name], field: value}, Filters=["basicInfo"])
            call.equal(f"by {field}: TotalCount", reply.TotalCount, 1)
            call.equal(f"by {field}: MediaInfoSet[].FileId", [one.FileId for one in reply.MediaInfoSet], [file_id])
        call.equal("Filters", (reply.MediaInfoSet[0].BasicInfo.Name, reply.MediaInfoSet[0].MetaData), (name, None))
        reply = api.call("SearchMedia", Names=[name], Tags=["none"])
        call.equal("by what does not match: TotalCount", (reply.TotalCount, reply.MediaInfoSet), (0, []))
        order = {"Field": "CreateTime", "Order": "Asc"}
        whole = api.call("SearchMedia", Sort=order, Limit=100)
        call.equal("TotalCount", whole.TotalCount, len(whole.MediaInfoSet))
        part = api.call("SearchMedia", Sort=order, Offset=1, Limit=1)
        ids = [one.FileId for one in whole.MediaInfoSet]
        call.equal("Offset and Limit", ([one.FileId for one in part.MediaInfoSet], part.TotalCount), (ids[1:2], len(ids)))
        last = api.call("SearchMedia", Sort={"Field": "CreateTime", "Order": "Desc"}, Limit=1).MediaInfoSet[0]
        times = [one.BasicInfo.CreateTime for one in whole.MediaInfoSet]
        call.equal("Sort", (times, last.FileId), (sorted(times), ids[-1]))
        call.refused(api.refusal("SearchMedia", Limit=5_001).get_code(), "InvalidParameterValue.Limit")
        call.refused(api.refusal("SearchMedia", FileIds=["1"] * 11).get_code(), "InvalidParameterValue.FileIds")
        refused = api.refusal("SearchMedia", Sort={"Field": "Name", "Order": "Asc"})
        call.refused(refused.get_code(), "InvalidParameterValue.Sort")


def pull_upload(api, url, procedure, session_id):
    """A video is fetched, and the procedure that was asked for runs on it."""
    with api.exercise("PullUpload") as call:
        params = {"MediaUrl": url, "MediaName": "拉取.mp4", "ClassId": 3, "SourceContext": "list 7"}
        params.update(Procedure=procedure, SessionId=session_id, SessionContext=CONTEXT, TasksPriority=2)
        reply = api.call("PullUpload", **params)
        task_id = reply.TaskId
        call.holds("TaskId", "-Pull-" in task_id, reply)
        call.refused(api.refusal("PullUpload", **params).get_code(), "InvalidParameterValue.SessionId")
        refused = api.refusal("PullUpload", MediaUrl="file:///etc/passwd")
        call.refused(refused.get_code(), "InvalidParameterValue.MediaUrl")
        refused = api.refusal("PullUpload", MediaUrl=url, Procedure="none")
        call.refused(refused.get_code(), "InvalidParameterValue.Procedure")
        detail = until(f"the end of {task_id}", lambda: finished(api, task_id))
        call.equal("then DescribeTaskDetail TaskType", detail.TaskType, "PullUpload")
        task = detail.PullUploadTask
        (event,) = confirmed_events(api, lambda one: one.EventType == "PullComplete", 1)
        for source, told in [("then DescribeTaskDetail PullUploadTask", task), ("then PullEvents PullCompleteEvent", event.PullCompleteEvent)]:
            call.equal(f"{source}.TaskId", told.TaskId, task_id)
            call.equal(f"{source}.Status", (told.Status, told.ErrCode, told.Message), ("FINISH", 0, "SUCCESS"))
            call.equal(f"{source}.SessionId", told.SessionId, session_id)
            call.equal(f"{source}.SessionContext", told.SessionContext, CONTEXT)
            call.equal(f"{source}.MediaBasicInfo.Name", told.MediaBasicInfo.Name, "拉取.mp4")
            call.equal(f"{source}.MediaBasicInfo.SourceInfo", told.MediaBasicInfo.SourceInfo.SourceContext, "list 7")
            call.equal(f"{source}.FileUrl", fetched(told.FileUrl), fetched(url))
            call.holds(f"{source}.ProcedureTaskId", "-procedurev2-" in told.ProcedureTaskId, told)
        detail = until("the end of its procedure", lambda: finished(api, task.ProcedureTaskId))
        procedure_task = detail.ProcedureTask
        call.equal("then its procedure: FileId", procedure_task.FileId, task.FileId)
        call.equal("then its procedure: SessionContext", procedure_task.SessionContext, CONTEXT)
        statuses = [one.ImageSpriteTask.Status for one in procedure_task.MediaProcessResultSet]
        call.equal("then its procedure: Status", statuses, ["SUCCESS"])
        order = {"Field": "CreateTime", "Order": "Asc"}
        listed = api.call("DescribeTasks", FileId=task.FileId, Sort=order).TaskSet
        call.equal("then DescribeTasks TaskType", [one.TaskType for one in listed], ["PullUpload", "Procedure"])
        reply = api.call("PullUpload", MediaUrl=url + ".none")
        task = until("the end of a bad one", lambda: finished(api, reply.TaskId)).PullUploadTask
        call.equal("of nothing: ErrCode", task.ErrCode, 60_000)
        call.holds("of nothing: Message", task.Message != "SUCCESS", task)
        confirm_all(api)


def finished(api, task_id):
    detail = api.call("DescribeTaskDetail", TaskId=task_id)
    return detail if detail.Status == "FINISH" else None


def delete_media(api, file_id):
    with api.exercise("DeleteMedia") as call:
        refused = api.refusal("DeleteMedia", FileId=file_id, DeleteParts=[{"Type": "OriginalFiles"}])
        call.refused(refused.get_code(), "UnsupportedOperation")
        reply = api.call("DeleteMedia", FileId=file_id)
        call.holds("RequestId", len(reply.RequestId) == 36, reply)
        reply = api.call("DescribeMediaInfos", FileIds=[file_id])
        call.equal("then DescribeMediaInfos NotExistFileIdSet", reply.NotExistFileIdSet, [file_id])
        call.refused(api.refusal("DeleteMedia", FileId=file_id).get_code(), "InvalidParameterValue.FileId")
