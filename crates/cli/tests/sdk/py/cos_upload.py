"""Uploads with the temporary keys of ApplyUpload, by cos-python-sdk-v5 with its domain set to the server."""

import os
import tempfile
import time
from importlib import metadata

from qcloud_cos import CosConfig, CosS3Client
from qcloud_cos.cos_exception import CosServiceError

from exercise import SIZE, picture_size, until
from film import film_of

COS = f"cos-python-sdk-v5 {metadata.version('cos-python-sdk-v5')}"
# More than the size from which the client uploads in parts: 1 MiB.
SIZE_BYTES = 2_500_000
HOUR_S = 3600


def client(stage, applied, secret=None, token=None):
    """The SDK's client for one upload."""
    key = applied.TempCertificate
    config = CosConfig(
        Region=applied.StorageRegion,
        SecretId=key.SecretId,
        SecretKey=secret or key.SecretKey,
        Token=token or key.Token,
        Domain=stage.host,
        Scheme="http",
    )
    return CosS3Client(config, retry=0)


def apply(api, **params):
    reply = api.call("ApplyUpload", MediaType="mp4", **params)
    return reply, reply.MediaStoragePath[1:]


def apply_upload(api, stage, film):
    """Asks for an upload, and puts, looks and aborts with its key; gives the uploads to commit."""
    with api.exercise("ApplyUpload") as call:
        before = time.time()
        applied, path = apply(api, MediaName="影 film", SourceContext="src=中 & +", ClassId=7)
        call.holds("StorageBucket", applied.StorageBucket.startswith("stillframe-uploads-"), applied)
        call.holds("StorageRegion", applied.StorageRegion != "", applied)
        call.holds("VodSessionKey", len(applied.VodSessionKey) == 32, applied)
        call.holds("MediaStoragePath", applied.MediaStoragePath.endswith(".mp4"), applied)
        call.holds("TempCertificate.ExpiredTime", applied.TempCertificate.ExpiredTime > before + HOUR_S, applied)
        bucket, cos = applied.StorageBucket, client(stage, applied)
        put = cos.put_object(Bucket=bucket, Key=path, Body=film, EnableMD5=True)
        call.holds(f"then {COS} put_object ETag", len(put["ETag"]) == 34, put)
        call.holds(f"then {COS} put_object x-cos-hash-crc64ecma", put["x-cos-hash-crc64ecma"].isdigit(), put)
        head = cos.head_object(Bucket=bucket, Key=path)
        call.equal(f"then {COS} head_object", (head["Content-Length"], head["ETag"]), (str(len(film)), put["ETag"]))
        id = cos.create_multipart_upload(Bucket=bucket, Key=path)["UploadId"]
        part = cos.upload_part(Bucket=bucket, Key=path, Body=b"part", PartNumber=3, UploadId=id)
        listed = cos.list_parts(Bucket=bucket, Key=path, UploadId=id)
        found = [(one["PartNumber"], one["ETag"], one["Size"]) for one in listed["Part"]]
        call.equal(f"then {COS} list_parts", found, [("3", part["ETag"], "4")])
        open_ids = [one["UploadId"] for one in cos.list_multipart_uploads(Bucket=bucket, Prefix=path)["Upload"]]
        call.equal(f"then {COS} list_multipart_uploads", open_ids, [id])
        cos.abort_multipart_upload(Bucket=bucket, Key=path, UploadId=id)
        gone = refusal(lambda: cos.list_parts(Bucket=bucket, Key=path, UploadId=id))
        call.refused(gone, "NoSuchUpload")
        for wrong, code in [({"secret": "wrong"}, "SignatureDoesNotMatch"), ({"token": "wrong"}, "InvalidToken")]:
            cos = client(stage, applied, **wrong)
            call.refused(refusal(lambda: cos.put_object(Bucket=bucket, Key=path, Body=b"x")), code)
        elsewhere = refusal(lambda: client(stage, applied).put_object(Bucket=bucket, Key="other", Body=b"x"))
        call.refused(elsewhere, "AccessDenied")
        refused = api.refusal("ApplyUpload", MediaType="mp4", Procedure="none")
        call.refused(refused.get_code(), "InvalidParameterValue.Procedure")
    return applied


def refusal(act):
    try:
        reply = act()
    except CosServiceError as refusal:
        return refusal.get_error_code()
    raise AssertionError(f"accepted: {reply}")


def uploaded_in_parts(api, stage, film):
    """An upload of a file, which the client cuts, sends by several threads and puts together."""
    applied, path = apply(api, MediaName="in parts")
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "film.mp4")
        with open(file, "wb") as out:
            out.write(film)
        cos = client(stage, applied)
        reply = cos.upload_file(Bucket=applied.StorageBucket, Key=path, LocalFilePath=file, PartSize=1)
    if not reply["ETag"].strip('"').endswith("-3"):
        raise AssertionError(f"not in parts: {reply}")
    return applied


def ready(api, file_id):
    """What is known of a video once it is probed and its covers are taken."""

    def ask():
        (media,) = api.call("DescribeMediaInfos", FileIds=[file_id]).MediaInfoSet
        is_ready = media.MetaData and media.MetaData.Duration and media.BasicInfo.CoverUrl
        return media if is_ready else None

    return until("the video", ask)


def exercise(api, stage, file_id):
    """Puts a film whole and in parts, and makes videos of both."""
    (media,) = api.call("DescribeMediaInfos", FileIds=[file_id]).MediaInfoSet
    film = film_of(media.BasicInfo.MediaUrl, SIZE_BYTES)
    whole = apply_upload(api, stage, film)
    with api.exercise("CommitUpload") as call:
        nothing, _ = apply(api)
        call.refused(api.refusal("CommitUpload", VodSessionKey=nothing.VodSessionKey).get_code(), "FailedOperation")
        refused = api.refusal("CommitUpload", VodSessionKey="0" * 32)
        call.refused(refused.get_code(), "InvalidParameterValue.VodSessionKey")
        for what, applied in [("put_object", whole), ("upload_file", uploaded_in_parts(api, stage, film))]:
            reply = api.call("CommitUpload", VodSessionKey=applied.VodSessionKey)
            call.holds("FileId", reply.FileId.isdigit(), reply)
            call.holds("MediaUrl", reply.MediaUrl.endswith(applied.MediaStoragePath), reply)
            call.equal("CoverUrl", reply.CoverUrl, "")
            again = api.call("CommitUpload", VodSessionKey=applied.VodSessionKey)
            call.equal("then CommitUpload FileId", again.FileId, reply.FileId)
            media = ready(api, reply.FileId)
            at = f"{COS} {what}, then DescribeMediaInfos"
            call.equal(f"{at} MetaData.Size", media.MetaData.Size, SIZE_BYTES)
            call.equal(f"{at} BasicInfo.CoverUrl", picture_size(media.BasicInfo.CoverUrl), SIZE)
            api.call("DeleteMedia", FileId=reply.FileId)
        late = client(stage, applied)
        refused = refusal(lambda: late.put_object(Bucket=applied.StorageBucket, Key=applied.MediaStoragePath, Body=b"x"))
        call.refused(refused, "AccessDenied")
