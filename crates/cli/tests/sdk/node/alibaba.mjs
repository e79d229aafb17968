// Alibaba Cloud ApsaraVideo VOD 2017-03-21 by @alicloud/pop-core: signature V1 by GET, and by POST, where this
// SDK puts every parameter, the signature among them, into a form. Each way drives every operation.

import { PACKAGE, SIGNATURE, client } from "./alibaba_api.mjs";
import { callbacks } from "./alibaba_callbacks.mjs";
import { snapshots } from "./alibaba_snapshots.mjs";
import { templates } from "./alibaba_templates.mjs";
import { uploads } from "./alibaba_uploads.mjs";
import { videos } from "./alibaba_videos.mjs";
import { stage } from "./exercise.mjs";

for (const [k, method] of ["GET", "POST"].entries()) {
  const way = { packageName: PACKAGE, method, signature: SIGNATURE };
  const [api, video] = [client(method), stage.videos[k]];
  await videos(api, way, stage.videos, k);
  await snapshots(api, way, video.video_id);
  await templates(api, way, video.video_id);
  await uploads(api, way, video);
  await callbacks(api, way, video.video_id);
}
