"""API 2018-07-17 of Tencent Cloud VOD by the vendor's SDK, and its event queue."""

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.vod.v20180717 import models
from tencentcloud.vod.v20180717.vod_client import VodClient

from exercise import Exercise, until

CLIENT = "tencentcloud-sdk-python-vod"
TC3 = "TC3-HMAC-SHA256"
UNSIGNED = f"{TC3} UNSIGNED-PAYLOAD"
UNKNOWN_FILE = "1"
CONTEXT = "ctx=中文 & +"


class Api:
    """The SDK with one method and one signature."""

    def __init__(self, stage, method, signature, key_id=None, secret=None):
        self.method, self.signature = method, signature
        http = HttpProfile(protocol="http", endpoint=stage.host, reqMethod=method)
        profile = ClientProfile(signMethod=signature.split()[0], httpProfile=http)
        profile.unsignedPayload = signature == UNSIGNED
        self.client = VodClient(Credential(key_id or stage.key_id, secret or stage.secret), "", profile)

    def call(self, operation, **params):
        request = getattr(models, f"{operation}Request")()
        request._deserialize(params)
        return getattr(self.client, operation)(request)

    def refusal(self, operation, **params):
        try:
            reply = self.call(operation, **params)
        except TencentCloudSDKException as refusal:
            return refusal
        raise AssertionError(f"accepted: {reply}")

    def exercise(self, operation):
        return Exercise(operation, CLIENT, self.method, self.signature)


def confirmed_events(api, is_wanted, count):
    """Pulls and confirms until that many wanted events came; gives them."""
    found = []

    def pull():
        pulled = api.call("PullEvents").EventSet or []
        if pulled:
            api.call("ConfirmEvents", EventHandles=[event.EventHandle for event in pulled])
        found.extend(event for event in pulled if is_wanted(event))
        return found if len(found) == count else None

    return until(f"{count} events", pull)


def confirm_all(api):
    """Leaves no event in the queue, without waiting for more."""
    while api.call("DescribeEventsState").CountOfEventsToPull:
        handles = [event.EventHandle for event in api.call("PullEvents").EventSet]
        api.call("ConfirmEvents", EventHandles=handles)
