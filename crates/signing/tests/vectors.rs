//! Requests that the vendors' own clients signed are accepted, and no altered one is.

use proptest::prelude::*;
use stillframe_signing::{alibaba_rpc, tencent_v1};

const TENCENT_SECRET: &str = "secret";
const ALIBABA_SECRET: &str = "testAccessKeySecret";

type Pairs = Vec<(String, String)>;

struct TencentVector {
    label: &'static str,
    method: &'static str,
    host: &'static str,
    path: &'static str,
    params: Pairs,
}

struct AlibabaVector {
    label: &'static str,
    method: &'static str,
    params: Pairs,
    string_to_sign: &'static str,
}

fn rows<const N: usize>(file: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    file.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let columns: Vec<&str> = line.split(" | ").collect();
        columns.try_into().expect("every row has all columns")
    })
}

fn decode(form: &str) -> Pairs {
    url::form_urlencoded::parse(form.as_bytes()).into_owned().collect()
}

fn tencent_vectors() -> Vec<TencentVector> {
    rows(include_str!("vectors/tencent_v1.txt"))
        .map(|[label, method, host, path, form]| TencentVector {
            label,
            method,
            host,
            path,
            params: decode(form),
        })
        .collect()
}

fn alibaba_vectors() -> Vec<AlibabaVector> {
    rows(include_str!("vectors/alibaba_rpc.txt"))
        .map(|[label, method, form, string_to_sign]| AlibabaVector {
            label,
            method,
            params: decode(form),
            string_to_sign,
        })
        .collect()
}

impl TencentVector {
    fn request(&self) -> tencent_v1::Request<'_> {
        tencent_v1::Request { method: self.method, host: self.host, path: self.path, params: &self.params }
    }
}

fn signature(params: &Pairs) -> &str {
    &params.iter().find(|(name, _)| name == "Signature").expect("vectors are signed").1
}

#[test]
fn tencents_published_vector_is_reproduced() {
    let params = decode(
        "Action=DescribeInstances&Nonce=11886&Region=gz&SecretId=AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA\
         &Timestamp=1465185768&instanceIds.0=ins-09dx96dg&limit=20&offset=0",
    );
    let request = tencent_v1::Request {
        method: "GET",
        host: "cvm.api.qcloud.com",
        path: "/v2/index.php",
        params: &params,
    };
    assert_eq!(
        tencent_v1::string_to_sign(&request),
        "GETcvm.api.qcloud.com/v2/index.php?Action=DescribeInstances&Nonce=11886&Region=gz\
         &SecretId=AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA&Timestamp=1465185768\
         &instanceIds.0=ins-09dx96dg&limit=20&offset=0"
    );
    let signed = tencent_v1::sign(&request, "Gu5t9xGARNpq86cd98joQYCN3Cozk1qA");
    assert_eq!(signed.as_deref(), Ok("NSI3UqqD99b/UJb4tbG/xZpRW64="));
}

#[test]
fn requests_of_tencents_clients_are_accepted() {
    let vectors = tencent_vectors();
    assert_eq!(vectors.len(), 24);
    for vector in &vectors {
        let signed = tencent_v1::sign(&vector.request(), TENCENT_SECRET);
        assert_eq!(signed.as_deref(), Ok(signature(&vector.params)), "{}", vector.label);
        assert_eq!(tencent_v1::verify(&vector.request(), TENCENT_SECRET), Ok(()), "{}", vector.label);
    }
}

#[test]
fn requests_of_alibabas_clients_are_accepted() {
    let vectors = alibaba_vectors();
    assert_eq!(vectors.len(), 10);
    for AlibabaVector { label, method, params, string_to_sign } in &vectors {
        assert_eq!(alibaba_rpc::string_to_sign(method, params), *string_to_sign, "{label}");
        assert_eq!(alibaba_rpc::sign(method, params, ALIBABA_SECRET), signature(params), "{label}");
        assert_eq!(alibaba_rpc::verify(method, params, ALIBABA_SECRET), Ok(()), "{label}");
    }
}

/// Replaces one character of a text by another that stays within the text's own part of the signed
/// string: `&` and `=` would move its bounds, which Tencent's raw string cannot tell.
fn alter(text: &mut String, at: prop::sample::Index, by: char) -> bool {
    let at = at.index(text.chars().count() + 1);
    let altered: String = match text.chars().nth(at) {
        Some(old) if old == by => return false,
        Some(_) => text.chars().enumerate().map(|(k, c)| if k == at { by } else { c }).collect(),
        None => format!("{text}{by}"),
    };
    *text = altered;
    true
}

/// Alters a name or value of one parameter; `false` when nothing that is signed changed.
fn alter_param(
    params: &mut Pairs,
    which: prop::sample::Index,
    is_name: bool,
    at: prop::sample::Index,
    by: char,
) -> bool {
    let which = which.index(params.len());
    let (name, value) = &mut params[which];
    // An altered signature must be refused too; without its name there is none.
    let is_signature = name == "Signature";
    alter(if is_name && !is_signature { name } else { value }, at, by)
}

proptest! {
    #[test]
    fn an_altered_request_of_tencents_clients_is_refused(
        pick: prop::sample::Index, which: prop::sample::Index, is_name: bool,
        at: prop::sample::Index, by in "[a-zA-Z0-9 %/+:,测]",
    ) {
        let mut vector = tencent_vectors().swap_remove(pick.index(24));
        let by = by.chars().next().expect("one character");
        prop_assume!(alter_param(&mut vector.params, which, is_name, at, by));
        prop_assert!(tencent_v1::verify(&vector.request(), TENCENT_SECRET).is_err());
    }

    #[test]
    fn an_altered_request_of_alibabas_clients_is_refused(
        pick: prop::sample::Index, which: prop::sample::Index, is_name: bool,
        at: prop::sample::Index, by in "[a-zA-Z0-9 %/+:,&=测]",
    ) {
        let mut vector = alibaba_vectors().swap_remove(pick.index(10));
        let by = by.chars().next().expect("one character");
        prop_assume!(alter_param(&mut vector.params, which, is_name, at, by));
        prop_assert!(alibaba_rpc::verify(vector.method, &vector.params, ALIBABA_SECRET).is_err());
    }

    #[test]
    fn method_host_and_path_are_signed(
        pick: prop::sample::Index, part in 0..3_usize, at: prop::sample::Index, by in "[a-z0-9.:/]",
    ) {
        let vector = tencent_vectors().swap_remove(pick.index(24));
        let mut parts = [vector.method.to_owned(), vector.host.to_owned(), vector.path.to_owned()];
        prop_assume!(alter(&mut parts[part], at, by.chars().next().expect("one character")));
        // The three stand side by side without a separator: only their joined text is signed.
        prop_assume!(parts.concat() != format!("{}{}{}", vector.method, vector.host, vector.path));
        let [method, host, path] = &parts;
        let request = tencent_v1::Request { method, host, path, params: &vector.params };
        prop_assert!(tencent_v1::verify(&request, TENCENT_SECRET).is_err());
        prop_assert!(alibaba_rpc::verify(method, &vector.params, ALIBABA_SECRET).is_err());
    }

    #[test]
    fn another_secret_added_parameters_and_dropped_parameters_are_refused(
        pick: prop::sample::Index, drop: prop::sample::Index, secret in "[a-zA-Z0-9]{1,40}",
    ) {
        prop_assume!(secret != TENCENT_SECRET && secret != ALIBABA_SECRET);
        let mut tencent = tencent_vectors().swap_remove(pick.index(24));
        let mut alibaba = alibaba_vectors().swap_remove(pick.index(10));
        prop_assert!(tencent_v1::verify(&tencent.request(), &secret).is_err());
        prop_assert!(alibaba_rpc::verify(alibaba.method, &alibaba.params, &secret).is_err());
        for params in [&mut tencent.params, &mut alibaba.params] {
            params.push(("added".to_owned(), "1".to_owned()));
        }
        prop_assert!(tencent_v1::verify(&tencent.request(), TENCENT_SECRET).is_err());
        prop_assert!(alibaba_rpc::verify(alibaba.method, &alibaba.params, ALIBABA_SECRET).is_err());
        for params in [&mut tencent.params, &mut alibaba.params] {
            params.pop();
            params.remove(drop.index(params.len()));
        }
        prop_assert!(tencent_v1::verify(&tencent.request(), TENCENT_SECRET).is_err());
        prop_assert!(alibaba_rpc::verify(alibaba.method, &alibaba.params, ALIBABA_SECRET).is_err());
    }

    #[test]
    fn what_is_signed_is_accepted(
        pairs in prop::collection::vec(("[a-zA-Z._]{1,8}", "\\PC{0,12}"), 0..8), secret in "\\PC{0,60}",
    ) {
        let mut params: Pairs = pairs.into_iter().filter(|(name, _)| name != "Signature").collect();
        params.push(("SignatureMethod".to_owned(), "HMAC-SHA1".to_owned()));
        params.push(("SignatureVersion".to_owned(), "1.0".to_owned()));
        params.push(("Signature".to_owned(), alibaba_rpc::sign("POST", &params, &secret)));
        prop_assert_eq!(alibaba_rpc::verify("POST", &params, &secret), Ok(()));
        prop_assert!(alibaba_rpc::verify("GET", &params, &secret).is_err());
    }
}
