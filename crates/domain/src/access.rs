//! Access keys.

use crate::ids::AppId;
use crate::rng::Rng;

/// An id and a secret of one app. The same key signs native and every vendor's requests.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Public part.
    pub key_id: String,
    /// Secret part; never logged.
    pub secret: String,
    /// The app whose things this key reaches.
    pub app_id: AppId,
}

impl AccessKey {
    /// A new key for an app: id `AKSF` + 20 digits and letters, secret of 40.
    pub fn mint(app_id: AppId, rng: &dyn Rng) -> Self {
        Self { key_id: format!("AKSF{}", alphanumeric(rng, 20)), secret: alphanumeric(rng, 40), app_id }
    }
}

impl std::fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AccessKey({}, app {})", self.key_id, self.app_id)
    }
}

/// Random digits and letters, for keys and secrets.
pub(crate) fn alphanumeric(rng: &dyn Rng, length: usize) -> String {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    // Four letters from each 64 bits: the bias of `% 62` over 16 bits is below 0.1 %.
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let bits = rng.next_u64();
        for k in 0..4.min(length - text.len()) {
            let pick = (bits >> (16 * k)) as u16 as usize % LETTERS.len();
            text.push(char::from(LETTERS[pick]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::OsRng;

    #[test]
    fn keys_differ_and_hide_their_secret_in_debug() {
        let (a, b) = (AccessKey::mint(AppId(1), &OsRng), AccessKey::mint(AppId(1), &OsRng));
        assert_ne!(a.secret, b.secret);
        assert_eq!((a.key_id.len(), a.secret.len()), (24, 40));
        assert!(!format!("{a:?}").contains(&a.secret));
    }
}
