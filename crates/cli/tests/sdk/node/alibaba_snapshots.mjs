// Pictures: jobs, their lists, and what the jobs are told to have been.

import { TITLE, UNKNOWN, listed } from "./alibaba_api.mjs";
import { exercise } from "./exercise.mjs";

/** Jobs of pictures, their lists, and what is told of them. */
export async function snapshots(api, way, id) {
  const params = { VideoId: id, SnapshotType: "NormalSnapshot" };
  const job = await exercise("SubmitSnapshotJob", way, async (call) => {
    const UserData = JSON.stringify({ Extend: TITLE });
    const reply = await api("SubmitSnapshotJob", { VideoId: id, Count: 3, Interval: 2, Width: 160, UserData });
    const { JobId } = reply.SnapshotJob;
    call.holds("SnapshotJob.JobId", JobId.length === 32, reply);
    call.equal("then ListSnapshots Total", (await listed(api, id, "NormalSnapshot", JobId)).Total, 3);
    const SpriteSnapshotConfig = JSON.stringify({ CellWidth: 120, CellHeight: 68, Columns: 2, Lines: 1 });
    const times = { SpecifiedOffsetTimes: JSON.stringify([1000, 2500, 7000]), SpriteSnapshotConfig };
    const sprite = await api("SubmitSnapshotJob", { VideoId: id, ...times });
    const sheets = await listed(api, id, "SpriteSnapshot", sprite.SnapshotJob.JobId);
    call.equal("then ListSnapshots of its sprite", sheets.Total, 2);
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
  await exercise("GetJobDetail", way, async (call) => {
    const reply = await api("GetJobDetail", { JobId: job, JobType: "snapshot" });
    const { JobId, VideoId, Status, Trigger } = reply.SnapshotJobDetail;
    call.equal("JobId, VideoId, Status, Trigger", [JobId, VideoId, Status, Trigger], [job, id, "Success", "Manual"]);
    await call.refused(api("GetJobDetail", { JobId: UNKNOWN, JobType: "snapshot" }), "NoSuchResource");
  });
  await exercise("ListJobInfo", way, async (call) => {
    const reply = await api("ListJobInfo", { MediaId: id, JobType: "snapshot" });
    const info = reply.JobInfoList.find((one) => one.JobId === job);
    call.equal("JobInfoList[].Status", info.Status, "Success");
    await call.refused(api("ListJobInfo", { MediaId: UNKNOWN, JobType: "snapshot" }), "InvalidVideo.NotFound");
  });
}
