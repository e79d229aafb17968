"""Alibaba Cloud ApsaraVideo VOD 2017-03-21 by both of the vendor's SDKs for Python.

aliyun-python-sdk-core and -vod sign by V1, by GET and POST; alibabacloud_vod20170321 signs by ACS3. Each way
drives every operation on a video of its own.
"""

import alibaba_callbacks
import alibaba_snapshots
import alibaba_templates
import alibaba_uploads
import alibaba_videos
import oss_upload
from alibaba_api import ACS3, V1, Core, Tea
from alibaba_receiver import Receiver
from exercise import FilmServer, Stage, until

TOKEN = "STS+TOKEN/=="


def drive(api, others, receiver, film_url, videos, k):
    """Everything, in one way; `others` are the same client with a wrong secret, an unknown key, a token."""
    video_id, mark = videos[k], f"way{k}"
    until("the covers", lambda: api.newest(video_id, "CoverSnapshot").get("JobId"))
    alibaba_videos.get_video_info(api, video_id)
    alibaba_videos.refusals(api, others["stranger"], others["nobody"], video_id)
    alibaba_videos.with_token(others["holder"], video_id)
    alibaba_snapshots.exercise(api, receiver, video_id)
    alibaba_templates.exercise(api, video_id)
    alibaba_videos.get_video_infos(api, video_id, videos[k - 1])
    alibaba_videos.get_video_list(api, videos)
    alibaba_videos.update_video_info(api, video_id, mark)
    alibaba_videos.search_media(api, video_id, mark)
    alibaba_uploads.exercise(api, receiver, film_url, mark)
    oss_upload.exercise(api, film_url)
    alibaba_callbacks.exercise(api, video_id)


def main():
    stage, receiver = Stage(), Receiver()
    videos = [video["video_id"] for video in stage.videos]
    ways = [
        lambda **key: Core(stage, "POST", **key),
        # This one signs a security token with every call.
        lambda **key: Core(stage, "GET", **{"token": TOKEN, **key}),
        lambda **key: Tea(stage, ACS3, **key),
    ]
    # The newer SDK can sign as the older one does.
    alibaba_videos.get_video_info(Tea(stage, V1), videos[0])
    path = f"/v1/media/{stage.videos[0]['file_id']}"
    with FilmServer(alibaba_uploads.native(stage, path)["source"]["url"]) as film_url:
        for k, way in enumerate(ways):
            others = {"stranger": way(secret="wrong"), "nobody": way(key_id="LTAIunknown"), "holder": way(token=TOKEN)}
            drive(way(), others, receiver, film_url, videos, k)


main()
