//! Covers that a caller brings as a picture.

use bytes::Bytes;
use stillframe_domain::media::Cover;
use stillframe_domain::{App, Dialect, MediaUpdate, OutputId, object_key};

use crate::media::own_key;
use crate::{MediaName, Result, Service, ServiceError, invalid};

/// Largest picture of a cover, in bytes.
pub const COVER_BYTES_MAX: usize = 5 << 20;

impl Service {
    /// Keeps a picture as an object of the video and makes it its cover; gives the key. A picture that
    /// was brought before stays until the video goes.
    ///
    /// # Errors
    /// `MediaNotFound`; `InvalidParameter` unless it is a whole JPEG, PNG or GIF of at most
    /// [`COVER_BYTES_MAX`].
    pub async fn upload_cover(
        &self,
        app: &App,
        name: &MediaName,
        picture: Bytes,
        by: Dialect,
    ) -> Result<String> {
        let media = self.find_media(app, name).await?;
        if picture.len() > COVER_BYTES_MAX {
            return Err(invalid("cover", format!("at most {COVER_BYTES_MAX} bytes")));
        }
        let extension = extension(&picture).ok_or_else(no_picture)?;
        let key = object_key::brought_cover(&media.video_id, &OutputId::mint(self.rng()), extension);
        self.deps.storage.put(&own_key(&key), picture).await?;
        let update = MediaUpdate { cover: Some(Some(Cover::Object(key.clone()))), ..MediaUpdate::default() };
        self.update_media(app, name, update, by).await?;
        Ok(key)
    }
}

fn no_picture() -> ServiceError {
    invalid("cover", "a whole JPEG, PNG or GIF")
}

/// The ending of a picture's name, by its first and last bytes and a size above 0.
///
/// The picture is kept and served as it is, with its type stated, and never decoded here; a browser may
/// still find it damaged inside.
fn extension(picture: &[u8]) -> Option<&'static str> {
    match picture {
        [0xff, 0xd8, 0xff, .., 0xff, 0xd9] => Some("jpg"),
        // Signature, length and name of the first chunk, width and height; the last chunk is empty.
        [
            0x89,
            b'P',
            b'N',
            b'G',
            b'\r',
            b'\n',
            0x1a,
            b'\n',
            0,
            0,
            0,
            13,
            b'I',
            b'H',
            b'D',
            b'R',
            size @ ..,
        ] if size.ends_with(&[0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82]) => {
            let (width, rest) = size.split_first_chunk::<4>()?;
            let height = rest.first_chunk::<4>()?;
            (*width != [0; 4] && *height != [0; 4]).then_some("png")
        }
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', width @ .., 0x3b] => {
            let size = width.first_chunk::<4>()?;
            (size[..2] != [0; 2] && size[2..] != [0; 2]).then_some("gif")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG_HEAD: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x02";
    const PNG_END: &[u8] = b"\0\0\0\0IEND\xaeB`\x82";

    #[test]
    fn pictures_are_known_by_both_ends_and_a_size() {
        assert_eq!(extension(b"\xff\xd8\xff\xe0 and so on \xff\xd9"), Some("jpg"));
        assert_eq!(extension(&[PNG_HEAD, b" and so on ", PNG_END].concat()), Some("png"));
        assert_eq!(extension(b"GIF89a\x01\0\x01\0 and so on ;"), Some("gif"));
    }

    #[test]
    fn anything_else_is_no_picture() {
        let broken_off = [PNG_HEAD, b" and so on "].concat();
        let without_size = [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0\0\0\0\x02".as_slice(), PNG_END].concat();
        let page = b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>";
        for bytes in [&broken_off, &without_size, page.as_slice(), b"", b"\xff\xd8\xff\xd9", b"GIF89a;"] {
            assert_eq!(extension(bytes), None, "{bytes:?}");
        }
    }
}
