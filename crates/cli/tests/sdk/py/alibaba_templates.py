"""Templates of pictures, from their making to their end, and jobs by them."""

import json

import alibaba_snapshots
from alibaba_snapshots import CELLS, GRID, UNKNOWN
from exercise import SIZE

NAME = "测试 template * ~ +"
NORMAL = {"SnapshotType": "NormalSnapshot", "SnapshotConfig": {"Count": 10, "SpecifiedOffsetTime": 0, "Interval": 1}}


def add(api, config, name=NAME):
    with api.exercise("AddVodTemplate") as call:
        text = json.dumps(config)
        reply = api.call("AddVodTemplate", Name=name, TemplateType="Snapshot", TemplateConfig=text)
        template_id = reply["VodTemplateId"]
        call.holds("VodTemplateId", len(template_id) == 32, reply)
        info = find(api, template_id)
        call.equal("then GetVodTemplate Name", info["Name"], name)
        return template_id


def find(api, template_id):
    return api.call("GetVodTemplate", VodTemplateId=template_id)["VodTemplateInfo"]


def listed(api):
    infos = api.call("ListVodTemplate", TemplateType="Snapshot")["VodTemplateInfoList"]
    return {info["VodTemplateId"]: info for info in infos}


def told(call, info, name, config):
    """What a template says of itself: at least what it was told."""
    call.equal("Name", info["Name"], name)
    call.equal("TemplateType", info["TemplateType"], "Snapshot")
    call.equal("IsDefault", info["IsDefault"], "NotDefault")
    call.holds("CreationTime", info["CreationTime"].endswith("Z"), info)
    call.holds("ModifyTime", info["ModifyTime"].endswith("Z"), info)
    kept = json.loads(info["TemplateConfig"])
    call.equal("TemplateConfig SnapshotType", kept["SnapshotType"], config["SnapshotType"])
    given = config["SnapshotConfig"]
    call.equal("TemplateConfig SnapshotConfig", {name: kept["SnapshotConfig"][name] for name in given}, given)


def from_creation_to_deletion(api):
    template_id = add(api, NORMAL)
    with api.exercise("GetVodTemplate") as call:
        told(call, find(api, template_id), NAME, NORMAL)
        call.refused(api.refusal("GetVodTemplate", VodTemplateId=UNKNOWN).code, "NoSuchResource")
    with api.exercise("ListVodTemplate") as call:
        info = listed(api)[template_id]
        told(call, info, NAME, NORMAL)
        call.holds("AppId", info["AppId"].startswith("app-"), info)
        empty = api.call("ListVodTemplate", TemplateType="DynamicImage")
        call.equal("none of DynamicImage", empty["VodTemplateInfoList"], [])
    with api.exercise("UpdateVodTemplate") as call:
        changed = {**NORMAL, "SnapshotConfig": {"FrameType": "intra", "Count": 2, "Interval": 0, "Width": 64}}
        reply = api.call("UpdateVodTemplate", VodTemplateId=template_id, Name="second")
        call.equal("VodTemplateId", reply["VodTemplateId"], template_id)
        api.call("UpdateVodTemplate", VodTemplateId=template_id, TemplateConfig=json.dumps(changed))
        told_call = find(api, template_id)
        call.equal("then GetVodTemplate Name", told_call["Name"], "second")
        count = json.loads(told_call["TemplateConfig"])["SnapshotConfig"]["Count"]
        call.equal("then GetVodTemplate TemplateConfig", count, 2)
        call.refused(api.refusal("UpdateVodTemplate", VodTemplateId=UNKNOWN, Name="x").code, "NoSuchResource")
    with api.exercise("DeleteVodTemplate") as call:
        reply = api.call("DeleteVodTemplate", VodTemplateId=template_id)
        call.equal("VodTemplateId", reply["VodTemplateId"], template_id)
        call.holds("then ListVodTemplate", template_id not in listed(api), template_id)
        call.refused(api.refusal("DeleteVodTemplate", VodTemplateId=template_id).code, "NoSuchResource")
    with api.exercise("AddVodTemplate") as call:
        params = {"Name": "x", "TemplateConfig": json.dumps(NORMAL)}
        refused = api.refusal("AddVodTemplate", TemplateType="DynamicImage", **params)
        call.refused(refused.code, "UnsupportedOperation")
        params["TemplateConfig"] = "{}"
        call.refused(api.refusal("AddVodTemplate", TemplateType="Snapshot", **params).code, "InvalidParameter")


def template(kind, **config):
    return {"SnapshotType": kind, "SnapshotConfig": {"Count": 3, "Interval": 2, "SpecifiedOffsetTime": 0, **config}}


def jobs_by_templates(api, video_id):
    submit = alibaba_snapshots.submit
    template_id = add(api, template("NormalSnapshot", FrameType="normal", Width=160))
    # Whatever stands beside a template counts for nothing.
    submit(api, video_id, {"NormalSnapshot": (3, (160, 90))}, SnapshotTemplateId=template_id, Count=1)
    # 12 s of video with a keyframe each 2 s: each second's nearest keyframe, once.
    config = {"SnapshotType": "NormalSnapshot", "SnapshotConfig": {"FrameType": "intra", "Count": 12, "Interval": 1}}
    submit(api, video_id, {"NormalSnapshot": (6, SIZE)}, SnapshotTemplateId=add(api, config))
    cells = {**CELLS, "KeepCellPic": "keep"}
    template_id = add(api, template("SpriteSnapshot", SpriteSnapshotConfig=cells))
    sets = {"SpriteSnapshot": (1, GRID), "SpriteOriginSnapshot": (3, SIZE)}
    submit(api, video_id, sets, SnapshotTemplateId=template_id)
    for is_packed in [False, True]:
        frag = {"IsSptFrag": str(is_packed).lower()}
        config = template("WebVttSnapshot", Format="vtt", SubOut=frag, SpriteSnapshotConfig=CELLS)
        alibaba_snapshots.web_vtt(api, video_id, add(api, config), is_packed)


def exercise(api, video_id):
    """All of it."""
    from_creation_to_deletion(api)
    jobs_by_templates(api, video_id)
