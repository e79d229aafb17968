"""Alibaba Cloud ApsaraVideo VOD 2017-03-21 by aliyun-python-sdk-core and -vod: POST and GET, signature V1.

Events come to a receiver that `UserData` names for its own job.
"""

import json
import threading
import xml.etree.ElementTree
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest import mock

from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.utils import parameter_helper
from aliyunsdkvod.request.v20170321.GetVideoInfoRequest import GetVideoInfoRequest
from aliyunsdkvod.request.v20170321.ListSnapshotsRequest import ListSnapshotsRequest
from aliyunsdkvod.request.v20170321.SubmitSnapshotJobRequest import SubmitSnapshotJobRequest

from exercise import PATIENCE_S, SIZE, Exercise, Stage, picture_size, until

CLIENT = "aliyun-python-sdk-vod"
UNKNOWN_VIDEO = "0" * 32
# Every character that the signature's percent encoding treats in its own way, and some beyond ASCII.
EXTEND = 'a "b" * ~ + c %2B 截图🎬'


class Receiver:
    """Keeps the bodies of the callbacks that it gets, and answers 200."""

    def __init__(self):
        self.bodies = []
        self.came = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with receiver.came:
                    receiver.bodies.append(body)
                    receiver.came.notify_all()
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}/events"
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def body_of(self, job_id):
        """The first body that tells of a job."""

        def found():
            told = (body for body in self.bodies for info in body["SnapshotInfos"] if info["JobId"] == job_id)
            return next(told, None)

        with self.came:
            if not self.came.wait_for(found, PATIENCE_S):
                raise AssertionError(f"no event of {job_id} among {self.bodies}")
            return found()


class Api:
    """The SDK with one method."""

    def __init__(self, stage, method, secret=None):
        self.stage, self.method = stage, method
        self.client = AcsClient(stage.key_id, secret or stage.secret, "cn-shanghai", auto_retry=False)

    def prepared(self, request, **params):
        request.set_endpoint(self.stage.host)
        request.set_protocol_type("http")
        request.set_method(self.method)
        for name, value in params.items():
            getattr(request, f"set_{name}")(value)
        return request

    def call(self, request, **params):
        return json.loads(self.client.do_action_with_exception(self.prepared(request, **params)))

    def refusal(self, request, **params):
        try:
            reply = self.call(request, **params)
        except ServerException as refusal:
            return refusal
        raise AssertionError(f"accepted: {reply}")

    def exercise(self, operation):
        return Exercise(operation, CLIENT, self.method, "HMAC-SHA1 (V1)")

    def newest(self, video_id, kind):
        return self.call(ListSnapshotsRequest(), VideoId=video_id, SnapshotType=kind)["MediaSnapshot"]


def submit(api, video_id, sets, **params):
    """Submits a job and waits until its sets can be listed: each has a count and a size of pictures."""
    with api.exercise("SubmitSnapshotJob") as call:
        reply = api.call(SubmitSnapshotJobRequest(), VideoId=video_id, **params)
        call.holds("RequestId", len(reply["RequestId"]) == 36, reply)
        job_id = reply["SnapshotJob"]["JobId"]
        call.holds("SnapshotJob.JobId", len(job_id) == 32, job_id)
        first = next(iter(sets))
        until(f"the pictures of {job_id}", lambda: api.newest(video_id, first).get("JobId") == job_id or None)
        for kind, (count, size) in sets.items():
            listed = api.newest(video_id, kind)
            sizes = [picture_size(one["Url"]) for one in listed["Snapshots"]["Snapshot"]]
            call.equal(f"then ListSnapshots {kind} by {' + '.join(params)}", sizes, [size] * count)
        return job_id


def user_data(api, receiver, video_id):
    """The event of the job repeats what its `UserData` said, character for character."""
    data = {"Extend": EXTEND, "MessageCallback": {"CallbackURL": receiver.url, "CallbackType": "http"}}
    text = json.dumps(data, ensure_ascii=False)
    job_id = submit(api, video_id, {"NormalSnapshot": (3, SIZE)}, Count=3, Interval=2, UserData=text)
    body = receiver.body_of(job_id)
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
        params = {"VideoId": video_id, "SnapshotType": "NormalSnapshot", "PageSize": 2, "AuthTimeout": 3600}
        first = api.call(ListSnapshotsRequest(), PageNo=1, **params)
        second = api.call(ListSnapshotsRequest(), PageNo=2, **params)
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
        covers = api.call(ListSnapshotsRequest(), VideoId=video_id)["MediaSnapshot"]
        call.equal("covers without SnapshotType", covers["Total"], 5)
        refused = api.refusal(ListSnapshotsRequest(), VideoId=video_id, SnapshotType="NoSuchSnapshot")
        call.refused(refused.get_error_code(), "InvalidParameter")
        refused = api.refusal(ListSnapshotsRequest(), VideoId=UNKNOWN_VIDEO)
        call.refused(refused.get_error_code(), "InvalidVideo.NotFound")


def get_video_info(api, video_id):
    with api.exercise("GetVideoInfo") as call:
        reply = api.call(GetVideoInfoRequest(), VideoId=video_id)
        call.holds("RequestId", len(reply["RequestId"]) == 36, reply)
        video = reply["Video"]
        call.equal("Video.VideoId", video["VideoId"], video_id)
        call.equal("Video.Status", video["Status"], "Normal")
        call.holds("Video.AppId", video["AppId"].startswith("app-"), video)
        call.holds("Video.Title", video["Title"].endswith(".mp4"), video)
        call.equal("Video.Duration", video["Duration"], 12.0)
        call.holds("Video.Size", isinstance(video["Size"], int) and video["Size"] > 0, video)
        call.holds("Video.CreationTime", video["CreationTime"].endswith("Z"), video)
        covers = video["Snapshots"]["Snapshot"]
        call.equal("Video.Snapshots.Snapshot[]", [picture_size(url) for url in covers], [SIZE] * 5)
        call.holds("Video.CoverURL", video["CoverURL"] in covers, video)
        as_xml = api.prepared(GetVideoInfoRequest(), VideoId=video_id)
        as_xml.set_accept_format("XML")
        _, _, body, refusal = api.client._implementation_of_do_action(as_xml)
        root = xml.etree.ElementTree.fromstring(body)
        call.equal("as XML: Video.VideoId", (root.findtext("Video/VideoId"), refusal), (video_id, None))


def refusals(stage, api, video_id):
    """A refusal is an exception of the SDK with its code, message and request id."""
    with api.exercise("GetVideoInfo") as call:
        missing = api.refusal(GetVideoInfoRequest(), VideoId=UNKNOWN_VIDEO)
        call.refused(missing.get_error_code(), "InvalidVideo.NotFound")
        call.equal("refusal: HTTP status", missing.get_http_status(), 404)
        call.equal("refusal: Message", missing.get_error_msg(), "The video does not exist.")
        call.holds("refusal: RequestId", len(missing.get_request_id()) == 36, missing)
        call.refused(api.refusal(GetVideoInfoRequest()).get_error_code(), "MissingVideoId")
        # The SDK compares the string to sign in the message with its own, and finds the secret wrong.
        stranger = Api(stage, api.method, secret="wrong")
        wrong = stranger.refusal(GetVideoInfoRequest(), VideoId=video_id)
        call.refused(wrong.get_error_code(), "InvalidAccessKeySecret")
        unknown = Api(stage, api.method)
        unknown.client = AcsClient("LTAIunknown", stage.secret, "cn-shanghai", auto_retry=False)
        refused = unknown.refusal(GetVideoInfoRequest(), VideoId=video_id)
        call.refused(refused.get_error_code(), "InvalidAccessKeyId.NotFound")
        with mock.patch.object(parameter_helper, "get_iso_8061_date", lambda: "2020-01-01T00:00:00Z"):
            refused = api.refusal(GetVideoInfoRequest(), VideoId=video_id)
        call.refused(refused.get_error_code(), "InvalidTimeStamp.Expired")
        with mock.patch.object(parameter_helper, "get_uuid", lambda: f"again-{api.method}"):
            api.call(GetVideoInfoRequest(), VideoId=video_id)
            refused = api.refusal(GetVideoInfoRequest(), VideoId=video_id)
        call.refused(refused.get_error_code(), "SignatureNonceUsed")
    with api.exercise("SubmitSnapshotJob") as call:
        for params, code in [
            ({"VideoId": UNKNOWN_VIDEO, "Count": 1}, "InvalidVideo.NotFound"),
            ({"VideoId": video_id, "SpecifiedOffsetTimes": [-1]}, "InvalidParameter"),
            ({"VideoId": video_id, "Width": "7"}, "InvalidParameter"),
            ({"VideoId": video_id, "UserData": "{"}, "InvalidParameter"),
            ({"VideoId": video_id, "SnapshotTemplateId": UNKNOWN_VIDEO}, "NoSuchResource"),
        ]:
            call.refused(api.refusal(SubmitSnapshotJobRequest(), **params).get_error_code(), code)


def main():
    stage, receiver = Stage(), Receiver()
    for k, method in enumerate(["POST", "GET"]):
        api, video_id = Api(stage, method), stage.videos[k]["video_id"]
        until("the covers", lambda: api.newest(video_id, "CoverSnapshot").get("JobId"))
        user_data(api, receiver, video_id)
        cells = {"CellWidth": 120, "CellHeight": 68, "Columns": 2, "Lines": 2, "Color": "tomato"}
        sets = {"SpriteSnapshot": (1, (240, 136)), "SpriteOriginSnapshot": (3, SIZE)}
        times = {"SpecifiedOffsetTimes": [1000, 2500, 7000]}
        submit(api, video_id, sets, SpriteSnapshotConfig=json.dumps({**cells, "Padding": 0, "Margin": 0}), **times)
        submit(api, video_id, {"NormalSnapshot": (1, (160, 90))}, SpecifiedOffsetTime=11_500, Width="160")
        job_id = submit(api, video_id, {"NormalSnapshot": (3, SIZE)}, Interval=5)
        list_snapshots(api, video_id, job_id)
        get_video_info(api, video_id)
        refusals(stage, api, video_id)


main()
