"""Videos: what is told of them, what is changed, how they are found."""

import xml.etree.ElementTree

from alibaba_snapshots import UNKNOWN
from exercise import SIZE, picture_size

TITLE = "影片 * ~ + \"x\""


def told(call, video, video_id):
    """What every document of a video says."""
    call.equal("VideoId", video["VideoId"], video_id)
    call.equal("Status", video["Status"], "Normal")
    call.holds("AppId", video["AppId"].startswith("app-"), video)
    call.equal("Duration", video["Duration"], 12.0)
    call.holds("Size", isinstance(video["Size"], int) and video["Size"] > 0, video)
    call.holds("CreationTime", video["CreationTime"].endswith("Z"), video)


def get_video_info(api, video_id):
    with api.exercise("GetVideoInfo") as call:
        reply = api.call("GetVideoInfo", VideoId=video_id)
        call.holds("RequestId", len(reply["RequestId"]) == 36, reply)
        video = reply["Video"]
        told(call, video, video_id)
        call.holds("Title", video["Title"].endswith(".mp4"), video)
        covers = video["Snapshots"]["Snapshot"]
        call.equal("Snapshots.Snapshot[]", [picture_size(url) for url in covers], [SIZE] * 5)
        call.holds("CoverURL", video["CoverURL"] in covers, video)
        if hasattr(api, "as_xml"):
            root = xml.etree.ElementTree.fromstring(api.as_xml("GetVideoInfo", VideoId=video_id))
            call.equal("as XML: Video.VideoId", root.findtext("Video/VideoId"), video_id)


def get_video_infos(api, video_id, other_id):
    with api.exercise("GetVideoInfos") as call:
        reply = api.call("GetVideoInfos", VideoIds=f"{other_id},{UNKNOWN},{video_id}")
        call.equal("VideoList[].VideoId", [video["VideoId"] for video in reply["VideoList"]], [other_id, video_id])
        video = reply["VideoList"][1]
        told(call, video, video_id)
        call.equal("Snapshots[]", [picture_size(url) for url in video["Snapshots"]], [SIZE] * 5)
        call.equal("NonExistVideoIds[]", reply["NonExistVideoIds"], [UNKNOWN])
        call.refused(api.refusal("GetVideoInfos", VideoIds=UNKNOWN).code, "InvalidVideo.NotFound")
        many = ",".join([UNKNOWN[:-2] + f"{k:02}" for k in range(21)])
        call.refused(api.refusal("GetVideoInfos", VideoIds=many).code, "VideoIdsExceededMax")


def get_video_list(api, videos):
    """`videos` stand in the order in which they came."""
    with api.exercise("GetVideoList") as call:
        params = {"Status": "Normal", "SortBy": "CreationTime:Asc", "StartTime": "2020-01-01T00:00:00Z"}
        first = api.call("GetVideoList", PageNo=1, PageSize=2, **params)
        second = api.call("GetVideoList", PageNo=2, PageSize=2, **params)
        found = first["VideoList"]["Video"] + second["VideoList"]["Video"]
        call.equal("VideoList.Video[].VideoId", [video["VideoId"] for video in found[: len(videos)]], videos)
        call.holds("Total", first["Total"] == second["Total"] >= len(videos), first)
        told(call, found[0], videos[0])
        covers = [picture_size(url) for url in found[0]["Snapshots"]["Snapshot"]]
        call.equal("Snapshots.Snapshot[]", covers, [SIZE] * 5)
        newest_first = api.call("GetVideoList", Status="Normal", PageSize=100)["VideoList"]["Video"]
        ids = [video["VideoId"] for video in newest_first]
        call.equal("newest first by default", [one for one in ids if one in videos], videos[::-1])
        none = api.call("GetVideoList", EndTime="2020-01-01T00:00:00Z")
        call.equal("none before EndTime", (none["Total"], none["VideoList"]["Video"]), (0, []))
        call.refused(api.refusal("GetVideoList", PageSize=101).code, "InvalidParameter")


def update_video_info(api, video_id, mark):
    """Changes everything, sees it by a second call, and puts the title back to one of a kind."""
    with api.exercise("UpdateVideoInfo") as call:
        cover = "HTTP://pictures.example/a b.jpg?x=1&y=截图"
        details = {"Title": TITLE, "Description": "about * it", "Tags": f"{mark},sea", "CateId": 7}
        reply = api.call("UpdateVideoInfo", VideoId=video_id, CoverURL=cover, **details)
        call.holds("RequestId", len(reply["RequestId"]) == 36, reply)
        video = api.call("GetVideoInfo", VideoId=video_id)["Video"]
        for name, value in {**details, "CoverURL": cover}.items():
            call.equal(f"then GetVideoInfo {name}", video[name], value)
        api.call("UpdateVideoInfo", VideoId=video_id, Title=f"title of {mark}")
        video = api.call("GetVideoInfo", VideoId=video_id)["Video"]
        call.equal("what is not named stays", (video["Description"], video["CateId"]), ("about * it", 7))
        for params, code in [
            ({"VideoId": UNKNOWN, "Title": "x"}, "InvalidVideo.NotFound"),
            ({"VideoId": video_id, "Title": "x" * 129}, "LengthExceededMax"),
            ({"VideoId": video_id, "Tags": ",".join("abcdefghijklmnopq")}, "TagsExceededMax"),
        ]:
            call.refused(api.refusal("UpdateVideoInfo", **params).code, code)


def search_media(api, video_id, mark):
    """Finds what `update_video_info` left."""
    with api.exercise("SearchMedia") as call:
        match = f"Title = 'of {mark}' and Tags in ('{mark}','x') and CateId = 7 and Status in ('Normal')"
        reply = api.call("SearchMedia", Match=match, Fields="Title,Tags,Snapshots,SpriteSnapshots")
        call.equal("Total", reply["Total"], 1)
        (media,) = reply["MediaList"]
        call.equal("MediaId", media["MediaId"], video_id)
        call.equal("MediaType", media["MediaType"], "video")
        video = media["Video"]
        call.equal("Video.Title", video["Title"], f"title of {mark}")
        call.equal("Video.Tags", video["Tags"], f"{mark},sea")
        call.equal("Video.Snapshots[]", [picture_size(url) for url in video["Snapshots"]], [SIZE] * 5)
        call.equal("Video.SpriteSnapshots[]", len(video["SpriteSnapshots"]), 1)
        call.holds("only the Fields that are named", "Status" not in video, video)
        params = {"Match": "Status = 'Normal'", "PageSize": 1, "SortBy": "CreationTime:Asc"}
        first = api.call("SearchMedia", **params)
        second = api.call("SearchMedia", PageNo=2, ScrollToken=first["ScrollToken"], **params)
        call.holds("ScrollToken", len(first["ScrollToken"]) == 32, first)
        pages = [page["MediaList"][0]["MediaId"] for page in (first, second)]
        call.equal("pages", len(set(pages)), 2)
        call.refused(api.refusal("SearchMedia", Match="Colour = 'red'").code, "InvalidParameter")


def refusals(api, stranger, nobody, video_id):
    """A refusal is an exception of the SDK with its code, message and request id."""
    with api.exercise("GetVideoInfo") as call:
        missing = api.refusal("GetVideoInfo", VideoId=UNKNOWN)
        call.refused(missing.code, "InvalidVideo.NotFound")
        call.equal("refusal: HTTP status", missing.status, 404)
        call.equal("refusal: Message", missing.message, "The video does not exist.")
        call.holds("refusal: RequestId", len(missing.request_id) == 36, missing)
        call.refused(api.refusal("GetVideoInfo").code, "MissingVideoId")
        # The older SDK compares the string to sign in the message with its own, and finds the secret wrong.
        wrong = "InvalidAccessKeySecret" if hasattr(api, "as_xml") else "SignatureDoesNotMatch"
        call.refused(stranger.refusal("GetVideoInfo", VideoId=video_id).code, wrong)
        call.refused(nobody.refusal("GetVideoInfo", VideoId=video_id).code, "InvalidAccessKeyId.NotFound")
        with api.at_time("2020-01-01T00:00:00Z"):
            call.refused(api.refusal("GetVideoInfo", VideoId=video_id).code, "InvalidTimeStamp.Expired")
        with api.with_nonce(f"again-{api.method}-{api.signature}"):
            api.call("GetVideoInfo", VideoId=video_id)
            call.refused(api.refusal("GetVideoInfo", VideoId=video_id).code, "SignatureNonceUsed")


def with_token(api, video_id):
    """A client with a security token signs it; an access key is enough here."""
    with api.exercise("GetVideoInfo") as call:
        video = api.call("GetVideoInfo", VideoId=video_id)["Video"]
        call.equal("with a security token: VideoId", video["VideoId"], video_id)
