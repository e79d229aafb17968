//! Who may read an object: whoever knows its URL, or, when its app has keys for URLs, whoever holds one
//! that was signed by them.

use stillframe_domain::url_signing::{UrlScheme, UrlSigning};
use stillframe_signing::url_keys::{self, Family, Key, Scheme, Token, tencent::Restrictions};

/// The answer to a URL that is not signed, as Alibaba's CDN words it.
const UNSIGNED: &str = "denied by req auth: no url arg auth_key";
/// The answer to a page that may not refer to the object.
const WRONG_REFERER: &str = "denied by req auth: invalid referer";

/// Why a URL opens nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Denied {
    /// For the header in which Alibaba's CDN tells the reason.
    pub reason: String,
}

/// Lets a request through whose URL is signed as the app's settings want it.
///
/// `path_and_query` is as on the wire. Of Tencent's restrictions those on referers are upheld.
///
/// # Errors
/// [`Denied`]: 403.
pub(crate) fn permit(
    signing: &UrlSigning,
    path_and_query: &str,
    referer: Option<&str>,
    now_s: i64,
) -> Result<(), Denied> {
    if !signing.is_required() {
        return Ok(());
    }
    let denied = |reason: &str| Denied { reason: reason.to_owned() };
    let token = url_keys::parse(path_and_query).ok_or_else(|| denied(UNSIGNED))?;
    let keys: Vec<Key<'_>> = signing
        .keys
        .iter()
        .filter(|key| takes(key.scheme, token.scheme()))
        .map(|key| Key { family: family(key.scheme), secret: &key.secret })
        .collect();
    url_keys::verify(&token, &keys, now_s, signing.valid_s, 0)
        .map_err(|refusal| Denied { reason: refusal.text })?;
    match token.restrictions() {
        Some(restrictions) if !may_refer(restrictions, referer) => Err(denied(WRONG_REFERER)),
        _ => Ok(()),
    }
}

/// The path of the object in a request's path and query: what stands before it in a signed URL is taken
/// away.
pub(crate) fn object_path(path_and_query: &str) -> &str {
    let path = path_and_query.split_once('?').map_or(path_and_query, |(path, _)| path);
    url_keys::parse(path_and_query).map_or(path, |token: Token<'_>| token.path())
}

/// Whether a key of one scheme is meant for URLs of another: both forms of type C are one type.
fn takes(configured: UrlScheme, given: Scheme) -> bool {
    matches!(
        (configured, given),
        (UrlScheme::Native, Scheme::Native)
            | (UrlScheme::Tencent, Scheme::Tencent)
            | (UrlScheme::AlibabaA, Scheme::AlibabaA)
            | (UrlScheme::AlibabaB, Scheme::AlibabaB)
            | (UrlScheme::AlibabaC1 | UrlScheme::AlibabaC2, Scheme::AlibabaC1 | Scheme::AlibabaC2)
    )
}

const fn family(scheme: UrlScheme) -> Family {
    match scheme {
        UrlScheme::Native => Family::Native,
        UrlScheme::Tencent => Family::Tencent,
        UrlScheme::AlibabaA | UrlScheme::AlibabaB | UrlScheme::AlibabaC1 | UrlScheme::AlibabaC2 => {
            Family::Alibaba
        }
    }
}

fn may_refer(restrictions: &Restrictions, referer: Option<&str>) -> bool {
    let host = referer.and_then(host_of).unwrap_or_default();
    let names = |list: &str| list.split(',').any(|pattern| is_host_of(pattern, host));
    let is_allowed = restrictions.referers_allowed.is_empty() || names(&restrictions.referers_allowed);
    let is_denied = !restrictions.referers_denied.is_empty() && names(&restrictions.referers_denied);
    is_allowed && !is_denied
}

fn host_of(referer: &str) -> Option<&str> {
    let rest = referer.split_once("://").map_or(referer, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next()?;
    Some(host.rsplit_once(':').map_or(host, |(name, _port)| name))
}

fn is_host_of(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(domain) => {
            let parts = host.len().checked_sub(domain.len()).and_then(|at| host.split_at_checked(at));
            parts.is_some_and(|(front, back)| front.ends_with('.') && back.eq_ignore_ascii_case(domain))
        }
        None => !host.is_empty() && pattern.eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stillframe_domain::url_signing::UrlKey;
    use stillframe_signing::url_keys::{alibaba, tencent};

    const NOW_S: u32 = 1_700_000_000;
    const PATH: &str = "/media/v/covers/o-00001.jpg";

    fn signing(keys: &[(UrlScheme, &str)]) -> UrlSigning {
        let key = |&(scheme, secret): &(UrlScheme, &str)| UrlKey { scheme, secret: secret.to_owned() };
        UrlSigning { keys: keys.iter().map(key).collect(), ..UrlSigning::default() }
    }

    fn is_open(signing: &UrlSigning, url: &str) -> bool {
        permit(signing, url, None, i64::from(NOW_S)).is_ok()
    }

    #[test]
    fn without_keys_every_url_opens() {
        assert!(is_open(&UrlSigning::default(), PATH));
    }

    #[test]
    fn primary_and_secondary_key_open_and_a_third_does_not() {
        let both = signing(&[(UrlScheme::AlibabaA, "primary1"), (UrlScheme::AlibabaA, "second22")]);
        for (key, opens) in [("primary1", true), ("second22", true), ("another3", false)] {
            assert_eq!(is_open(&both, &alibaba::sign_a(PATH, NOW_S, "0", key)), opens, "{key}");
        }
        assert!(!is_open(&both, PATH));
    }

    #[test]
    fn a_key_of_one_type_does_not_open_urls_of_another() {
        let only_a = signing(&[(UrlScheme::AlibabaA, "primary1")]);
        assert!(!is_open(&only_a, &alibaba::sign_b(PATH, NOW_S, "primary1")));
        assert!(!is_open(&only_a, &alibaba::sign_c1(PATH, NOW_S, "primary1")));
        let only_c = signing(&[(UrlScheme::AlibabaC1, "primary1")]);
        assert!(is_open(&only_c, &alibaba::sign_c1(PATH, NOW_S, "primary1")));
        assert!(is_open(&only_c, &alibaba::sign_c2(PATH, NOW_S, "primary1")));
        assert!(!is_open(&only_c, &alibaba::sign_a(PATH, NOW_S, "0", "primary1")));
    }

    #[test]
    fn referers_are_held_to_tencents_lists() {
        let open = signing(&[(UrlScheme::Tencent, "primary1")]);
        let url = |allowed: &str, denied: &str| {
            let restrictions = Restrictions {
                referers_allowed: allowed.to_owned(),
                referers_denied: denied.to_owned(),
                ..Restrictions::default()
            };
            tencent::sign(PATH, NOW_S, &restrictions, "primary1")
        };
        let from = |url: &str, referer| permit(&open, url, referer, i64::from(NOW_S)).is_ok();
        let allowed = url("a.example,*.b.example", "");
        assert!(from(&allowed, Some("https://a.example/page")));
        assert!(from(&allowed, Some("https://www.b.example:8443/page?x")));
        for referer in [None, Some("https://b.example/"), Some("https://xb.example/"), Some("nonsense")] {
            assert!(!from(&allowed, referer), "{referer:?}");
        }
        let denied = url("", "*.evil.example");
        assert!(from(&denied, None) && from(&denied, Some("https://a.example/")));
        assert!(!from(&denied, Some("https://www.EVIL.example/")));
    }

    #[test]
    fn the_object_stands_behind_what_a_signature_puts_before_it() {
        assert_eq!(object_path(&alibaba::sign_b(PATH, NOW_S, "primary1")), PATH);
        assert_eq!(object_path(&alibaba::sign_c1(PATH, NOW_S, "primary1")), PATH);
        assert_eq!(object_path(&format!("{PATH}?x=1")), PATH);
    }
}
