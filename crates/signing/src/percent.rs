//! Percent-encoding as signatures want it.

/// Encodes every byte but the unreserved ones of RFC 3986 (letters, digits, `-`, `_`, `.`, `~`), with
/// upper-case digits: a space becomes `%20`, an asterisk `%2A`.
pub fn encode(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(DIGITS[usize::from(byte >> 4)]));
            encoded.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    encoded
}

/// The same, but with the slashes of a path as they are.
pub(crate) fn encode_path(path: &str) -> String {
    path.split('/').map(encode).collect::<Vec<String>>().join("/")
}

/// `name=value&...`, each encoded: a query string, or a form body, of a client.
pub fn encode_pairs(params: &crate::Params) -> String {
    let pairs: Vec<String> =
        params.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_characters_stand_as_they_are() {
        assert_eq!(encode("azAZ09-_.~"), "azAZ09-_.~");
        assert_eq!(encode(" *+!'()/:%"), "%20%2A%2B%21%27%28%29%2F%3A%25");
        assert_eq!(encode("测"), "%E6%B5%8B");
    }
}
