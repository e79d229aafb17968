//! Signed picture URLs: who holds one may read the picture until it expires.
//!
//! Six shapes are known, four of Alibaba Cloud's CDN, one of Tencent Cloud VOD and one of our own:
//!
//! | scheme | URL | time |
//! |---|---|---|
//! | A | `/path?auth_key={time}-{random}-{uid}-{hash}` | start |
//! | B | `/{yyyymmddHHMM}/{hash}/path` | start, UTC+8 |
//! | C1 | `/{hash}/{hex time}/path` | start |
//! | C2 | `/path?KEY1={hash}&KEY2={hex time}` | start |
//! | Tencent KEY | `/path?t={hex time}&...&sign={hash}` | end |
//! | native | `/path?expires={time}&signature={base64url}` | end |
//!
//! **Invariants.** The vendors' schemes join key and claims without separators and hash them by MD5. So that
//! no part can flow into its neighbour, times have exactly one length, and a hash made for one family of
//! schemes is never checked by a key of another: the C hash of `/d/deadbeef.jpg` would else be a Tencent
//! hash for all of `/d/`. Claims are plain ASCII, which leaves no room for an MD5 length extension. An empty
//! key signs nothing. Paths are signed as on the wire, never decoded.

pub mod alibaba;
pub mod native;
pub mod tencent;

use crate::mac::is_same;

/// Whose rules a key follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Alibaba Cloud, types A, B and C.
    Alibaba,
    /// Tencent Cloud VOD, key hotlink protection.
    Tencent,
    /// Our own.
    Native,
}

/// A key, which signs URLs of one family only.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    /// Whose rules it follows.
    pub family: Family,
    /// Its text.
    pub secret: &'a str,
}

/// The shape of a signed URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Alibaba Cloud type A: in the query.
    AlibabaA,
    /// Alibaba Cloud type B: before the path, with a readable time.
    AlibabaB,
    /// Alibaba Cloud type C, first form: before the path.
    AlibabaC1,
    /// Alibaba Cloud type C, second form: in the query.
    AlibabaC2,
    /// Tencent Cloud VOD: in the query, for a whole folder.
    Tencent,
    /// Our own: in the query.
    Native,
}

/// What a signed URL claims, before anything is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token<'a> {
    scheme: Scheme,
    path: &'a str,
    given: &'a str,
    time: &'a str,
    time_s: i64,
    claims: Claims<'a>,
}

/// What a scheme signs beside path and time.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Claims<'a> {
    None,
    /// Alibaba type A: all before the hash, `time-random-uid`.
    Text(&'a str),
    Tencent(tencent::Restrictions),
}

/// Why a signed URL is refused; the answer is 403.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Refusal {
    /// The reason.
    pub reason: Reason,
    /// Value of the header `X-Tengine-Error`, as Alibaba's CDN words it.
    pub text: String,
}

/// Reasons to refuse a signed URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// No key of its family made the signature.
    WrongSignature,
    /// It was good once.
    Expired,
}

impl Scheme {
    /// Whose rules it follows.
    pub fn family(self) -> Family {
        match self {
            Self::AlibabaA | Self::AlibabaB | Self::AlibabaC1 | Self::AlibabaC2 => Family::Alibaba,
            Self::Tencent => Family::Tencent,
            Self::Native => Family::Native,
        }
    }

    /// Whether the time in the URL is that of signing; else it is that of expiry.
    fn counts_from_signing(self) -> bool {
        self.family() == Family::Alibaba
    }
}

impl<'a> Token<'a> {
    /// The shape that it was found in.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The path of the picture as on the wire, without what stood before it and without the query.
    pub fn path(&self) -> &'a str {
        self.path
    }

    /// What a Tencent URL restricts further. The signature holds it, the caller has to uphold it.
    pub fn restrictions(&self) -> Option<&tencent::Restrictions> {
        match &self.claims {
            Claims::Tencent(restrictions) => Some(restrictions),
            Claims::None | Claims::Text(_) => None,
        }
    }

    fn signature(&self, secret: &str) -> String {
        match (self.scheme, &self.claims) {
            (_, Claims::Text(claims)) => alibaba::hash_a(self.path, claims, secret),
            (_, Claims::Tencent(restrictions)) => tencent::hash(self.path, self.time, restrictions, secret),
            (Scheme::AlibabaB, Claims::None) => alibaba::hash_b(self.path, self.time, secret),
            (Scheme::Native, Claims::None) => native::signature(self.path, self.time, secret),
            (_, Claims::None) => alibaba::hash_c(self.path, self.time, secret),
        }
    }
}

/// Recognises a signed URL by its shape; `None` when it has none of them and so is not signed. Shapes before
/// the path go first, since those are reserved.
pub fn parse(path_and_query: &str) -> Option<Token<'_>> {
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    alibaba::parse_b(path)
        .or_else(|| alibaba::parse_c1(path))
        .or_else(|| alibaba::parse_a(path, query))
        .or_else(|| alibaba::parse_c2(path, query))
        .or_else(|| tencent::parse(path, query))
        .or_else(|| native::parse(path, query))
}

/// Checks a token, in constant time, at `now_s` (Unix seconds) by any of the keys, of which an app has two
/// while it changes from one to the other. A URL with a time of signing is good for `validity_s` seconds
/// from that; every URL is good for `tolerance_s` seconds more.
///
/// # Errors
/// [`Refusal`] when no key made it, or when it has expired.
pub fn verify(
    token: &Token<'_>,
    keys: &[Key<'_>],
    now_s: i64,
    validity_s: u32,
    tolerance_s: u32,
) -> Result<(), Refusal> {
    let is_usable = |key: &&Key<'_>| key.family == token.scheme.family() && !key.secret.is_empty();
    let is_signed = keys
        .iter()
        .filter(is_usable)
        .fold(false, |found, key| is_same(token.given, &token.signature(key.secret)) | found);
    if !is_signed {
        let text = format!("denied by req auth: invalid md5hash={}", token.given);
        return Err(Refusal { reason: Reason::WrongSignature, text });
    }
    let validity_s = if token.scheme.counts_from_signing() { validity_s } else { 0 };
    if now_s <= token.time_s + i64::from(validity_s) + i64::from(tolerance_s) {
        Ok(())
    } else {
        let text = format!("denied by req auth: expired timestamp={}", token.time);
        Err(Refusal { reason: Reason::Expired, text })
    }
}

/// The first value of a parameter, as on the wire.
fn param<'a>(query: &'a str, wanted: &str) -> Option<&'a str> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

#[cfg(test)]
mod tests;
