// Templates of pictures, from their making to their end, and a job by one.

import { TITLE, UNKNOWN, listed } from "./alibaba_api.mjs";
import { exercise } from "./exercise.mjs";

const config = (Count) => {
  const SnapshotConfig = { Count, Interval: 2, SpecifiedOffsetTime: 0, Width: 160 };
  return JSON.stringify({ SnapshotType: "NormalSnapshot", SnapshotConfig });
};

/** All of it. */
export async function templates(api, way, video) {
  const TemplateType = "Snapshot";
  const find = async (VodTemplateId) => (await api("GetVodTemplate", { VodTemplateId })).VodTemplateInfo;
  const all = async () => (await api("ListVodTemplate", { TemplateType })).VodTemplateInfoList;
  const id = await exercise("AddVodTemplate", way, async (call) => {
    const made = await api("AddVodTemplate", { Name: TITLE, TemplateType, TemplateConfig: config(2) });
    call.equal("then GetVodTemplate Name", (await find(made.VodTemplateId)).Name, TITLE);
    const bad = { Name: "x", TemplateType, TemplateConfig: "{}" };
    await call.refused(api("AddVodTemplate", bad), "InvalidParameter");
    return made.VodTemplateId;
  });
  await exercise("GetVodTemplate", way, async (call) => {
    const info = await find(id);
    call.equal("TemplateType, IsDefault", [info.TemplateType, info.IsDefault], [TemplateType, "NotDefault"]);
    call.equal("TemplateConfig", JSON.parse(info.TemplateConfig).SnapshotConfig.Count, 2);
    await call.refused(api("GetVodTemplate", { VodTemplateId: UNKNOWN }), "NoSuchResource");
  });
  await exercise("ListVodTemplate", way, async (call) => {
    call.equal("VodTemplateInfoList[].Name", (await all()).find((one) => one.VodTemplateId === id).Name, TITLE);
    await call.refused(api("ListVodTemplate", {}), "MissingTemplateType");
  });
  await exercise("UpdateVodTemplate", way, async (call) => {
    await api("UpdateVodTemplate", { VodTemplateId: id, Name: "second", TemplateConfig: config(4) });
    const info = await find(id);
    const count = JSON.parse(info.TemplateConfig).SnapshotConfig.Count;
    call.equal("then GetVodTemplate Name, Count", [info.Name, count], ["second", 4]);
    const job = await api("SubmitSnapshotJob", { VideoId: video, SnapshotTemplateId: id });
    const pictures = await listed(api, video, "NormalSnapshot", job.SnapshotJob.JobId);
    call.equal("then a job by it", pictures.Total, 4);
    await call.refused(api("UpdateVodTemplate", { VodTemplateId: UNKNOWN, Name: "x" }), "NoSuchResource");
  });
  await exercise("DeleteVodTemplate", way, async (call) => {
    call.equal("VodTemplateId", (await api("DeleteVodTemplate", { VodTemplateId: id })).VodTemplateId, id);
    call.holds("then ListVodTemplate", (await all()).every((one) => one.VodTemplateId !== id), id);
    await call.refused(api("DeleteVodTemplate", { VodTemplateId: id }), "NoSuchResource");
  });
}
