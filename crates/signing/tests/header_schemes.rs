//! Requests that the vendors' own clients signed in a header or a URL are accepted, and no altered one is.

#[path = "support/http_file.rs"]
mod http_file;

use http_file::{Sample, decode, decode_pairs, samples};
use proptest::prelude::*;
use proptest::sample::Index;
use stillframe_signing::{SignatureError, alibaba_acs3, cos, mns, mns_v4, oss, oss_v4, tencent_tc3};

const TENCENT_SECRET: &str = "secret";
const ALIBABA_SECRET: &str = "testAccessKeySecret";
/// The ids of both vendors' keys are not signed: another id has another secret.
const KEY_IDS: [&str; 2] = ["AKIDTEST", "testAccessKeyId"];
/// The clock of the clients of both object stores.
const NOW_S: i64 = 1_795_482_600;

/// A scheme and what it promises to sign.
struct Scheme {
    name: &'static str,
    samples: fn() -> Vec<Sample>,
    count: usize,
    verify: fn(&Sample) -> Result<(), SignatureError>,
    signs_header: fn(&Sample, &str) -> bool,
    signs_param: fn(&Sample, &str) -> bool,
    signs_body: fn(&Sample) -> bool,
}

const SCHEMES: [Scheme; 7] = [
    Scheme {
        name: "TC3",
        samples: || samples(include_str!("vectors/tencent_tc3.http")),
        count: 8,
        verify: verify_tc3,
        signs_header: |_, name| matches!(name, "content-type" | "host" | "x-tc-timestamp"),
        signs_param: |_, _| true,
        signs_body: |sample| value(sample, "x-tc-content-sha256").is_none(),
    },
    Scheme {
        name: "ACS3",
        samples: || samples(include_str!("vectors/alibaba_acs3.http")),
        count: 7,
        verify: verify_acs3,
        signs_header: |sample, name| {
            let header = value(sample, "authorization").expect("signed");
            alibaba_acs3::Authorization::parse(header)
                .is_ok_and(|signed| signed.signed_headers.split(';').any(|listed| listed == name))
        },
        signs_param: |_, _| true,
        signs_body: |_| true,
    },
    Scheme {
        name: "MNS",
        samples: || samples(include_str!("vectors/mns.http")),
        count: 12,
        verify: verify_mns,
        signs_header: signs_mns_header,
        signs_param: |_, _| true,
        signs_body: |_| false,
    },
    Scheme {
        name: "MNS4",
        samples: mns_v4_samples,
        count: 12,
        verify: verify_mns_v4,
        signs_header: signs_mns_header,
        signs_param: |_, _| true,
        signs_body: |_| false,
    },
    Scheme {
        name: "COS",
        samples: || samples(include_str!("vectors/cos.http")),
        count: 13,
        verify: verify_cos,
        signs_header: |sample, name| cos_authorization(sample).signs_header(name),
        signs_param: |sample, name| {
            (name.starts_with("q-") && name != "q-ak") || cos_authorization(sample).signs_param(name)
        },
        signs_body: |_| false,
    },
    Scheme {
        name: "OSS",
        samples: || samples(include_str!("vectors/oss.http")),
        count: 16,
        verify: verify_oss,
        signs_header: |sample, name| {
            let is_dated = value(sample, "authorization").is_some() && name == "date";
            is_dated || matches!(name, "content-md5" | "content-type") || name.starts_with("x-oss-")
        },
        signs_param: |_, name| {
            let listing = ["prefix", "delimiter", "marker", "max-keys", "encoding-type"];
            let listing_v2 = ["list-type", "start-after", "fetch-owner", "OSSAccessKeyId"];
            !listing.contains(&name) && !listing_v2.contains(&name)
        },
        signs_body: |_| false,
    },
    Scheme {
        name: "OSS4",
        samples: || samples(include_str!("vectors/oss_v4.http")),
        count: 17,
        verify: verify_oss_v4,
        signs_header: |sample, name| {
            let is_additional = sample.label.contains("host signed") && name == "host";
            is_additional || matches!(name, "content-md5" | "content-type") || name.starts_with("x-oss-")
        },
        signs_param: |_, _| true,
        signs_body: |_| false,
    },
];

fn value<'a>(sample: &'a Sample, name: &str) -> Option<&'a str> {
    let found = sample.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

fn verify_tc3(sample: &Sample) -> Result<(), SignatureError> {
    let Sample { method, query, headers, body, .. } = sample;
    let request = tencent_tc3::Request { method, query, headers, body: body.as_bytes() };
    tencent_tc3::verify(&request, TENCENT_SECRET)
}

fn verify_acs3(sample: &Sample) -> Result<(), SignatureError> {
    let Sample { method, path, headers, body, .. } = sample;
    let query = &decode_pairs(&sample.query);
    let request = alibaba_acs3::Request { method, path, query, headers, body: body.as_bytes() };
    alibaba_acs3::verify(&request, ALIBABA_SECRET)
}

fn resource(sample: &Sample) -> String {
    let mark = if sample.query.is_empty() { "" } else { "?" };
    format!("{}{mark}{}", sample.path, sample.query)
}

fn verify_mns(sample: &Sample) -> Result<(), SignatureError> {
    let Sample { method, headers, .. } = sample;
    mns::verify(&mns::Request { method, resource: &resource(sample), headers }, ALIBABA_SECRET)
}

fn signs_mns_header(_: &Sample, name: &str) -> bool {
    matches!(name, "content-md5" | "content-type" | "date") || name.starts_with("x-mns-")
}

/// The requests of the HMAC-SHA1 client, signed anew by our own code: no client for Python knows V4. The
/// vendor's vectors stand with the module.
fn mns_v4_samples() -> Vec<Sample> {
    let mut all = samples(include_str!("vectors/mns.http"));
    for sample in &mut all {
        let (path, query) = (decode(&sample.path), mns_query(sample));
        let request = mns_v4_request(sample, &path, &query);
        let signed = mns_v4::sign(&request, "cn-shanghai", "testAccessKeyId", ALIBABA_SECRET).expect("dated");
        sample.headers.retain(|(name, _)| name != "Authorization");
        sample.headers.push(("Authorization".to_owned(), signed));
    }
    all
}

fn mns_query(sample: &Sample) -> Vec<(String, String)> {
    decode_pairs(&sample.query.replace('+', "%2B"))
}

fn mns_v4_request<'a>(
    sample: &'a Sample,
    path: &'a str,
    query: &'a [(String, String)],
) -> mns_v4::Request<'a> {
    mns_v4::Request { method: &sample.method, path, query, headers: &sample.headers }
}

fn verify_mns_v4(sample: &Sample) -> Result<(), SignatureError> {
    let (path, query) = (decode(&sample.path), mns_query(sample));
    mns_v4::verify(&mns_v4_request(sample, &path, &query), ALIBABA_SECRET)
}

fn cos_authorization(sample: &Sample) -> cos::Authorization {
    let (path, query) = (decode(&sample.path), decode_pairs(&sample.query));
    let Sample { method, headers, .. } = sample;
    let request = cos::Request { method, path: &path, query: &query, headers };
    cos::Authorization::find(&request).expect("signed")
}

fn verify_cos(sample: &Sample) -> Result<(), SignatureError> {
    let (path, query) = (decode(&sample.path), decode_pairs(&sample.query));
    let Sample { method, headers, .. } = sample;
    let request = cos::Request { method, path: &path, query: &query, headers };
    cos::verify(&request, TENCENT_SECRET, NOW_S)
}

/// Hands the request over as an OSS server reads it, with the bucket in the path.
fn oss_outcome(
    sample: &Sample,
    verify: fn(&oss::Request<'_>, &str, i64) -> Result<(), SignatureError>,
    now_s: i64,
) -> Result<(), SignatureError> {
    let (path, query) = (decode(&sample.path), decode_pairs(&sample.query));
    let (bucket, key) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    let Sample { method, headers, .. } = sample;
    verify(&oss::Request { method, bucket, key, query: &query, headers }, ALIBABA_SECRET, now_s)
}

fn verify_oss(sample: &Sample) -> Result<(), SignatureError> {
    oss_outcome(sample, oss::verify, NOW_S)
}

fn verify_oss_v4(sample: &Sample) -> Result<(), SignatureError> {
    oss_outcome(sample, oss_v4::verify, NOW_S)
}

#[test]
fn requests_of_the_vendors_clients_are_accepted() {
    for scheme in SCHEMES {
        let all = (scheme.samples)();
        assert_eq!(all.len(), scheme.count, "{}", scheme.name);
        for sample in &all {
            assert_eq!((scheme.verify)(sample), Ok(()), "{} {}", scheme.name, sample.label);
        }
    }
}

/// The `Authorization` header that our own code makes for a request; `None` for a signed URL.
fn signed_anew(scheme: &Scheme, sample: &Sample) -> Option<String> {
    let given = value(sample, "authorization")?;
    let (path, query) = (decode(&sample.path), decode_pairs(&sample.query));
    let Sample { method, headers, body, .. } = sample;
    let (bucket, key) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    let object = oss::Request { method, bucket, key, query: &query, headers };
    let body = body.as_bytes();
    match scheme.name {
        "TC3" => {
            let request = tencent_tc3::Request { method, query: &sample.query, headers, body };
            tencent_tc3::sign(&request, "content-type;host", "AKIDTEST", TENCENT_SECRET).ok()
        }
        "ACS3" => {
            let listed = alibaba_acs3::Authorization::parse(given).expect("signed").signed_headers;
            let request = alibaba_acs3::Request { method, path: &path, query: &query, headers, body };
            Some(alibaba_acs3::sign(&request, listed, "testAccessKeyId", ALIBABA_SECRET))
        }
        "MNS" => {
            let request = mns::Request { method, resource: &resource(sample), headers };
            Some(mns::sign(&request, "testAccessKeyId", ALIBABA_SECRET))
        }
        "COS" => {
            let authorization = cos_authorization(sample);
            let mut signed: Vec<(String, String)> = headers.clone();
            signed.retain(|(name, _)| authorization.signs_header(name));
            let host = signed.iter_mut().filter(|(name, _)| name == "Host");
            host.for_each(|(_, host)| *host = "127.0.0.1".to_owned());
            let request = cos::Request { method, path: &path, query: &query, headers: &signed };
            Some(cos::sign(&request, authorization.sign_time, "AKIDTEST", TENCENT_SECRET))
        }
        "OSS" => Some(oss::sign(&object, "testAccessKeyId", ALIBABA_SECRET)),
        "OSS4" => {
            let additional_headers = given.split_once("AdditionalHeaders=").map_or("", |(_, names)| names);
            let (access_key_id, secret) = ("testAccessKeyId", ALIBABA_SECRET);
            let signer = oss_v4::Signer { access_key_id, secret, region: "cn-shanghai", additional_headers };
            oss_v4::sign(&object, &signer).ok()
        }
        // The vendor's vectors stand with the module.
        _ => None,
    }
}

#[test]
fn we_sign_as_the_vendors_clients_do() {
    for scheme in SCHEMES {
        for sample in &(scheme.samples)() {
            if let Some(signed) = signed_anew(&scheme, sample) {
                assert_eq!(value(sample, "authorization"), Some(signed.as_str()), "{}", sample.label);
            }
        }
    }
}

#[test]
fn signed_urls_of_the_vendors_clients_expire() {
    for sample in samples(include_str!("vectors/oss.http")).iter().filter(|one| one.label.contains("url")) {
        assert_eq!(oss_outcome(sample, oss::verify, NOW_S + 600), Ok(()), "{}", sample.label);
        assert_eq!(oss_outcome(sample, oss::verify, NOW_S + 601), Err(SignatureError::Expired));
    }
    for sample in samples(include_str!("vectors/oss_v4.http")).iter().filter(|one| one.label.contains("url"))
    {
        assert_eq!(oss_outcome(sample, oss_v4::verify, NOW_S + 600), Ok(()), "{}", sample.label);
        assert_eq!(oss_outcome(sample, oss_v4::verify, NOW_S + 601), Err(SignatureError::Expired));
    }
    for sample in samples(include_str!("vectors/cos.http")).iter().filter(|one| one.label.contains("url")) {
        let (path, query) = (decode(&sample.path), decode_pairs(&sample.query));
        let Sample { method, headers, .. } = sample;
        let request = cos::Request { method, path: &path, query: &query, headers };
        let outcome = |now_s| cos::verify(&request, TENCENT_SECRET, now_s);
        assert_eq!((outcome(NOW_S - 60), outcome(NOW_S + 600)), (Ok(()), Ok(())), "{}", sample.label);
        let expired = Err(SignatureError::Expired);
        assert_eq!((outcome(NOW_S - 61), outcome(NOW_S + 601)), (expired.clone(), expired));
    }
}

/// Puts another character in the place of one; `false` when the text is empty or stays as it was.
fn alter(text: &mut String, at: Index, by: char) -> bool {
    if text.is_empty() {
        return false;
    }
    let at = at.index(text.chars().count());
    let altered: String = text.chars().enumerate().map(|(k, old)| if k == at { by } else { old }).collect();
    std::mem::replace(text, altered.clone()) != altered
}

/// Alters a signed header; `false` when nothing that is signed changed.
fn alter_header(scheme: &Scheme, sample: &mut Sample, which: Index, at: Index, by: char) -> bool {
    let which = which.index(sample.headers.len());
    let name = sample.headers[which].0.to_lowercase();
    if name != "authorization" && !(scheme.signs_header)(sample, &name) {
        return false;
    }
    let old = sample.headers[which].1.clone();
    let is_altered = alter(&mut sample.headers[which].1, at, by);
    let new = &sample.headers[which].1;
    let without_id = |text: &str| {
        let (before, after) = KEY_IDS.iter().find_map(|id| text.split_once(id))?;
        Some((before.len(), after.to_owned()))
    };
    let is_id_alone = name == "authorization" && without_id(new).is_none() && without_id(&old).is_some();
    let is_case_alone = scheme.name == "TC3" && name != "authorization" && old.eq_ignore_ascii_case(new);
    // COS clients sign the host with or without its port.
    let host = |text: &str| text.split(':').next().map(str::to_owned);
    let is_port_alone = scheme.name == "COS" && name == "host" && host(&old) == host(new);
    is_altered && !is_id_alone && !is_case_alone && !is_port_alone
}

/// Alters a signed parameter; `false` when nothing that is signed changed.
fn alter_param(scheme: &Scheme, sample: &mut Sample, which: Index, at: Index, by: char) -> bool {
    let mut pairs: Vec<String> = sample.query.split('&').map(str::to_owned).collect();
    let which = which.index(pairs.len());
    let (name, old_value) = pairs[which].split_once('=').unwrap_or((&pairs[which], ""));
    let (name, old_value, old) = (name.to_owned(), old_value.to_owned(), pairs[which].clone());
    if old.is_empty() || !(scheme.signs_param)(sample, &name) || !alter(&mut pairs[which], at, by) {
        return false;
    }
    let new = pairs[which].clone();
    sample.query = pairs.join("&");
    // MNS4 does not sign the case of names, nor COS that of names and escapes.
    let is_case_alone = matches!(scheme.name, "MNS4" | "COS")
        && new.eq_ignore_ascii_case(&old)
        && new.ends_with(&format!("={old_value}"));
    !is_case_alone && decode_pairs(&new) != decode_pairs(&old)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_global_rejects: 100_000, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn an_altered_header_is_refused(
        scheme in 0..SCHEMES.len(), pick: Index, which: Index, at: Index, by in "[a-zA-Z0-9 /+:;,=&-]",
    ) {
        let scheme = &SCHEMES[scheme];
        let mut sample = (scheme.samples)().swap_remove(pick.index(scheme.count));
        let by = by.chars().next().expect("one character");
        prop_assume!(alter_header(scheme, &mut sample, which, at, by));
        prop_assert!((scheme.verify)(&sample).is_err(), "{} {:?}", scheme.name, sample);
    }

    #[test]
    fn an_altered_method_path_parameter_or_body_is_refused(
        scheme in 0..SCHEMES.len(), pick: Index, part in 0..4_usize, which: Index, at: Index,
        by in "[a-zA-Z0-9_.-]",
    ) {
        let scheme = &SCHEMES[scheme];
        let mut sample = (scheme.samples)().swap_remove(pick.index(scheme.count));
        let by = by.chars().next().expect("one character");
        let is_altered = match part {
            0 => alter(&mut sample.method, at, by.to_ascii_uppercase()),
            1 => {
                let old = sample.path.clone();
                // TC3 has one path only, and signs it as that.
                let keeps_slash = scheme.name != "TC3" && alter(&mut sample.path, at, by) && sample.path.starts_with('/');
                keeps_slash && decode(&sample.path) != decode(&old)
            }
            2 => alter_param(scheme, &mut sample, which, at, by),
            _ => (scheme.signs_body)(&sample) && {
                let is_altered = alter(&mut sample.body, at, by);
                if !is_altered { sample.body.push(by); }
                true
            },
        };
        prop_assume!(is_altered);
        prop_assert!((scheme.verify)(&sample).is_err(), "{} {:?}", scheme.name, sample);
    }

    #[test]
    fn a_signed_header_that_is_dropped_or_repeated_is_refused(
        scheme in 0..SCHEMES.len(), pick: Index, which: Index,
    ) {
        let scheme = &SCHEMES[scheme];
        let sample = (scheme.samples)().swap_remove(pick.index(scheme.count));
        let which = which.index(sample.headers.len());
        let name = sample.headers[which].0.to_lowercase();
        prop_assume!(name == "authorization" || (scheme.signs_header)(&sample, &name));
        let mut dropped = sample.clone();
        dropped.headers.remove(which);
        prop_assert!((scheme.verify)(&dropped).is_err(), "{} {:?}", scheme.name, dropped);
        let mut repeated = sample;
        repeated.headers.push((name, "x".to_owned()));
        prop_assert!((scheme.verify)(&repeated).is_err(), "{} {:?}", scheme.name, repeated);
    }
}
