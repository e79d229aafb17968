"""Tencent Cloud VOD, API 2018-07-17, by tencentcloud-sdk-python-vod: GET and POST, TC3 and version 1."""

import time
from unittest import mock

import cos_upload
from exercise import Stage
from tencent_2018_api import TC3, UNSIGNED, Api
from tencent_2018_media import delete_media, describe_media_infos, modify_media_info, pull_upload, search_media
from tencent_2018_tasks import describe_task_detail, describe_tasks, events, manage_task, notify_modes, process_media
from tencent_2018_templates import (
    delete_procedure_template,
    procedure_templates,
    process_media_by_procedure,
    templates,
)


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
        refused = api.refusal("CreateClass", ParentId=-1, ClassName="films")
        call.refused(refused.get_code(), "InvalidAction")


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


def empty_poll(api):
    """A pull that finds nothing waits for 5 s and answers an empty list."""
    with api.exercise("PullEvents") as call:
        begun = time.monotonic()
        call.equal("EventSet of an empty queue", api.call("PullEvents").EventSet, [])
        waited_s = time.monotonic() - begun
        call.holds("the wait for events", 4.5 < waited_s < 9, waited_s)


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
        name, procedure = f"Video-{k}", f"covers-{k}"
        modify_media_info(api, file_id, name)
        search_media(api, file_id, name)
        procedure_templates(api, procedure)
        process_media_by_procedure(api, file_id, procedure, f"by-procedure-{k}")
        notify_modes(api, file_id)
        manage_task(api, file_id, task_id)
        describe_tasks(api, file_id, task_id, session_id)
        event_config(api)
        (video,) = api.call("DescribeMediaInfos", FileIds=[file_id]).MediaInfoSet
        pull_upload(api, video.BasicInfo.MediaUrl, procedure, f"pull-{k}")
        cos_upload.exercise(api, stage, file_id)
        delete_procedure_template(api, procedure)
        delete_media(api, file_id)
        refusals(stage, api)
    empty_poll(api)


main()
