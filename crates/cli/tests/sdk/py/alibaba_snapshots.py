"""Pictures: jobs of every kind, their lists, and what is told of them."""

import json

from exercise import SIZE, fetched, picture_size, until

UNKNOWN = "0" * 32
# Every character that the signature's percent encoding treats in its own way, and some beyond ASCII.
EXTEND = 'a "b" * ~ + c %2B 截图🎬'
CELLS = {"CellWidth": 120, "CellHeight": 68, "Columns": 2, "Lines": 2, "Color": "tomato"}
GRID = (240, 136)


def submit(api, video, sets, **params):
    """Submits a job and waits until its sets can be listed: each has a count and a size of pictures.

    The video is named by its id, or in `params` by its owner's.
    """
    named = {} if "ReferenceId" in params else {"VideoId": video}
    with api.exercise("SubmitSnapshotJob") as call:
        reply = api.call("SubmitSnapshotJob", **named, **params)
        call.holds("RequestId", len(reply["RequestId"]) == 36, reply)
        job_id = reply["SnapshotJob"]["JobId"]
        call.holds("SnapshotJob.JobId", len(job_id) == 32, job_id)
        first = next(iter(sets))
        until(f"the pictures of {job_id}", lambda: api.newest(video, first).get("JobId") == job_id or None)
        for kind, (count, size) in sets.items():
            listed = api.newest(video, kind)
            sizes = [picture_size(one["Url"]) for one in listed["Snapshots"]["Snapshot"]]
            call.equal(f"then ListSnapshots {kind} by {' + '.join(params)}", sizes, [size] * count)
        return job_id


def user_data(api, receiver, video_id):
    """The event of the job repeats what its `UserData` said, character for character."""
    data = {"Extend": EXTEND, "MessageCallback": {"CallbackURL": receiver.url, "CallbackType": "http"}}
    text = json.dumps(data, ensure_ascii=False)
    job_id = submit(api, video_id, {"NormalSnapshot": (3, SIZE)}, Count=3, Interval=2, UserData=text)
    body = receiver.of_job(job_id)
    with api.exercise("SubmitSnapshotJob") as call:
        call.equal("event EventType", body["EventType"], "SnapshotComplete")
        call.equal("event SubType", body["SubType"], "SpecifiedTime")
        call.equal("event VideoId", body["VideoId"], video_id)
        call.equal("event Status", body["Status"], "success")
        call.equal("event Extend", body["Extend"], EXTEND)
        (info,) = body["SnapshotInfos"]
        call.equal("event SnapshotInfos[].SnapshotCount", info["SnapshotCount"], 3)
        for number in range(1, 4):
            url = info["SnapshotRegular"].replace("{SnapshotCount}", f"{number:05}")
            call.equal("event SnapshotInfos[].SnapshotRegular", picture_size(url), SIZE)


def list_snapshots(api, video_id, job_id):
    with api.exercise("ListSnapshots") as call:
        # The newer SDK declares these as texts.
        params = {"VideoId": video_id, "SnapshotType": "NormalSnapshot", "PageSize": "2", "AuthTimeout": "3600"}
        first = api.call("ListSnapshots", PageNo="1", **params)
        second = api.call("ListSnapshots", PageNo="2", **params)
        call.holds("RequestId", first["RequestId"] != second["RequestId"], first)
        first, second = first["MediaSnapshot"], second["MediaSnapshot"]
        call.equal("MediaSnapshot.JobId", first["JobId"], job_id)
        call.equal("MediaSnapshot.Total", first["Total"], 3)
        call.holds("MediaSnapshot.CreationTime", first["CreationTime"].endswith("Z"), first)
        snapshots = first["Snapshots"]["Snapshot"] + second["Snapshots"]["Snapshot"]
        call.equal("Snapshots.Snapshot[].Index", [one["Index"] for one in snapshots], [1, 2, 3])
        urls = [first["Regular"].replace("{SnapshotCount}", f"{number:05}") for number in range(1, 4)]
        call.equal("MediaSnapshot.Regular", [one["Url"] for one in snapshots], urls)
        call.equal("Snapshots.Snapshot[].Url", [picture_size(url) for url in urls], [SIZE] * 3)
        # The default type is the covers of the upload.
        covers = api.call("ListSnapshots", VideoId=video_id)["MediaSnapshot"]
        call.equal("covers without SnapshotType", covers["Total"], 5)
        for params, code in [
            ({"VideoId": video_id, "SnapshotType": "NoSuchSnapshot"}, "InvalidParameter"),
            ({"VideoId": video_id, "PageSize": "101"}, "InvalidParameter"),
            ({"VideoId": video_id, "AuthTimeout": "soon"}, "InvalidParameter"),
            ({"VideoId": UNKNOWN}, "InvalidVideo.NotFound"),
        ]:
            call.refused(api.refusal("ListSnapshots", **params).code, code)


def refusals(api, video_id):
    with api.exercise("SubmitSnapshotJob") as call:
        for params, code in [
            ({"VideoId": UNKNOWN, "Count": 1}, "InvalidVideo.NotFound"),
            ({"ReferenceId": "no-such-video", "Count": 1}, "InvalidVideo.NotFound"),
            ({"VideoId": video_id, "SpecifiedOffsetTimes": [-1]}, "InvalidParameter"),
            ({"VideoId": video_id, "Width": "7"}, "InvalidParameter"),
            ({"VideoId": video_id, "UserData": "{"}, "InvalidParameter"),
            ({"VideoId": video_id, "SnapshotTemplateId": UNKNOWN}, "NoSuchResource"),
        ]:
            call.refused(api.refusal("SubmitSnapshotJob", **params).code, code)


def exercise(api, receiver, video_id):
    """All of it, on one video."""
    user_data(api, receiver, video_id)
    sets = {"SpriteSnapshot": (1, GRID), "SpriteOriginSnapshot": (3, SIZE)}
    config = json.dumps({**CELLS, "Padding": 0, "Margin": 0})
    submit(api, video_id, sets, SpriteSnapshotConfig=config, SpecifiedOffsetTimes=[1000, 2500, 7000])
    submit(api, video_id, {"NormalSnapshot": (1, (160, 90))}, SpecifiedOffsetTime=11_500, Width="160")
    job_id = submit(api, video_id, {"NormalSnapshot": (3, SIZE)}, Interval=5)
    list_snapshots(api, video_id, job_id)
    refusals(api, video_id)


def web_vtt(api, video_id, template_id, is_packed):
    """A set with a WebVTT file, whose cues name the pictures beside it."""
    size = GRID if is_packed else SIZE
    count = 1 if is_packed else 3
    submit(api, video_id, {"WebVttSnapshot": (count, size)}, SnapshotTemplateId=template_id)
    with api.exercise("ListSnapshots") as call:
        # The newer SDK drops what its model does not have.
        listed = api.newest(video_id, "WebVttSnapshot")
        stem = listed["Regular"].rsplit("/", 1)[0]
        url = f"{stem}/{stem.rsplit('/', 1)[1]}.vtt"
        if "WebVttUrl" in listed:
            call.equal("MediaSnapshot.WebVttUrl", listed["WebVttUrl"], url)
        text = fetched(url).decode()
        cues = [line for line in text.splitlines() if ".jpg" in line]
        parts = ["#xywh=0,0,120,68", "#xywh=120,0,120,68", "#xywh=0,68,120,68"] if is_packed else [""] * 3
        numbers = [1, 1, 1] if is_packed else [1, 2, 3]
        names = [f"{number:05}.jpg{part}" for number, part in zip(numbers, parts)]
        form = "one large picture" if is_packed else "single pictures"
        call.equal(f"WebVTT over {form}", (text.split("\n")[0], cues), ("WEBVTT", names))
