//! Sums of bytes on their way into the store.

use std::io;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use futures::StreamExt;
use md5::{Digest as _, Md5};
use stillframe_domain::Crc64;
use stillframe_storage::Chunks;

use crate::upload_error::UploadError;

/// What is known of bytes that have passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sums {
    /// MD5.
    pub(crate) md5: [u8; 16],
    /// CRC-64/XZ.
    pub(crate) crc64: Crc64,
}

/// Where the sums stand once all bytes have passed.
pub(crate) type Summed = Arc<OnceLock<Sums>>;

/// The same bytes, which end with [`UploadError::DigestMismatch`] when they are not those of `md5`.
pub(crate) fn summed(content: Chunks, md5: Option<[u8; 16]>) -> (Chunks, Summed) {
    let summed = Summed::default();
    let state = Passing { content, md5: Md5::new(), crc64: Crc64::default(), summed: summed.clone() };
    let chunks = futures::stream::try_unfold(Some(state), move |passing| async move {
        let Some(mut passing) = passing else { return Ok(None) };
        if let Some(chunk) = passing.content.next().await {
            let chunk = chunk?;
            passing.md5.update(&chunk);
            passing.crc64 = passing.crc64.with(&chunk);
            return Ok(Some((chunk, Some(passing))));
        }
        let sums = Sums { md5: passing.md5.finalize().into(), crc64: passing.crc64 };
        if md5.is_some_and(|md5| md5 != sums.md5) {
            return Err(io::Error::other(UploadError::DigestMismatch));
        }
        passing.summed.set(sums).expect("a stream ends once");
        Ok(None::<(Bytes, Option<Passing>)>)
    });
    (chunks.boxed(), summed)
}

struct Passing {
    content: Chunks,
    md5: Md5,
    crc64: Crc64,
    summed: Summed,
}

/// Lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The validator of an object that was made of parts: MD5 of the MD5s of its parts, and how many they were.
pub(crate) fn etag_of_parts<'a>(md5s: impl ExactSizeIterator<Item = &'a str>) -> String {
    let count = md5s.len();
    let mut sum = Md5::new();
    for md5 in md5s {
        sum.update(unhex(md5));
    }
    format!("{}-{count}", hex(&sum.finalize()))
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).unwrap_or_default().to_le_bytes()[0]).collect();
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| (byte << 4) | digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{TryStreamExt, stream};

    fn content() -> Chunks {
        stream::iter([Ok(Bytes::from_static(b"1234")), Ok(Bytes::from_static(b"56789"))]).boxed()
    }

    #[tokio::test]
    async fn sums_stand_when_all_bytes_have_passed_unchanged() {
        let (mut chunks, summed) = summed(content(), None);
        assert_eq!(chunks.next().await.expect("a chunk").expect("bytes"), "1234");
        assert_eq!(summed.get(), None);
        let rest: Vec<Bytes> = chunks.try_collect().await.expect("bytes");
        assert_eq!(rest, ["56789"]);
        let sums = summed.get().expect("sums");
        assert_eq!(hex(&sums.md5), "25f9e794323b453885f5181f1b624d0b");
        assert_eq!(sums.crc64.as_u64(), 0x995d_c9bb_df19_39fa);
        let (chunks, _) = super::summed(content(), Some(sums.md5));
        assert!(chunks.try_collect::<Vec<Bytes>>().await.is_ok());
    }

    #[tokio::test]
    async fn bytes_of_another_sum_end_with_an_error() {
        let (chunks, summed) = summed(content(), Some([0; 16]));
        let error = chunks.try_collect::<Vec<Bytes>>().await.expect_err("another sum");
        let inner = error.into_inner().and_then(|inner| inner.downcast::<UploadError>().ok());
        assert!(matches!(inner.as_deref(), Some(UploadError::DigestMismatch)));
        assert_eq!(summed.get(), None);
    }

    #[test]
    fn the_validator_of_parts_is_that_of_object_stores() {
        // MD5 of the 32 bytes of two MD5s of nothing.
        let md5 = "d41d8cd98f00b204e9800998ecf8427e";
        assert_eq!(etag_of_parts([md5].into_iter()), "59adb24ef3cdbe0297f05b395827453f-1");
        assert!(etag_of_parts([md5, md5].into_iter()).ends_with("-2"));
    }
}
