// Videos: what is told of them, what is changed, how they are found.

import { TITLE, UNKNOWN, client } from "./alibaba_api.mjs";
import { exercise } from "./exercise.mjs";

/** What is told of videos, what is changed, how they are found. */
export async function videos(api, way, all, k) {
  const id = all[k].video_id;
  await change(api, way, id);
  await lists(api, way, all.map((one) => one.video_id));
}

async function lists(api, way, ids) {
  await exercise("GetVideoInfos", way, async (call) => {
    const reply = await api("GetVideoInfos", { VideoIds: [ids[1], UNKNOWN, ids[0]].join() });
    call.equal("VideoList[].VideoId", reply.VideoList.map((one) => one.VideoId), [ids[1], ids[0]]);
    call.equal("VideoList[].Snapshots[]", reply.VideoList.map((one) => one.Snapshots.length), [5, 5]);
    call.equal("NonExistVideoIds[]", reply.NonExistVideoIds, [UNKNOWN]);
    await call.refused(api("GetVideoInfos", { VideoIds: UNKNOWN }), "InvalidVideo.NotFound");
  });
  await exercise("GetVideoList", way, async (call) => {
    const params = { Status: "Normal", SortBy: "CreationTime:Asc", PageSize: 1 };
    const pages = [];
    for (const PageNo of [1, 2]) pages.push(await api("GetVideoList", { ...params, PageNo }));
    const found = pages.map((page) => page.VideoList.Video[0].VideoId);
    call.equal("VideoList.Video[].VideoId, page by page", found, ids.slice(0, 2));
    call.holds("Total", pages[0].Total >= 2, pages[0]);
    const none = await api("GetVideoList", { EndTime: "2020-01-01T00:00:00Z" });
    call.equal("none before EndTime", [none.Total, none.VideoList.Video], [0, []]);
    await call.refused(api("GetVideoList", { Status: "Nowhere" }), "InvalidParameter");
  });
}

async function change(api, way, id) {
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
