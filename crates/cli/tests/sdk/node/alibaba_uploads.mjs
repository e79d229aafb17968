// Videos that are fetched or uploaded, workflows over them, and their end.

import { createHmac } from "node:crypto";

import { UNKNOWN, listed, native } from "./alibaba_api.mjs";
import { exercise, until } from "./exercise.mjs";

const decoded = (text) => JSON.parse(Buffer.from(text, "base64").toString());

/** All of it; `video` is one whose bytes can be fetched. */
export async function uploads(api, way, video) {
  const film = (await native(`/v1/media/${video.file_id}`)).source.url;
  const id = await fetched(api, way, film);
  await workflow(api, way, id);
  await created(api, way, film);
  await removed(api, way, id);
}

const video = async (api, VideoId) => (await api("GetVideoInfo", { VideoId })).Video;
const ready = (api, id) =>
  until("the analysis", async () => ((await video(api, id)).Status === "Normal" ? true : undefined));

async function fetched(api, way, film) {
  const url = `${film}?by=${way.method}`;
  const metadata = JSON.stringify([{ SourceURL: url, Title: `fetched by ${way.method} 影`, CateId: "9" }]);
  const job = await exercise("UploadMediaByURL", way, async (call) => {
    const params = { UploadURLs: encodeURIComponent(url), UploadMetadatas: metadata };
    const { UploadJobs } = await api("UploadMediaByURL", params);
    call.equal("UploadJobs[].SourceURL", UploadJobs.map((one) => one.SourceURL), [url]);
    await call.refused(api("UploadMediaByURL", { UploadURLs: "ftp://films.example/a" }), "InvalidParameter.UploadURLs");
    return UploadJobs[0].JobId;
  });
  return exercise("GetURLUploadInfos", way, async (call) => {
    const info = await until("the fetch", async () => {
      const [one] = (await api("GetURLUploadInfos", { JobIds: job })).URLUploadInfoList;
      return one.Status === "SUCCESS" ? one : undefined;
    });
    call.equal("JobId, UploadURL", [info.JobId, info.UploadURL], [job, url]);
    await ready(api, info.MediaId);
    const { Title, CateId } = await video(api, info.MediaId);
    call.equal("then GetVideoInfo Title, CateId", [Title, CateId], [`fetched by ${way.method} 影`, 9]);
    const none = await api("GetURLUploadInfos", { JobIds: UNKNOWN });
    call.equal("NonExists[]", none.NonExists, [UNKNOWN]);
    await call.refused(api("GetURLUploadInfos"), "MissingJobIds");
    return info.MediaId;
  });
}

async function workflow(api, way, MediaId) {
  const steps = [{ offsets_ms: [1000, 4000], width_px: 160 }];
  const WorkflowId = (await native("/v1/workflows", { name: "of Node.js", steps })).id;
  const TaskId = await exercise("SubmitWorkflowJob", way, async (call) => {
    const reply = await api("SubmitWorkflowJob", { MediaId, WorkflowId });
    const pictures = await listed(api, MediaId, "NormalSnapshot", reply.TaskId);
    call.equal("then ListSnapshots Total", pictures.Total, 2);
    await call.refused(api("SubmitWorkflowJob", { MediaId, WorkflowId: "none" }), "NoSuchResource");
    return reply.TaskId;
  });
  await exercise("GetWorkflowTask", way, async (call) => {
    const task = await api("GetWorkflowTask", { TaskId });
    const told = [task.TaskId, task.WorkflowId, task.Status];
    call.equal("TaskId, WorkflowId, Status", told, [TaskId, WorkflowId, "succeeded"]);
    call.holds("GmtCreateUtc, FinishTimeUtc", task.GmtCreateUtc <= task.FinishTimeUtc, task);
    await call.refused(api("GetWorkflowTask", { TaskId: UNKNOWN }), "NoSuchResource");
  });
}

/** Puts an object by a grant's temporary key, signed as the vendor's object store documents it (version 1). */
async function put({ UploadAddress, UploadAuth }, body) {
  const { Endpoint, Bucket, FileName } = decoded(UploadAddress);
  const { AccessKeyId, AccessKeySecret, SecurityToken } = decoded(UploadAuth);
  const [date, type] = [new Date().toUTCString(), "video/mp4"];
  const text = `PUT\n\n${type}\n${date}\nx-oss-security-token:${SecurityToken}\n/${Bucket}/${FileName}`;
  const signature = createHmac("sha1", AccessKeySecret).update(text).digest("base64");
  const headers = { date, "content-type": type, "x-oss-security-token": SecurityToken };
  headers.authorization = `OSS ${AccessKeyId}:${signature}`;
  return fetch(`${Endpoint}/${Bucket}/${FileName}`, { method: "PUT", headers, body });
}

async function created(api, way, film) {
  const made = await exercise("CreateUploadVideo", way, async (call) => {
    const reply = await api("CreateUploadVideo", { FileName: "node.mp4", Title: "by Node.js" });
    call.equal("then GetVideoInfo Status", (await video(api, reply.VideoId)).Status, "Uploading");
    await call.refused(api("CreateUploadVideo", { FileName: "node", Title: "x" }), "InvalidFileName.Extension");
    return reply;
  });
  await exercise("RefreshUploadVideo", way, async (call) => {
    const again = await api("RefreshUploadVideo", { VideoId: made.VideoId });
    const names = [made, again].map((one) => decoded(one.UploadAddress).FileName);
    call.equal("UploadAddress FileName", names[1], names[0]);
    call.holds("UploadAuth", again.UploadAuth !== made.UploadAuth, again);
    const bytes = await (await fetch(film)).arrayBuffer();
    call.equal("then a PUT by its key", (await put(again, bytes)).status, 200);
    await ready(api, made.VideoId);
    call.equal("then GetVideoInfo Duration", (await video(api, made.VideoId)).Duration, 12);
    await call.refused(api("RefreshUploadVideo", { VideoId: UNKNOWN }), "InvalidVideo.NotFound");
  });
}

async function removed(api, way, id) {
  await exercise("DeleteVideo", way, async (call) => {
    const reply = await api("DeleteVideo", { VideoIds: `${id},${UNKNOWN}` });
    call.equal("NonExistVideoIds[]", reply.NonExistVideoIds, [UNKNOWN]);
    await call.refused(api("GetVideoInfo", { VideoId: id }), "InvalidVideo.NotFound");
    call.equal("then GetVideoInfos NonExistVideoIds[]", await gone(api, id), [id]);
    await call.refused(api("DeleteVideo", { VideoIds: id }), "InvalidVideo.NotFound");
  });
}

async function gone(api, id) {
  const { VideoList } = await api("GetVideoList", { PageSize: 100 });
  const reply = await api("GetVideoInfos", { VideoIds: `${VideoList.Video[0].VideoId},${id}` });
  return reply.NonExistVideoIds;
}
