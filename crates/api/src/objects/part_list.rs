//! The body that completes an upload in parts: which parts, in which order.

use serde::Deserialize;

use super::error::Refusal;

/// Largest body, in bytes: the most parts, with room for spaces.
pub(super) const BODY_BYTES_MAX: usize = 4 << 20;

#[derive(Deserialize)]
#[serde(rename = "CompleteMultipartUpload")]
struct PartList {
    #[serde(rename = "Part", default)]
    parts: Vec<ListedPart>,
}

#[derive(Deserialize)]
struct ListedPart {
    #[serde(rename = "PartNumber")]
    number: u32,
    #[serde(rename = "ETag")]
    etag: String,
}

/// Numbers and validators without quotes, in the order listed.
///
/// # Errors
/// `MalformedXML`.
pub(super) fn decode(body: &[u8]) -> Result<Vec<(u32, String)>, Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| Refusal::Xml)?;
    let list: PartList = quick_xml::de::from_str(text).map_err(|_| Refusal::Xml)?;
    let parts = list.parts.into_iter();
    Ok(parts.map(|part| (part.number, part.etag.trim().trim_matches('"').to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_of_both_vendors_clients_are_read() {
        let wanted = vec![(1, "aa".to_owned()), (2, "BB".to_owned())];
        let cos = r#"<?xml version="1.0" ?><CompleteMultipartUpload><Part><PartNumber>1</PartNumber>
            <ETag>&quot;aa&quot;</ETag></Part><Part><PartNumber>2</PartNumber><ETag>"BB"</ETag></Part>
            </CompleteMultipartUpload>"#;
        let oss = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"aa\"</ETag></Part>\
            <Part><ETag>BB</ETag><PartNumber>2</PartNumber></Part></CompleteMultipartUpload>";
        assert_eq!(decode(cos.as_bytes()).expect("a list"), wanted);
        assert_eq!(decode(oss.as_bytes()).expect("a list"), wanted);
        assert_eq!(decode(b"<CompleteMultipartUpload></CompleteMultipartUpload>").expect("a list"), []);
    }

    #[test]
    fn other_bodies_are_refused() {
        for body in [
            "",
            "{}",
            "<CompleteMultipartUpload><Part><PartNumber>x</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>",
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
            "<CompleteMultipartUpload><Part>",
            "<!DOCTYPE a [<!ENTITY b \"c\">]><CompleteMultipartUpload><Part><PartNumber>1</PartNumber>\
             <ETag>&b;</ETag></Part></CompleteMultipartUpload>",
        ] {
            assert!(matches!(decode(body.as_bytes()), Err(Refusal::Xml)), "{body}");
        }
    }
}
