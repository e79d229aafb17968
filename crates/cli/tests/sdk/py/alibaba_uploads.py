"""Videos that come from URLs, workflows over them, what became of the jobs, and their end."""

import base64
import json
import urllib.parse
import urllib.request

import alibaba_snapshots
from alibaba_snapshots import UNKNOWN
from exercise import PATIENCE_S, SIZE, picture_size, until

COVER = "https://pictures.example/cover of mine.jpg"


def native(stage, path, document=None):
    """An answer of the native API."""
    key = base64.b64encode(f"{stage.key_id}:{stage.secret}".encode()).decode()
    headers = {"authorization": f"Basic {key}", "content-type": "application/json"}
    body = json.dumps(document).encode() if document is not None else None
    request = urllib.request.Request(stage.url + path, data=body, headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=PATIENCE_S) as answer:
        return json.loads(answer.read())


def make_workflow(stage):
    """A workflow of two sets of pictures, kept natively."""
    steps = [
        {"offsets_ms": [1000, 4000], "width_px": 160},
        {
            "series": {"interval_ms": 3000, "count": 4},
            "sprite": {"columns": 2, "rows": 2, "cell_width_px": 80, "cell_height_px": 45},
        },
    ]
    return native(stage, "/v1/workflows", {"name": "storyboard", "steps": steps})["id"]


def upload(api, receiver, film_url, mark, workflow_id):
    """Brings a video with everything that can be said of it; answers its id."""
    reference = f"reference-{mark}"
    url, missing = f"{film_url}?of={mark}&a=1,2", film_url.replace("/film", "/none") + f"?{mark}"
    metadata = {
        "SourceURL": url,
        "Title": f"film {mark} 影",
        "Description": "fetched",
        "Tags": "a,b",
        "CateId": "9",
        "CoverURL": COVER,
        "ReferenceId": reference,
        "WorkflowId": workflow_id,
    }
    data = {"Extend": mark, "MessageCallback": {"CallbackURL": receiver.url}}
    with api.exercise("UploadMediaByURL") as call:
        encoded = ",".join(urllib.parse.quote(one, safe="") for one in (url, missing))
        reply = api.call(
            "UploadMediaByURL",
            UploadURLs=encoded,
            UploadMetadatas=json.dumps([metadata], ensure_ascii=False),
            UserData=json.dumps(data),
            SessionId=f"session-{mark}",
        )
        jobs = reply["UploadJobs"]
        call.equal("UploadJobs[].SourceURL", [job["SourceURL"] for job in jobs], [url, missing])
        found, lost = (job["JobId"] for job in jobs)
        call.holds("UploadJobs[].JobId", len(found) == len(lost) == 32, jobs)
        until("the fetch", lambda: info(api, found)["Status"] == "SUCCESS" or None)
        body = receiver.of_type("UploadByURLComplete", "JobId", found)
        video_id = body["VideoId"]
        call.equal("event UploadByURLComplete", (body["Status"], body["SourceURL"]), ("success", url))
        stored = receiver.of_type("FileUploadComplete", "VideoId", video_id)
        call.equal("event FileUploadComplete Extend", stored["Extend"], mark)
        failed = receiver.of_type("UploadByURLComplete", "JobId", lost)
        call.equal("event of a URL without a video", (failed["Status"], "VideoId" in failed), ("fail", False))
        until("the analysis", lambda: "Duration" in named(api, reference) or None)
        video = named(api, reference)
        call.equal("then GetVideoInfo VideoId by ReferenceId", video["VideoId"], video_id)
        for name in ["Title", "Description", "Tags", "CoverURL", "ReferenceId"]:
            call.equal(f"then GetVideoInfo {name}", video[name], metadata[name])
        call.equal("then GetVideoInfo CateId", video["CateId"], 9)
        call.equal("then GetVideoInfo UserData", json.loads(video["UserData"]), data)
        until("the workflow", lambda: api.newest(video_id, "SpriteSnapshot").get("JobId"))
        urls = [one["Url"] for one in api.newest(video_id, "NormalSnapshot")["Snapshots"]["Snapshot"]]
        call.equal("then ListSnapshots of its WorkflowId", [picture_size(one) for one in urls], [(160, 90)] * 2)
        for params, code in [
            ({"UploadURLs": "ftp://films.example/a.mp4"}, "InvalidParameter.UploadURLs"),
            ({"UploadURLs": encoded, "WorkflowId": "none"}, "NoSuchResource"),
            ({"UploadURLs": encoded, "SessionId": f"session-{mark}"}, "OperationDenied"),
        ]:
            call.refused(api.refusal("UploadMediaByURL", **params).code, code)
    get_url_upload_infos(api, (found, url), (lost, missing), video_id)
    return video_id


def named(api, reference):
    return api.call("GetVideoInfo", ReferenceId=reference)["Video"]


def info(api, job_id):
    (info,) = api.call("GetURLUploadInfos", JobIds=job_id)["URLUploadInfoList"]
    return info


def get_url_upload_infos(api, found, lost, video_id):
    with api.exercise("GetURLUploadInfos") as call:
        until("the failed fetch", lambda: info(api, lost[0])["Status"] == "FAIL" or None)
        reply = api.call("GetURLUploadInfos", JobIds=f"{found[0]},{UNKNOWN},{lost[0]}")
        good, bad = reply["URLUploadInfoList"]
        call.equal("JobId", (good["JobId"], bad["JobId"]), (found[0], lost[0]))
        call.equal("UploadURL", (good["UploadURL"], bad["UploadURL"]), (found[1], lost[1]))
        call.equal("MediaId", good["MediaId"], video_id)
        call.equal("Status", (good["Status"], bad["Status"]), ("SUCCESS", "FAIL"))
        call.holds("CreationTime", good["CreationTime"].endswith("Z"), good)
        call.holds("CompleteTime", good["CompleteTime"] >= good["CreationTime"], good)
        call.holds("FileSize", int(good["FileSize"]) > 0, good)
        call.holds("UserData", "Extend" in json.loads(good["UserData"]), good)
        call.equal("ErrorCode", bad["ErrorCode"], "URLInvalidError")
        call.holds("ErrorMessage", bad["ErrorMessage"], bad)
        call.equal("NonExists[]", reply["NonExists"], [UNKNOWN])
        by_url = api.call("GetURLUploadInfos", UploadURLs=urllib.parse.quote(found[1], safe=""))
        call.equal("by UploadURLs", by_url["URLUploadInfoList"][0]["JobId"], found[0])
        call.refused(api.refusal("GetURLUploadInfos").code, "MissingJobIds")


def jobs(api, video_id, workflow_id):
    with api.exercise("SubmitWorkflowJob") as call:
        task_id = api.call("SubmitWorkflowJob", MediaId=video_id, WorkflowId=workflow_id)["TaskId"]
        call.holds("TaskId", len(task_id) == 32, task_id)
        until("the workflow", lambda: api.newest(video_id, "NormalSnapshot").get("JobId") == task_id or None)
        urls = [one["Url"] for one in api.newest(video_id, "NormalSnapshot")["Snapshots"]["Snapshot"]]
        call.equal("then ListSnapshots", [picture_size(url) for url in urls], [(160, 90)] * 2)
        refused = api.refusal("SubmitWorkflowJob", MediaId=video_id, WorkflowId="none")
        call.refused(refused.code, "NoSuchResource")
    job_id = alibaba_snapshots.submit(api, video_id, {"NormalSnapshot": (2, SIZE)}, Count=2, Interval=4)
    with api.exercise("GetJobDetail") as call:
        reply = api.call("GetJobDetail", JobId=job_id, JobType="snapshot")
        call.equal("JobType", reply["JobType"], "snapshot")
        detail = reply["SnapshotJobDetail"]
        call.equal("JobId", detail["JobId"], job_id)
        call.equal("VideoId", detail["VideoId"], video_id)
        call.equal("Status", detail["Status"], "Success")
        call.equal("Trigger", detail["Trigger"], "Manual")
        call.holds("UserId", isinstance(detail["UserId"], int), detail)
        call.holds("CreateTime", detail["CreateTime"].endswith("Z"), detail)
        call.holds("CompleteTime", detail["CompleteTime"] >= detail["CreateTime"], detail)
        call.equal("NormalConfig", json.loads(detail["NormalConfig"])["Count"], 2)
        covers = api.newest(video_id, "CoverSnapshot")["JobId"]
        detail = api.call("GetJobDetail", JobId=covers, JobType="snapshot")["SnapshotJobDetail"]
        call.equal("Trigger of covers", detail["Trigger"], "Auto")
        call.holds("SpriteConfig", "Columns" in json.loads(detail["SpriteConfig"]), detail)
        task = api.call("GetJobDetail", JobId=task_id, JobType="workflow")["WorkflowTaskDetail"]
        call.equal("WorkflowTaskDetail.TaskId", task["TaskId"], task_id)
        call.equal("WorkflowTaskDetail.Status", task["Status"], "Succeed")
        call.equal("WorkflowTaskDetail.Workflow", task["Workflow"]["WorkflowId"], workflow_id)
        call.refused(api.refusal("GetJobDetail", JobId=UNKNOWN, JobType="snapshot").code, "NoSuchResource")
        call.refused(api.refusal("GetJobDetail", JobId=job_id, JobType="film").code, "InvalidParameter")
    with api.exercise("ListJobInfo") as call:
        reply = api.call("ListJobInfo", MediaId=video_id, JobType="snapshot")
        call.equal("MediaId", reply["MediaId"], video_id)
        call.equal("JobType", reply["JobType"], "snapshot")
        infos = reply["JobInfoList"]
        call.equal("JobInfoList[].JobId newest first", [one["JobId"] for one in infos[:2]], [job_id, task_id])
        call.equal("JobInfoList[].Status", {one["Status"] for one in infos}, {"Success"})
        call.holds("JobInfoList[].CreateTime", infos[0]["CreateTime"].endswith("Z"), infos)
        call.holds("JobInfoList[].CompleteTime", infos[0]["CompleteTime"].endswith("Z"), infos)
        none = api.call("ListJobInfo", MediaId=video_id, JobType="transcode")
        call.equal("none of transcoding", none["JobInfoList"], [])
        refused = api.refusal("ListJobInfo", MediaId=UNKNOWN, JobType="snapshot")
        call.refused(refused.code, "InvalidVideo.NotFound")


def delete_video(api, receiver, video_id, mark):
    with api.exercise("DeleteVideo") as call:
        reference = f"reference-{mark}"
        picture = api.newest(video_id, "CoverSnapshot")["Snapshots"]["Snapshot"][0]["Url"]
        reply = api.call("DeleteVideo", ReferenceIds=f"{reference},no-such-video")
        call.equal("NonExistReferenceIds[]", reply["NonExistReferenceIds"], ["no-such-video"])
        call.equal("NonExistVideoIds[]", reply["NonExistVideoIds"], [])
        call.equal("ForbiddenVideoIds[]", reply["ForbiddenVideoIds"], [])
        refused = api.refusal("GetVideoInfo", VideoId=video_id)
        call.equal("then GetVideoInfo", refused.code, "InvalidVideo.NotFound")
        try:
            picture_size(picture)
            raise AssertionError(f"{picture} is still there")
        except urllib.error.HTTPError as answer:
            call.equal("its pictures are gone", answer.code, 404)
        body = receiver.of_type("DeleteMediaComplete", "MediaId", video_id)
        call.equal("event DeleteMediaComplete", (body["MediaType"], body["DeleteType"]), ("video", "all"))
        call.refused(api.refusal("DeleteVideo", VideoIds=video_id).code, "InvalidVideo.NotFound")


def exercise(api, receiver, film_url, mark):
    """All of it."""
    workflow_id = make_workflow(api.stage)
    video_id = upload(api, receiver, film_url, mark, workflow_id)
    until("the covers", lambda: api.newest(video_id, "CoverSnapshot").get("JobId"))
    with api.exercise("UploadMediaByURL") as call:
        call.equal("its CoverURL stays beside its covers", named(api, f"reference-{mark}")["CoverURL"], COVER)
    sets = {"NormalSnapshot": (1, SIZE)}
    alibaba_snapshots.submit(api, video_id, sets, ReferenceId=f"reference-{mark}", SpecifiedOffsetTime=100)
    jobs(api, video_id, workflow_id)
    delete_video(api, receiver, video_id, mark)
