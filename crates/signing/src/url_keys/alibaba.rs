//! Alibaba Cloud CDN URL authentication, types A, B and C.
//!
//! Source: Alibaba Cloud CDN, "URL signing", types A, B and C, and ApsaraVideo VOD, "URL signing", read on
//! 2026-11-22.

use super::{Claims, Scheme, Token, param};
use crate::calendar::{parse_unix, parse_utc, utc_text};
use crate::digest::{is_hex, md5_hex};

/// Type B writes its time in China's.
const CHINA_OFFSET_S: i64 = 8 * 60 * 60;
const B_TIME_FORMAT: &str = "%Y%m%d%H%M";

/// A path signed by type A at `signed_s` (Unix seconds). `random` may be any letters and digits; the vendor
/// advises a UUID without its hyphens.
pub fn sign_a(path: &str, signed_s: u32, random: &str, key: &str) -> String {
    let claims = format!("{signed_s:010}-{random}-0");
    format!("{path}?auth_key={claims}-{}", hash_a(path, &claims, key))
}

/// A path signed by type B at `signed_s` (Unix seconds, of which it keeps the minute).
pub fn sign_b(path: &str, signed_s: u32, key: &str) -> String {
    let time = utc_text(i64::from(signed_s) + CHINA_OFFSET_S, B_TIME_FORMAT)
        .expect("the calendar reaches beyond 32 bits of seconds");
    format!("/{time}/{}{path}", hash_b(path, &time, key))
}

/// A path signed by the first form of type C at `signed_s` (Unix seconds).
pub fn sign_c1(path: &str, signed_s: u32, key: &str) -> String {
    let time = format!("{signed_s:08X}");
    format!("/{}/{time}{path}", hash_c(path, &time, key))
}

/// A path signed by the second form of type C at `signed_s` (Unix seconds).
pub fn sign_c2(path: &str, signed_s: u32, key: &str) -> String {
    let time = format!("{signed_s:08X}");
    format!("{path}?KEY1={}&KEY2={time}", hash_c(path, &time, key))
}

pub(super) fn hash_a(path: &str, claims: &str, key: &str) -> String {
    md5_hex(&format!("{path}-{claims}-{key}"))
}

pub(super) fn hash_b(path: &str, time: &str, key: &str) -> String {
    md5_hex(&format!("{key}{time}{path}"))
}

pub(super) fn hash_c(path: &str, time: &str, key: &str) -> String {
    md5_hex(&format!("{key}{path}{time}"))
}

pub(super) fn parse_a<'a>(path: &'a str, query: &'a str) -> Option<Token<'a>> {
    let (claims, given) = param(query, "auth_key")?.rsplit_once('-')?;
    let parts: Vec<&str> = claims.split('-').collect();
    let [time, random, uid] = parts.try_into().ok()?;
    let is_plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_whole = time.len() == 10 && is_plain(random) && is_plain(uid) && is_hash(given);
    let time_s = parse_unix(time)?;
    let claims = Claims::Text(claims);
    is_whole.then_some(Token { scheme: Scheme::AlibabaA, path, given, time, time_s, claims })
}

pub(super) fn parse_b(path: &str) -> Option<Token<'_>> {
    let (time, given, path) = prefix(path)?;
    let time_s = parse_utc(time, B_TIME_FORMAT)? - CHINA_OFFSET_S;
    let is_whole = time.len() == 12 && is_hash(given);
    is_whole.then_some(Token { scheme: Scheme::AlibabaB, path, given, time, time_s, claims: Claims::None })
}

pub(super) fn parse_c1(path: &str) -> Option<Token<'_>> {
    let (given, time, path) = prefix(path)?;
    type_c(Scheme::AlibabaC1, path, given, time)
}

pub(super) fn parse_c2<'a>(path: &'a str, query: &'a str) -> Option<Token<'a>> {
    type_c(Scheme::AlibabaC2, path, param(query, "KEY1")?, param(query, "KEY2")?)
}

fn type_c<'a>(scheme: Scheme, path: &'a str, given: &'a str, time: &'a str) -> Option<Token<'a>> {
    let time_s = parse_hex_time(time)?;
    is_hash(given).then_some(Token { scheme, path, given, time, time_s, claims: Claims::None })
}

/// Eight hex digits, no fewer and no more: the next part begins where they end.
pub(super) fn parse_hex_time(text: &str) -> Option<i64> {
    let is_time = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_time.then(|| i64::from_str_radix(text, 16).ok()).flatten()
}

pub(super) fn is_hash(text: &str) -> bool {
    is_hex(text, 32)
}

/// Splits `/first/second/rest` before the slash of the rest.
fn prefix(path: &str) -> Option<(&str, &str, &str)> {
    let (first, rest) = path.strip_prefix('/')?.split_once('/')?;
    let (second, rest) = rest.split_at(rest.find('/')?);
    Some((first, second, rest))
}
