// Tencent Cloud VOD, API 2018-07-17, by tencentcloud-sdk-nodejs-vod: GET and POST, TC3 and version 1.
//
// This SDK signs otherwise than the one for Python: for an endpoint with a port, TC3 names the service by the
// first label of the endpoint and signs the host without the port.

import { exercise, sdk, stage, until } from "./exercise.mjs";

const PACKAGE = "tencentcloud-sdk-nodejs-vod";
const { vod } = sdk(PACKAGE);
const UNKNOWN_FILE = "1";
const CONTEXT = "ctx=中文 & +";
const SPRITE = { ImageSpriteTaskSet: [{ Definition: 10 }] };

// Version 1 draws its nonce from 65,536 and the server takes each but once a second: counting keeps the
// calls of one second apart.
let drawn = 0;
Math.random = () => (drawn++ % 60_000) / 65_535;

/** The SDK with one method and one signature. */
function client(method, signature, secretKey = stage.secret) {
  return new vod.v20180717.Client({
    credential: { secretId: stage.key_id, secretKey },
    region: "",
    profile: { signMethod: signature, httpProfile: { protocol: "http://", endpoint: stage.host, reqMethod: method } },
  });
}

const finished = (api, id) =>
  until(`the end of ${id}`, async () => {
    const detail = await api.DescribeTaskDetail({ TaskId: id });
    return detail.Status === "FINISH" ? detail : undefined;
  });

/** Pulls until an event that is wanted comes; gives it, not confirmed. */
const pulled = (api, isWanted) =>
  until("an event", async () => {
    const { EventSet } = await api.PullEvents({});
    const found = EventSet.find(isWanted);
    const others = EventSet.filter((event) => event !== found).map((event) => event.EventHandle);
    if (others.length) await api.ConfirmEvents({ EventHandles: others });
    return found;
  });

async function processMedia(api, way, file, session) {
  const tasks = {
    SnapshotByTimeOffsetTaskSet: [{ Definition: 10, ExtTimeOffsetSet: ["9.5s", "50%"] }],
    CoverBySnapshotTaskSet: [{ Definition: 10, PositionType: "Time", PositionValue: 2.5 }],
    ...SPRITE,
  };
  const request = { FileId: file, MediaProcessTask: tasks, SessionContext: CONTEXT, SessionId: session };
  const id = await exercise("ProcessMedia", way, async (call) => {
    const reply = await api.ProcessMedia(request);
    call.holds("TaskId", reply.TaskId.includes("-procedurev2-"), reply);
    call.equal("RequestId", reply.RequestId.length, 36);
    await call.refused(api.ProcessMedia(request), "InvalidParameterValue.SessionId");
    await call.refused(api.ProcessMedia({ ...request, SessionId: "", FileId: UNKNOWN_FILE }), "InvalidParameterValue.FileId");
    return reply.TaskId;
  });
  await exercise("DescribeTaskDetail", way, async (call) => {
    const { TaskType, ProcedureTask } = await finished(api, id);
    call.equal("TaskType", TaskType, "Procedure");
    call.equal("ProcedureTask.SessionContext", ProcedureTask.SessionContext, CONTEXT);
    const [offsets, sprite, cover] = ProcedureTask.MediaProcessResultSet;
    const { PicInfoSet } = offsets.SnapshotByTimeOffsetTask.Output;
    call.equal("PicInfoSet[].TimeOffset", PicInfoSet.map((one) => one.TimeOffset), [9500, 6000]);
    for (const { Url } of PicInfoSet) call.equal("PicInfoSet[].Url", (await fetch(Url)).status, 200);
    call.equal("ImageSpriteTask.Output.TotalCount", sprite.ImageSpriteTask.Output.TotalCount, 2);
    call.equal("CoverUrl", (await fetch(cover.CoverBySnapshotTask.Output.CoverUrl)).status, 200);
    await call.refused(api.DescribeTaskDetail({ TaskId: "none" }), "InvalidParameterValue.TaskId");
  });
  const event = await exercise("PullEvents", way, async (call) => {
    const event = await pulled(api, (one) => one.ProcedureStateChangeEvent?.TaskId === id);
    call.equal("EventSet[].EventType", event.EventType, "ProcedureStateChanged");
    call.equal("ProcedureStateChangeEvent.FileId", event.ProcedureStateChangeEvent.FileId, file);
    call.equal("ProcedureStateChangeEvent.Status", event.ProcedureStateChangeEvent.Status, "FINISH");
    return event;
  });
  await exercise("ConfirmEvents", way, async (call) => {
    const handles = { EventHandles: [event.EventHandle] };
    call.equal("RequestId", (await api.ConfirmEvents(handles)).RequestId.length, 36);
    await call.refused(api.ConfirmEvents(handles), "InvalidParameterValue");
    await call.refused(api.ConfirmEvents({ EventHandles: Array(17).fill("0") }), "InvalidParameterValue");
  });
}

async function media(api, way, file, name) {
  await exercise("ModifyMediaInfo", way, async (call) => {
    const reply = await api.ModifyMediaInfo({ FileId: file, Name: name, Description: "路", AddTags: ["海"] });
    call.equal("RequestId", reply.RequestId.length, 36);
    await call.refused(api.ModifyMediaInfo({ FileId: UNKNOWN_FILE, Name: name }), "InvalidParameterValue.FileId");
  });
  const url = await exercise("DescribeMediaInfos", way, async (call) => {
    const reply = await api.DescribeMediaInfos({ FileIds: [file, UNKNOWN_FILE], Filters: ["basicInfo", "metaData"] });
    call.equal("NotExistFileIdSet", reply.NotExistFileIdSet, [UNKNOWN_FILE]);
    const [{ BasicInfo, MetaData, ImageSpriteInfo }] = reply.MediaInfoSet;
    call.equal("BasicInfo", [BasicInfo.Name, BasicInfo.Description, BasicInfo.TagSet], [name, "路", ["海"]]);
    call.equal("MetaData", [MetaData.Width, MetaData.Height, MetaData.Duration], [320, 180, 12]);
    call.equal("only the parts of Filters", ImageSpriteInfo, undefined);
    const tooMany = { FileIds: Array(21).fill(UNKNOWN_FILE) };
    await call.refused(api.DescribeMediaInfos(tooMany), "InvalidParameterValue.FileIds");
    return BasicInfo.MediaUrl;
  });
  await exercise("SearchMedia", way, async (call) => {
    const { TotalCount, MediaInfoSet } = await api.SearchMedia({ Names: [name.toUpperCase()], Tags: ["海"], Limit: 5 });
    call.equal("TotalCount", TotalCount, 1);
    call.equal("MediaInfoSet[].FileId", MediaInfoSet.map((one) => one.FileId), [file]);
    call.equal("by what does not match", (await api.SearchMedia({ Names: [name], Tags: ["none"] })).TotalCount, 0);
    await call.refused(api.SearchMedia({ Limit: 5001 }), "InvalidParameterValue.Limit");
  });
  return url;
}

async function procedures(api, way, file, Name) {
  await exercise("CreateProcedureTemplate", way, async (call) => {
    const reply = await api.CreateProcedureTemplate({ Name, Comment: "封面", MediaProcessTask: SPRITE });
    call.equal("RequestId", reply.RequestId.length, 36);
    const again = api.CreateProcedureTemplate({ Name, MediaProcessTask: SPRITE });
    await call.refused(again, "InvalidParameter.ExistedProcedureName");
  });
  await exercise("DescribeProcedureTemplates", way, async (call) => {
    const { TotalCount, ProcedureTemplateSet } = await api.DescribeProcedureTemplates({ Names: [Name] });
    call.equal("TotalCount", TotalCount, 1);
    const [{ Comment, MediaProcessTask }] = ProcedureTemplateSet;
    call.equal("ProcedureTemplateSet[]", [Comment, MediaProcessTask], ["封面", SPRITE]);
  });
  await exercise("ProcessMediaByProcedure", way, async (call) => {
    const { TaskId } = await api.ProcessMediaByProcedure({ FileId: file, ProcedureName: Name, TasksNotifyMode: "None" });
    const { ProcedureTask } = await finished(api, TaskId);
    call.equal("then DescribeTaskDetail", ProcedureTask.MediaProcessResultSet.map((one) => one.Type), ["ImageSprites"]);
    const unknown = api.ProcessMediaByProcedure({ FileId: file, ProcedureName: "none" });
    await call.refused(unknown, "InvalidParameter.ProcedureNameNotExist");
  });
}

async function pullUpload(api, way, MediaUrl, Procedure) {
  await exercise("PullUpload", way, async (call) => {
    const { TaskId } = await api.PullUpload({ MediaUrl, MediaName: "拉取.mp4", Procedure, SessionContext: CONTEXT });
    const { PullUploadTask } = await finished(api, TaskId);
    call.equal("then DescribeTaskDetail", [PullUploadTask.ErrCode, PullUploadTask.SessionContext], [0, CONTEXT]);
    const event = await pulled(api, (one) => one.PullCompleteEvent?.TaskId === TaskId);
    call.equal("then PullEvents FileId", event.PullCompleteEvent.FileId, PullUploadTask.FileId);
    await api.ConfirmEvents({ EventHandles: [event.EventHandle] });
    const { ProcedureTask } = await finished(api, event.PullCompleteEvent.ProcedureTaskId);
    call.equal("then its procedure", ProcedureTask.FileId, PullUploadTask.FileId);
    await call.refused(api.PullUpload({ MediaUrl: "none" }), "InvalidParameterValue.MediaUrl");
  });
  await exercise("DescribeTasks", way, async (call) => {
    const { TaskSet, ScrollToken } = await api.DescribeTasks({ Status: "FINISH", Limit: 1 });
    call.equal("TaskSet[].Status", TaskSet.map((one) => one.Status), ["FINISH"]);
    const next = await api.DescribeTasks({ Status: "FINISH", Limit: 1, ScrollToken });
    call.holds("ScrollToken", next.TaskSet[0].TaskId !== TaskSet[0].TaskId, next);
    await call.refused(api.DescribeTasks({ ScrollToken: "none" }), "InvalidParameterValue");
  });
  await exercise("DeleteProcedureTemplate", way, async (call) => {
    await api.DeleteProcedureTemplate({ Name: Procedure });
    const found = await api.DescribeProcedureTemplates({ Names: [Procedure] });
    call.equal("then DescribeProcedureTemplates", found.TotalCount, 0);
  });
}

async function deleteMedia(api, way, file) {
  await exercise("DeleteMedia", way, async (call) => {
    await api.DeleteMedia({ FileId: file });
    const { NotExistFileIdSet } = await api.DescribeMediaInfos({ FileIds: [file] });
    call.equal("then DescribeMediaInfos", NotExistFileIdSet, [file]);
    const wrong = client(way.method, way.signature, "wrong").DeleteMedia({ FileId: file });
    await call.refused(wrong, "AuthFailure.SignatureFailure");
  });
}

let k = 0;
for (const method of ["GET", "POST"]) {
  for (const signature of ["HmacSHA1", "HmacSHA256", "TC3-HMAC-SHA256"]) {
    const [way, api, file] = [{ packageName: PACKAGE, method, signature }, client(method, signature), stage.videos[k].file_id];
    await processMedia(api, way, file, `session-${k}`);
    const url = await media(api, way, file, `Video-${k}`);
    await procedures(api, way, file, `covers-${k}`);
    await pullUpload(api, way, url, `covers-${k}`);
    await deleteMedia(api, way, file);
    k += 1;
  }
}
