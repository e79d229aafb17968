//! Every parser of signatures, fed with a request as it stands on the wire.

use stillframe_signing::url_keys::{Family, Key};
use stillframe_signing::{
    SignatureError, alibaba_acs3, alibaba_callback, alibaba_rpc, cos, mns, mns_v4, oss, oss_v4,
    tencent_callback, tencent_tc3, tencent_v1, url_keys,
};

use crate::pieces::{headers, params, words};

/// A secret that no input knows.
const SECRET: &str = "5b1c0f3a-not-in-any-corpus";
/// 2026-11-24: the time that the inputs of the corpus were signed at, or near it.
const NOW_S: i64 = 1_795_480_000;

/// `METHOD PATH?QUERY`, headers, an empty line and a body: no scheme may take it for signed.
pub fn signatures(data: &[u8]) {
    let ([method, resource], rest) = words::<2>(data);
    let (headers, body) = headers(rest);
    let (path, query_text) = resource.split_once('?').unwrap_or((&resource, ""));
    let query = params(query_text);
    let (method, headers, query) = (method.as_str(), headers.as_slice(), query.as_slice());
    let (bucket, key) = path.trim_start_matches('/').split_once('/').unwrap_or_default();
    let of_oss = oss::Request { method, bucket, key, query, headers };
    let host = stillframe_signing::headers::value(headers, "host").unwrap_or_default();
    let form = params(&String::from_utf8_lossy(body));
    let results: [Result<(), SignatureError>; 10] = [
        alibaba_acs3::verify(&alibaba_acs3::Request { method, path, query, headers, body }, SECRET),
        alibaba_rpc::verify(method, query, SECRET),
        alibaba_rpc::verify(method, &form, SECRET),
        cos::verify(&cos::Request { method, path, query, headers }, SECRET, NOW_S),
        mns::verify(&mns::Request { method, resource: &resource, headers }, SECRET),
        mns_v4::verify(&mns_v4::Request { method, path, query, headers }, SECRET),
        oss::verify(&of_oss, SECRET, NOW_S),
        oss_v4::verify(&of_oss, SECRET, NOW_S),
        tencent_tc3::verify(&tencent_tc3::Request { method, query: query_text, headers, body }, SECRET),
        tencent_v1::verify(&tencent_v1::Request { method, host: &host, path, params: query }, SECRET),
    ];
    assert!(results.iter().all(Result::is_err), "signed without the secret: {results:?}");
    let header = |name| stillframe_signing::headers::value(headers, name).unwrap_or_default();
    let callback =
        alibaba_callback::verify(&header("x-vod-signature"), &header("x-vod-timestamp"), &resource, SECRET);
    assert!(callback.is_err(), "signed without the secret");
    assert!(tencent_callback::verify(&header("sign"), &header("t"), SECRET, NOW_S).is_err());
    mns::is_digest_of(&header("content-md5"), body);
    if let Some(token) = url_keys::parse(&resource) {
        let keys =
            [Family::Alibaba, Family::Tencent, Family::Native].map(|family| Key { family, secret: SECRET });
        let refused = url_keys::verify(&token, &keys, NOW_S, 1_800, 60);
        assert!(refused.is_err(), "signed without the secret: {resource}");
    }
}
