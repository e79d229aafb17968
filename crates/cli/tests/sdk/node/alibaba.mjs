// Alibaba Cloud ApsaraVideo VOD 2017-03-21 by @alicloud/pop-core: signature V1 by GET, and by POST, where this
// SDK puts every parameter, the signature among them, into a form.

import { exercise, sdk, stage, until } from "./exercise.mjs";

const PACKAGE = "@alicloud/pop-core";
const { RPCClient } = sdk(PACKAGE);
const SIGNATURE = "HMAC-SHA1 (V1)";
const UNKNOWN = "0".repeat(32);
// Every character that the signature's percent encoding treats in its own way, and some beyond ASCII.
const TITLE = `a b * ~ + ! ' ( ) % "c" 截图🎬`;

/** The SDK with one method. */
function client(method, accessKeySecret = stage.secret) {
  const options = { accessKeyId: stage.key_id, accessKeySecret, endpoint: stage.url, apiVersion: "2017-03-21" };
  const rpc = new RPCClient(options);
  return (operation, params = {}) => rpc.request(operation, params, { method });
}

async function videos(api, way, id) {
  await exercise("UpdateVideoInfo", way, async (call) => {
    const reply = await api("UpdateVideoInfo", { VideoId: id, Title: TITLE, Description: TITLE });
    call.holds("RequestId", reply.RequestId.length === 36, reply);
    const { Video } = await api("GetVideoInfo", { VideoId: id });
    call.equal("then GetVideoInfo Title", Video.Title, TITLE);
    call.equal("then GetVideoInfo Description", Video.Description, TITLE);
    await call.refused(api("UpdateVideoInfo", { VideoId: UNKNOWN, Title: "x" }), "InvalidVideo.NotFound");
  });
  await exercise("GetVideoInfo", way, async (call) => {
    const { Video } = await api("GetVideoInfo", { VideoId: id });
    call.equal("Video.VideoId", Video.VideoId, id);
    call.equal("Video.Status", Video.Status, "Normal");
    call.equal("Video.Duration", Video.Duration, 12);
    call.equal("Video.Snapshots.Snapshot[]", Video.Snapshots.Snapshot.length, 5);
    await call.refused(api("GetVideoInfo", { VideoId: UNKNOWN }), "InvalidVideo.NotFound");
    await call.refused(client(way.method, "wrong")("GetVideoInfo", { VideoId: id }), "SignatureDoesNotMatch");
  });
  await exercise("SearchMedia", way, async (call) => {
    const found = await api("SearchMedia", { Match: `VideoId = '${id}' and Title = "截图"`, Fields: "Title" });
    call.equal("Total", found.Total, 1);
    call.equal("MediaList[].Video.Title", found.MediaList[0].Video.Title, TITLE);
    await call.refused(api("SearchMedia", { Match: "Colour = 'red'" }), "InvalidParameter");
  });
}

async function snapshots(api, way, id) {
  const params = { VideoId: id, SnapshotType: "NormalSnapshot" };
  const job = await exercise("SubmitSnapshotJob", way, async (call) => {
    const UserData = JSON.stringify({ Extend: TITLE });
    const reply = await api("SubmitSnapshotJob", { VideoId: id, Count: 3, Interval: 2, Width: 160, UserData });
    const { JobId } = reply.SnapshotJob;
    call.holds("SnapshotJob.JobId", JobId.length === 32, reply);
    const listed = await until(`the pictures of ${JobId}`, async () => {
      const { MediaSnapshot } = await api("ListSnapshots", params);
      return MediaSnapshot.JobId === JobId ? MediaSnapshot : undefined;
    });
    call.equal("then ListSnapshots Total", listed.Total, 3);
    await call.refused(api("SubmitSnapshotJob", { VideoId: id, Width: 7 }), "InvalidParameter");
    return JobId;
  });
  await exercise("ListSnapshots", way, async (call) => {
    const { MediaSnapshot } = await api("ListSnapshots", { ...params, PageNo: 2, PageSize: 2 });
    call.equal("MediaSnapshot.JobId", MediaSnapshot.JobId, job);
    const [one] = MediaSnapshot.Snapshots.Snapshot;
    call.equal("Snapshots.Snapshot[].Index", one.Index, 3);
    call.equal("Snapshots.Snapshot[].Url", one.Url, MediaSnapshot.Regular.replace("{SnapshotCount}", "00003"));
    call.equal("the picture's type", (await fetch(one.Url)).headers.get("content-type"), "image/jpeg");
    await call.refused(api("ListSnapshots", { ...params, PageSize: 101 }), "InvalidParameter");
  });
}

for (const [k, method] of ["GET", "POST"].entries()) {
  const way = { packageName: PACKAGE, method, signature: SIGNATURE };
  await videos(client(method), way, stage.videos[k].video_id);
  await snapshots(client(method), way, stage.videos[k].video_id);
}
