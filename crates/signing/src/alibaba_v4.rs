//! What the fourth generation of Alibaba Cloud's product signatures (MNS4, OSS4) share: the scope of a
//! credential, and the key derived for it.

use crate::authorization::parts;
use crate::digest::is_hex;
use crate::mac::{hmac_sha256_hex, scoped_key};

const TERMINATOR: &str = "aliyun_v4_request";

/// The credential `id/20261124/region/product/aliyun_v4_request`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credential<'a> {
    /// Id of the access key.
    pub access_key_id: &'a str,
    /// UTC day that the key was derived for, `20261124`.
    pub date: &'a str,
    /// Region that the key was derived for; whatever the client was configured with.
    pub region: &'a str,
    /// Product that the key was derived for.
    pub product: &'a str,
}

impl<'a> Credential<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let [access_key_id, date, region, product, terminator] = parts(text)?;
        (terminator == TERMINATOR).then_some(Self { access_key_id, date, region, product })
    }

    /// The scope alone, without the id.
    pub(crate) fn scope(&self) -> String {
        format!("{}/{}/{}/{TERMINATOR}", self.date, self.region, self.product)
    }

    /// The signature of a text under the key of this scope.
    pub(crate) fn sign(&self, secret: &str, string_to_sign: &str) -> String {
        let parts = [self.date, self.region, self.product, TERMINATOR];
        hmac_sha256_hex(&scoped_key(&format!("aliyun_v4{secret}"), &parts), string_to_sign)
    }
}

impl std::fmt::Display for Credential<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.access_key_id, self.scope())
    }
}

/// Whether a text has the form of these schemes' signatures.
pub(crate) fn is_signature(text: &str) -> bool {
    is_hex(text, 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_read_as_it_is_written() {
        let text = "id/20261124/cn-shanghai/mns/aliyun_v4_request";
        assert_eq!(Credential::parse(text).map(|credential| credential.to_string()).as_deref(), Some(text));
        for text in ["id/20261124/cn-shanghai/mns/aws4_request", "id/20261124/cn-shanghai/mns", ""] {
            assert_eq!(Credential::parse(text), None, "{text}");
        }
    }
}
