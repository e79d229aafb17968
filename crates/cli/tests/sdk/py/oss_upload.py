"""Uploads with the temporary keys of CreateUploadVideo, by oss2 with its endpoint set to the server."""

import base64
import json
import os
import tempfile
from importlib import metadata

import oss2

from exercise import SIZE, picture_size, until
from film import film_of

OSS = f"oss2 {metadata.version('oss2')}"
SIZE_BYTES = 1_000_000
PART_BYTES = 400_000
UNKNOWN = "0" * 32


class Grant:
    """What CreateUploadVideo and RefreshUploadVideo answer, decoded."""

    def __init__(self, reply):
        self.video_id = reply["VideoId"]
        self.address = json.loads(base64.b64decode(reply["UploadAddress"]))
        self.auth = json.loads(base64.b64decode(reply["UploadAuth"]))
        self.key = self.address["FileName"]

    def bucket(self, version="V1", secret=None, token=None):
        """The SDK's bucket, signing by this version."""
        key = (self.auth["AccessKeyId"], secret or self.auth["AccessKeySecret"], token or self.auth["SecurityToken"])
        provider = oss2.StsAuth(*key, auth_version=oss2.AUTH_VERSION_4 if version == "V4" else oss2.AUTH_VERSION_1)
        region = self.auth["Region"]
        return oss2.Bucket(provider, self.address["Endpoint"], self.address["Bucket"], region=region)


def refusal(act):
    try:
        reply = act()
    except oss2.exceptions.ServerError as refusal:
        return refusal.code
    raise AssertionError(f"accepted: {reply}")


def status(api, video_id):
    return api.call("GetVideoInfo", VideoId=video_id)["Video"]["Status"]


def ready(api, call, at, video_id, size):
    """Claims what is known of a video once it is probed and its covers are taken."""

    def ask():
        video = api.call("GetVideoInfo", VideoId=video_id)["Video"]
        return video if video["Status"] == "Normal" and "CoverURL" in video else None

    video = until("the video", ask)
    call.equal(f"{at} Size", video["Size"], size)
    call.equal(f"{at} CoverURL", picture_size(video["CoverURL"]), SIZE)


def create(api, film):
    """A video that is put whole."""
    with api.exercise("CreateUploadVideo") as call:
        reply = api.call("CreateUploadVideo", FileName="/movies/影 film.mp4", Title="uploaded", Description="by oss2")
        grant = Grant(reply)
        call.holds("VideoId", len(grant.video_id) == 32, reply)
        call.holds("UploadAddress", set(grant.address) == {"Endpoint", "Bucket", "FileName"}, grant.address)
        call.equal("UploadAuth.Expiration", grant.auth["Expiration"], "3000")
        call.equal("then GetVideoInfo Status", status(api, grant.video_id), "Uploading")
        put = grant.bucket().put_object(grant.key, film, headers={"Content-MD5": oss2.utils.content_md5(film)})
        call.holds(f"then {OSS} put_object x-oss-hash-crc64ecma", put.crc is not None, put.headers)
        head = grant.bucket("V4").head_object(grant.key)
        found = (head.content_length, head.etag, head.server_crc)
        call.equal(f"then {OSS} head_object", found, (len(film), put.etag, put.crc))
        ready(api, call, f"{OSS} put_object, then GetVideoInfo", grant.video_id, len(film))
        for wrong, code in [({"secret": "wrong"}, "SignatureDoesNotMatch"), ({"token": "wrong"}, "InvalidSecurityToken")]:
            for version in ("V1", "V4"):
                bucket = grant.bucket(version, **wrong)
                call.refused(refusal(lambda: bucket.put_object(grant.key, b"x")), code)
        call.refused(refusal(lambda: grant.bucket().put_object("other", b"x")), "AccessDenied")
        call.refused(api.refusal("CreateUploadVideo", FileName="film", Title="x").code, "InvalidFileName.Extension")
    return grant


def refresh(api, film):
    """A video that is put in parts, with a key that is renewed between them."""
    with api.exercise("RefreshUploadVideo") as call:
        first = Grant(api.call("CreateUploadVideo", FileName="film.mp4", Title="in parts"))
        id = first.bucket().init_multipart_upload(first.key).upload_id
        cuts = range(0, len(film), PART_BYTES)
        pieces = [film[at : at + PART_BYTES] for at in cuts]
        part = first.bucket().upload_part(first.key, id, 1, pieces[0])
        parts = [oss2.models.PartInfo(1, part.etag, size=len(pieces[0]), part_crc=part.crc)]
        reply = api.call("RefreshUploadVideo", VideoId=first.video_id)
        second = Grant(reply)
        call.equal("VideoId", second.video_id, first.video_id)
        call.equal("UploadAddress", second.address, first.address)
        call.holds("UploadAuth", second.auth["AccessKeyId"] != first.auth["AccessKeyId"], second.auth)
        bucket = second.bucket("V4")
        for number, piece in list(enumerate(pieces, 1))[1:]:
            part = bucket.upload_part(second.key, id, number, piece)
            parts.append(oss2.models.PartInfo(number, part.etag, size=len(piece), part_crc=part.crc))
        listed = [(one.part_number, one.etag, one.size) for one in oss2.PartIterator(bucket, second.key, id)]
        call.equal(f"then {OSS} list_parts", listed, [(one.part_number, one.etag, one.size) for one in parts])
        missing = [*parts, oss2.models.PartInfo(9, parts[0].etag, size=1, part_crc=0)]
        call.refused(refusal(lambda: bucket.complete_multipart_upload(second.key, id, missing)), "InvalidPart")
        done = bucket.complete_multipart_upload(second.key, id, parts)
        call.holds(f"then {OSS} complete_multipart_upload", done.etag.endswith(f"-{len(parts)}"), done.etag)
        ready(api, call, f"{OSS} upload_part, then GetVideoInfo", second.video_id, len(film))
        id = bucket.init_multipart_upload(second.key).upload_id
        bucket.abort_multipart_upload(second.key, id)
        call.refused(refusal(lambda: bucket.upload_part(second.key, id, 1, b"x")), "NoSuchUpload")
        call.refused(api.refusal("RefreshUploadVideo", VideoId=UNKNOWN).code, "InvalidVideo.NotFound")
    return second


def resumable(grant, film):
    """The way that the SDK recommends: it cuts a file, sends by several threads, and compares sums."""
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "film.mp4")
        with open(file, "wb") as out:
            out.write(film)
        store = oss2.ResumableStore(root=folder)
        size = {"multipart_threshold": PART_BYTES, "part_size": PART_BYTES, "num_threads": 3}
        oss2.resumable_upload(grant.bucket("V4"), grant.key, file, store=store, **size)


def exercise(api, film_url):
    """Puts a film whole, in parts, and over what was there."""
    film = film_of(film_url, SIZE_BYTES)
    whole, in_parts = create(api, film), refresh(api, film)
    resumable(in_parts, film)
    api.call("DeleteVideo", VideoIds=f"{whole.video_id},{in_parts.video_id}")
