"""Alibaba's SDKs behind one interface: an operation by its name, its parameters by theirs.

A reply is the SDK's own, as a dictionary with the vendor's names. A refusal has the parts that every SDK
tells of it.
"""

import json
from unittest import mock

from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.utils import parameter_helper
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.utils_models import Config
from alibabacloud_vod20170321 import models
from alibabacloud_vod20170321.client import Client
from darabonba.runtime import RuntimeOptions

from exercise import Exercise

REGION = "cn-shanghai"
V1 = "HMAC-SHA1 (V1)"
ACS3 = "ACS3-HMAC-SHA256"


class Refusal:
    """What an SDK tells of a refusal."""

    def __init__(self, code, message, status, request_id):
        self.code, self.message, self.status, self.request_id = code, message, status, request_id


class Api:
    """What both SDKs share."""

    def exercise(self, operation):
        return Exercise(operation, self.CLIENT, self.method, self.signature)

    def refusal(self, operation, **params):
        """The refusal of a call that has to be refused."""
        try:
            reply = self.call(operation, **params)
        except (ServerException, AlibabaCloudException) as refusal:
            return self.told(refusal)
        raise AssertionError(f"accepted: {reply}")

    def newest(self, video_id, kind):
        return self.call("ListSnapshots", VideoId=video_id, SnapshotType=kind)["MediaSnapshot"]


class Core(Api):
    """aliyun-python-sdk-core and -vod: signature V1 in the query, by GET or POST."""

    CLIENT = "aliyun-python-sdk-vod"

    def __init__(self, stage, method, key_id=None, secret=None, token=None):
        self.stage, self.method, self.signature = stage, method, V1
        key = (key_id or stage.key_id, secret or stage.secret)
        self.client = AcsClient(*key, REGION, auto_retry=False)
        self.token = token

    def prepared(self, operation, **params):
        module = __import__(f"aliyunsdkvod.request.v20170321.{operation}Request", fromlist=["x"])
        request = getattr(module, f"{operation}Request")()
        request.set_endpoint(self.stage.host)
        request.set_protocol_type("http")
        request.set_method(self.method)
        for name, value in params.items():
            getattr(request, f"set_{name}")(value)
        if self.token:
            request.add_query_param("SecurityToken", self.token)
        return request

    def call(self, operation, **params):
        return json.loads(self.client.do_action_with_exception(self.prepared(operation, **params)))

    def as_xml(self, operation, **params):
        """The body of a reply that is asked for as XML, which the SDK hands over as it is."""
        request = self.prepared(operation, **params)
        request.set_accept_format("XML")
        _, _, body, refusal = self.client._implementation_of_do_action(request)
        if refusal:
            raise refusal
        return body

    @staticmethod
    def told(refusal):
        status, request_id = refusal.get_http_status(), refusal.get_request_id()
        return Refusal(refusal.get_error_code(), refusal.get_error_msg(), status, request_id)

    def at_time(self, time):
        return mock.patch.object(parameter_helper, "get_iso_8061_date", lambda: time)

    def with_nonce(self, nonce):
        return mock.patch.object(parameter_helper, "get_uuid", lambda: nonce)


class Tea(Api):
    """alibabacloud_vod20170321: signature ACS3 in the headers, or V1, always by POST."""

    CLIENT = "alibabacloud_vod20170321"
    OPTIONS = RuntimeOptions(autoretry=False)

    def __init__(self, stage, signature=ACS3, key_id=None, secret=None, token=None):
        self.stage, self.method, self.signature = stage, "POST", signature
        config = Config(
            access_key_id=key_id or stage.key_id, access_key_secret=secret or stage.secret, security_token=token
        )
        config.endpoint, config.protocol, config.region_id = stage.host, "http", REGION
        if signature == V1:
            config.signature_algorithm = "v2"
        self.client = Client(config)

    def call(self, operation, **params):
        wanted = f"{operation}WithOptions".lower()
        call = next(name for name in dir(Client) if name.replace("_", "") == wanted)
        request = getattr(models, f"{operation}Request")().from_map(params)
        reply = getattr(self.client, call)(request, self.OPTIONS)
        return reply.body.to_map()

    @staticmethod
    def told(refusal):
        message = refusal.data["Message"]
        return Refusal(refusal.code, message, refusal.status_code, refusal.request_id)

    def at_time(self, time):
        return mock.patch("alibabacloud_tea_openapi.utils.Utils.get_timestamp", lambda: time)

    def with_nonce(self, nonce):
        return mock.patch("alibabacloud_tea_openapi.utils.Utils.get_nonce", lambda: nonce)
