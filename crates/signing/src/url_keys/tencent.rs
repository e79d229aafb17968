//! Tencent Cloud VOD key hotlink protection.
//!
//! Source: Tencent Cloud VOD, "Key hotlink protection" (266/33986), read on 2026-11-22.
//!
//! The path counts without its file name: a URL signed for one picture is good for its whole folder. What
//! stands between time and hash is joined without separators, so whoever holds a URL can move characters
//! from one restriction to the next. Both are properties of the scheme; the time is beyond such moves,
//! since it has one length.

use super::alibaba::{is_hash, parse_hex_time};
use super::{Claims, Scheme, Token, param};
use crate::digest::md5_hex;

/// What a URL restricts beside its time, each as text on the wire (with `,` and `*` decoded), empty when
/// absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restrictions {
    /// `exper`: seconds that may be played, decimal; for videos alone.
    pub preview_s: String,
    /// `rlimit`: how many addresses may use the URL, decimal.
    pub addresses_max: String,
    /// `us`: an id that makes the URL one of its kind.
    pub id: String,
    /// `whref`: domains that may refer to it, joined by commas.
    pub referers_allowed: String,
    /// `bkref`: domains that may not refer to it.
    pub referers_denied: String,
    /// `whreg`: regions that may read it, three letters each, joined by commas.
    pub regions_allowed: String,
    /// `bkreg`: regions that may not read it.
    pub regions_denied: String,
}

impl Restrictions {
    fn parse(query: &str) -> Option<Self> {
        Some(Self {
            preview_s: text(query, "exper", is_digit)?,
            addresses_max: text(query, "rlimit", is_digit)?,
            id: text(query, "us", is_word)?,
            referers_allowed: text(query, "whref", is_list)?,
            referers_denied: text(query, "bkref", is_list)?,
            regions_allowed: text(query, "whreg", is_list)?,
            regions_denied: text(query, "bkreg", is_list)?,
        })
    }

    /// Name and text of each, in the order that queries keep.
    fn pairs(&self) -> [(&'static str, &str); 7] {
        [
            ("exper", &self.preview_s),
            ("rlimit", &self.addresses_max),
            ("us", &self.id),
            ("whref", &self.referers_allowed),
            ("bkref", &self.referers_denied),
            ("whreg", &self.regions_allowed),
            ("bkreg", &self.regions_denied),
        ]
    }
}

/// A path signed until `expires_s` (Unix seconds).
pub fn sign(path: &str, expires_s: u32, restrictions: &Restrictions, key: &str) -> String {
    let time = format!("{expires_s:08x}");
    let present = restrictions.pairs().into_iter().filter(|(_, text)| !text.is_empty());
    let params: String = present.map(|(name, text)| format!("&{name}={text}")).collect();
    format!("{path}?t={time}{params}&sign={}", hash(path, &time, restrictions, key))
}

pub(super) fn hash(path: &str, time: &str, restrictions: &Restrictions, key: &str) -> String {
    let folder = path.rfind('/').map_or("", |slash| &path[..=slash]);
    let texts = restrictions.pairs().map(|(_, text)| text).concat();
    md5_hex(&format!("{key}{folder}{time}{texts}"))
}

pub(super) fn parse<'a>(path: &'a str, query: &'a str) -> Option<Token<'a>> {
    let (time, given) = (param(query, "t")?, param(query, "sign")?);
    let is_whole = is_hash(given) && !time.bytes().any(|byte| byte.is_ascii_uppercase());
    let time_s = parse_hex_time(time)?;
    let claims = Claims::Tencent(Restrictions::parse(query)?);
    is_whole.then_some(Token { scheme: Scheme::Tencent, path, given, time, time_s, claims })
}

/// The text of a parameter, empty when absent; `None` when it holds what it may not.
fn text(query: &str, name: &str, is_allowed: fn(u8) -> bool) -> Option<String> {
    let mut text = param(query, name).unwrap_or_default().to_owned();
    for (escape, character) in [("%2C", ","), ("%2c", ","), ("%2A", "*"), ("%2a", "*")] {
        text = text.replace(escape, character);
    }
    text.bytes().all(is_allowed).then_some(text)
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn is_list(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b',' | b'.' | b'*' | b':')
}
