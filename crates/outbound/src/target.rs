//! Reads URLs and vets what can be vetted without the network.

use std::net::IpAddr;

use url::{Host, Url};

use crate::address::AddressGuard;
use crate::error::OutboundError;

/// Longest URL that is read, in bytes.
const URL_BYTES_MAX: usize = 4_096;

/// Reads an absolute URL and vets its address if it is a literal; names are vetted when resolved.
///
/// The HTTP library connects to literal addresses without asking its resolver, hence the check here.
/// Reading by the WHATWG rules turns `0x7f000001`, `2130706433` or `0177.0.0.1` into an address first.
pub(crate) fn read(url: &str, guard: &AddressGuard) -> Result<Url, OutboundError> {
    if url.len() > URL_BYTES_MAX {
        return Err(OutboundError::InvalidUrl { detail: "it is too long".to_owned() });
    }
    let url = Url::parse(url).map_err(|error| OutboundError::InvalidUrl { detail: error.to_string() })?;
    vet(&url, guard)?;
    Ok(url)
}

/// Vets a URL that was read already.
pub(crate) fn vet(url: &Url, guard: &AddressGuard) -> Result<(), OutboundError> {
    let invalid = |detail: &str| Err(OutboundError::InvalidUrl { detail: detail.to_owned() });
    if !matches!(url.scheme(), "http" | "https") {
        return invalid("its scheme is neither http nor https");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return invalid("it holds credentials");
    }
    let literal: IpAddr = match url.host() {
        None => return invalid("it names no host"),
        Some(Host::Domain(_)) => return Ok(()),
        Some(Host::Ipv4(ip)) => ip.into(),
        Some(Host::Ipv6(ip)) => ip.into(),
    };
    guard.vet(literal).map_err(OutboundError::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(allow: &[&str], url: &str) -> &'static str {
        let nets: Vec<_> = allow.iter().map(|net| net.parse().unwrap()).collect();
        match read(url, &AddressGuard::new(&nets)) {
            Ok(_) => "ok",
            Err(OutboundError::Forbidden { .. }) => "forbidden",
            Err(OutboundError::InvalidUrl { .. }) => "invalid",
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_spelling_of_loopback_is_forbidden() {
        for host in [
            "127.0.0.1",
            "127.0.0.1.",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "0177.0.0.01",
            "017700000001",
            "127.0.0.1:80",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[0:0:0:0:0:0:0:1]",
            "[64:ff9b::127.0.0.1]",
            "[2002:7f00:1::]",
            "0",
            "0.0.0.0",
            "１２７.０.０.１",
            "127%2E0.0.1",
            "%31%32%37.0.0.1",
            "127。0。0。1",
        ] {
            assert_eq!(check(&[], &format!("http://{host}/x")), "forbidden", "{host}");
        }
    }

    #[test]
    fn only_plain_http_urls_are_read() {
        for url in [
            "",
            "example.org",
            "//example.org/",
            "/etc/passwd",
            "file:///etc/passwd",
            "ftp://example.org/",
            "gopher://127.0.0.1:6379/_FLUSHALL",
            "javascript:alert(1)",
            "data:text/plain,hi",
            "http://",
            "http:///",
            "http://user@example.org/",
            "http://user:secret@example.org/",
            "http://:secret@example.org/",
            "http://1.2.3.4.5/",
            "http://256.256.256.256/",
            "http://[::1",
            "http://exa mple.org/",
            "http://example.org:99999/",
            "http://[fe80::1%25eth0]/",
            "unix:/run/docker.sock",
        ] {
            assert_eq!(check(&["0.0.0.0/0", "::/0"], url), "invalid", "{url}");
        }
        let long = format!("http://example.org/{}", "a".repeat(URL_BYTES_MAX));
        assert_eq!(check(&[], &long), "invalid");
    }

    #[test]
    fn names_and_public_literals_pass_on_to_the_resolver() {
        for url in [
            "http://example.org",
            "HTTPS://EXAMPLE.org:8443/a?b#c",
            "http://1.1.1.1/",
            "http://[2606:4700::1]/",
            // Vetted once resolved: the name alone says nothing.
            "http://localhost/",
            "http://localhost./",
            "http://metadata.google.internal/",
        ] {
            assert_eq!(check(&[], url), "ok", "{url}");
        }
    }

    #[test]
    fn backslashes_and_tabs_do_not_hide_the_host() {
        assert_eq!(check(&[], "http:\\\\127.0.0.1\\x"), "forbidden");
        assert_eq!(check(&[], "http://127.0.\t0.1/"), "forbidden");
        assert_eq!(check(&[], "http:127.0.0.1/"), "forbidden");
        assert_eq!(check(&[], "http://1.1.1.1\\@127.0.0.1/"), "ok", "the host is 1.1.1.1");
        assert_eq!(check(&[], "http://1.1.1.1#@127.0.0.1/"), "ok", "the host is 1.1.1.1");
    }
}
