// The message callback of the app: what is kept of it, and what then comes.

import { listed, receiver } from "./alibaba_api.mjs";
import { exercise } from "./exercise.mjs";

const KEY = "TestKey123";

/** All of it; no configuration is left. */
export async function callbacks(api, way, VideoId) {
  const kept = async () => (await api("GetMessageCallback")).MessageCallback;
  const hears = await receiver();
  await exercise("SetMessageCallback", way, async (call) => {
    const config = { CallbackType: "HTTP", CallbackURL: hears.url, AuthSwitch: "on", AuthKey: KEY };
    await api("SetMessageCallback", { EventTypeList: "SnapshotComplete", ...config });
    const { JobId } = (await api("SubmitSnapshotJob", { VideoId, Count: 1 })).SnapshotJob;
    await listed(api, VideoId, "NormalSnapshot", JobId);
    const body = await hears.first("the event", (one) => one.SnapshotInfos[0].JobId === JobId);
    call.equal("then its event", [body.EventType, body.VideoId, body.Status], ["SnapshotComplete", VideoId, "success"]);
    await call.refused(api("SetMessageCallback", { CallbackURL: "ftp://receiver.example/" }), "InvalidParameter");
    await call.refused(api("SetMessageCallback", {}), "MissingCallbackURL");
  });
  await exercise("GetMessageCallback", way, async (call) => {
    const { CallbackType, CallbackURL, AuthSwitch, AuthKey, EventTypeList } = await kept();
    const told = [CallbackType, CallbackURL, AuthSwitch, AuthKey, EventTypeList];
    const names = "CallbackType, CallbackURL, AuthSwitch, AuthKey, EventTypeList";
    call.equal(names, told, ["HTTP", hears.url, "on", KEY, "SnapshotComplete"]);
    await call.refused(api("GetMessageCallback", { AppId: "app-77" }), "Forbidden");
  });
  await exercise("DeleteMessageCallback", way, async (call) => {
    await api("DeleteMessageCallback");
    call.equal("then GetMessageCallback CallbackType", (await kept()).CallbackType, undefined);
    await call.refused(api("DeleteMessageCallback", { AppId: "app-77" }), "Forbidden");
  });
}
