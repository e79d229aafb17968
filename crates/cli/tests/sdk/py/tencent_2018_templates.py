"""Templates of the three families, and procedures made of them."""

from tencent_2018_api import CONTEXT, UNKNOWN_FILE, confirmed_events


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


def procedure_templates(api, name):
    """Makes a procedure, reads it, makes another one of it; it stays for other calls."""
    offsets = {"Definition": 10, "ExtTimeOffsetSet": ["1.5s", "50%"]}
    cover = {"Definition": 10, "PositionType": "Percent", "PositionValue": 50}
    tasks = {"SnapshotByTimeOffsetTaskSet": [offsets], "CoverBySnapshotTaskSet": [cover]}

    def found():
        return api.call("DescribeProcedureTemplates", Names=[name], Type="Custom")

    with api.exercise("CreateProcedureTemplate") as call:
        reply = api.call("CreateProcedureTemplate", Name=name, Comment="封面", MediaProcessTask=tasks)
        call.holds("RequestId", len(reply.RequestId) == 36, reply)
        (made,) = found().ProcedureTemplateSet
        at = "then DescribeProcedureTemplates"
        call.equal(f"{at} Name", made.Name, name)
        call.equal(f"{at} Comment", made.Comment, "封面")
        (kept,) = made.MediaProcessTask.SnapshotByTimeOffsetTaskSet
        call.equal(f"{at} ExtTimeOffsetSet", (kept.Definition, kept.ExtTimeOffsetSet), (10, ["1.5s", "50%"]))
        (kept,) = made.MediaProcessTask.CoverBySnapshotTaskSet
        call.equal(f"{at} PositionType", (kept.PositionType, kept.PositionValue), ("Percent", 50))
        refused = api.refusal("CreateProcedureTemplate", Name=name, MediaProcessTask=tasks)
        call.refused(refused.get_code(), "InvalidParameter.ExistedProcedureName")
        transcode = {"TranscodeTaskSet": [{"Definition": 100010}]}
        refused = api.refusal("CreateProcedureTemplate", Name="other", MediaProcessTask=transcode)
        call.refused(refused.get_code(), "UnsupportedOperation")
    with api.exercise("DescribeProcedureTemplates") as call:
        reply = found()
        call.equal("TotalCount", reply.TotalCount, 1)
        (made,) = reply.ProcedureTemplateSet
        call.equal("ProcedureTemplateSet[].Type", made.Type, "Custom")
        for field in ["CreateTime", "UpdateTime"]:
            call.holds(f"ProcedureTemplateSet[].{field}", getattr(made, field).endswith("Z"), made)
        call.equal("Type", api.call("DescribeProcedureTemplates", Type="Preset").TotalCount, 0)
        refused = api.refusal("DescribeProcedureTemplates", Limit=101)
        call.refused(refused.get_code(), "InvalidParameterValue.Limit")
    with api.exercise("ResetProcedureTemplate") as call:
        sprite = {"ImageSpriteTaskSet": [{"Definition": 10}]}
        reply = api.call("ResetProcedureTemplate", Name=name, MediaProcessTask=sprite)
        call.holds("RequestId", len(reply.RequestId) == 36, reply)
        (made,) = found().ProcedureTemplateSet
        call.equal(f"{at} Comment", made.Comment, "")
        tasks = made.MediaProcessTask
        definitions = [one.Definition for one in tasks.ImageSpriteTaskSet]
        call.equal(f"{at} MediaProcessTask", (definitions, tasks.CoverBySnapshotTaskSet), ([10], None))
        refused = api.refusal("ResetProcedureTemplate", Name="none", MediaProcessTask=sprite)
        call.refused(refused.get_code(), "InvalidParameter.ProcedureNameNotExist")


def process_media_by_procedure(api, file_id, name, session_id):
    with api.exercise("ProcessMediaByProcedure") as call:
        params = {"FileId": file_id, "ProcedureName": name, "SessionContext": CONTEXT, "SessionId": session_id}
        reply = api.call("ProcessMediaByProcedure", **params)
        call.holds("TaskId", "-procedurev2-" in reply.TaskId, reply)

        def is_own(event):
            return event.EventType == "ProcedureStateChanged" and event.ProcedureStateChangeEvent.TaskId == reply.TaskId

        (event,) = confirmed_events(api, is_own, 1)
        told = event.ProcedureStateChangeEvent
        call.equal("then PullEvents FileId", told.FileId, file_id)
        call.equal("then PullEvents SessionContext", (told.SessionContext, told.SessionId), (CONTEXT, session_id))
        (result,) = told.MediaProcessResultSet
        call.equal("then PullEvents Type", (result.Type, result.ImageSpriteTask.Status), ("ImageSprites", "SUCCESS"))
        call.refused(api.refusal("ProcessMediaByProcedure", **params).get_code(), "InvalidParameterValue.SessionId")
        refused = api.refusal("ProcessMediaByProcedure", FileId=file_id, ProcedureName="none")
        call.refused(refused.get_code(), "InvalidParameter.ProcedureNameNotExist")
        refused = api.refusal("ProcessMediaByProcedure", FileId=UNKNOWN_FILE, ProcedureName=name)
        call.refused(refused.get_code(), "InvalidParameterValue.FileId")


def delete_procedure_template(api, name):
    with api.exercise("DeleteProcedureTemplate") as call:
        reply = api.call("DeleteProcedureTemplate", Name=name)
        call.holds("RequestId", len(reply.RequestId) == 36, reply)
        call.equal("then DescribeProcedureTemplates", api.call("DescribeProcedureTemplates", Names=[name]).TotalCount, 0)
        refused = api.refusal("DeleteProcedureTemplate", Name=name)
        call.refused(refused.get_code(), "InvalidParameter.ProcedureNameNotExist")
