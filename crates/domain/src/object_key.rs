//! Where a video's objects stand. Clients build URLs from these, so they are part of the contract.

use serde::{Deserialize, Serialize};

use crate::ids::{OutputId, VideoId};
use crate::snapshot::{ImageFormat, Product, SnapshotSpec};

/// What an output is for; decides its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OutputKind {
    /// Cover pictures.
    Cover,
    /// Sprite sheets of the covers.
    CoverSprite,
    /// Pictures.
    Normal,
    /// Sprite sheets.
    Sprite,
    /// The single pictures of a sprite.
    SpriteOrigin,
    /// Pictures or sheets with a WebVTT file beside them.
    WebVtt,
}

impl OutputKind {
    /// The name used in the database and the native API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cover => "cover",
            Self::CoverSprite => "cover_sprite",
            Self::Normal => "normal",
            Self::Sprite => "sprite",
            Self::SpriteOrigin => "sprite_origin",
            Self::WebVtt => "web_vtt",
        }
    }

    /// What a set of pictures is for that a caller asked for by its spec alone.
    pub const fn of_spec(spec: &SnapshotSpec) -> Self {
        match spec.product {
            _ if spec.has_vtt => Self::WebVtt,
            Product::Sprite { .. } => Self::Sprite,
            Product::Stills { .. } => Self::Normal,
        }
    }

    const fn folder(self) -> &'static str {
        match self {
            Self::Cover => "covers",
            Self::CoverSprite => "covers/sprite",
            Self::Normal => "snapshots/normal",
            Self::Sprite => "snapshots/sprite",
            Self::SpriteOrigin => "snapshots/sprite-origin",
            Self::WebVtt => "snapshots/webvtt",
        }
    }
}

/// Key of a picture or sheet; `number` counts from 1 and is written with five digits.
pub fn picture(
    video_id: &VideoId,
    kind: OutputKind,
    output_id: &OutputId,
    number: u32,
    format: ImageFormat,
) -> String {
    numbered(video_id, kind, output_id, &format!("{number:05}"), format)
}

/// As [`picture`], with any text in the place of the number: a rule for clients to expand.
pub fn numbered(
    video_id: &VideoId,
    kind: OutputKind,
    output_id: &OutputId,
    number: &str,
    format: ImageFormat,
) -> String {
    let folder = kind.folder();
    // A WebVTT file and its pictures share a folder of their own.
    let separator = if kind == OutputKind::WebVtt { '/' } else { '-' };
    format!("{video_id}/{folder}/{output_id}{separator}{number}.{}", format.extension())
}

/// Key of the WebVTT file of an output. Pictures are named relative to it.
pub fn vtt(video_id: &VideoId, kind: OutputKind, output_id: &OutputId) -> String {
    let folder = kind.folder();
    match kind {
        OutputKind::WebVtt => format!("{video_id}/{folder}/{output_id}/{output_id}.vtt"),
        _ => format!("{video_id}/{folder}/{output_id}.vtt"),
    }
}

/// Key of a cover that its user brought.
pub fn brought_cover(video_id: &VideoId, id: &OutputId, extension: &str) -> String {
    format!("{video_id}/{}/{id}.{extension}", OutputKind::Cover.folder())
}

/// Whether a key has the shape of [`brought_cover`]: no number behind its id.
pub fn is_brought_cover(key: &str) -> bool {
    let mut parts = key.split('/');
    let (Some(video_id), Some(folder), Some(name), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let is_id = |text| OutputId::parse(text).is_ok();
    let is_picture = |(id, extension)| is_id(id) && matches!(extension, "jpg" | "png" | "gif");
    VideoId::parse(video_id).is_ok()
        && folder == OutputKind::Cover.folder()
        && name.split_once('.').is_some_and(is_picture)
}

/// Key of an uploaded video; the name keeps only letters, digits, `.`, `-` and `_`.
pub fn source(video_id: &VideoId, name: &str) -> String {
    let is_kept = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let safe: String = name.chars().map(|c| if is_kept(c) { c } else { '_' }).collect();
    let safe = safe.trim_start_matches('.');
    // The end of a long name holds its extension.
    let tail = &safe[safe.len().saturating_sub(100)..];
    format!("{video_id}/source/{}", if tail.is_empty() { "video" } else { tail })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> (VideoId, OutputId) {
        let video = VideoId::parse("0123456789abcdef0123456789abcdef").expect("hex");
        let output = OutputId::parse("fedcba9876543210fedcba9876543210").expect("hex");
        (video, output)
    }

    #[test]
    fn keys_are_those_of_the_contract() {
        let (v, o) = ids();
        let key = |kind| picture(&v, kind, &o, 7, ImageFormat::Jpg).replace(v.as_str(), "V");
        let key = |kind| key(kind).replace(o.as_str(), "O");
        assert_eq!(key(OutputKind::Cover), "V/covers/O-00007.jpg");
        assert_eq!(key(OutputKind::CoverSprite), "V/covers/sprite/O-00007.jpg");
        assert_eq!(key(OutputKind::Normal), "V/snapshots/normal/O-00007.jpg");
        assert_eq!(key(OutputKind::Sprite), "V/snapshots/sprite/O-00007.jpg");
        assert_eq!(key(OutputKind::SpriteOrigin), "V/snapshots/sprite-origin/O-00007.jpg");
        assert_eq!(key(OutputKind::WebVtt), "V/snapshots/webvtt/O/00007.jpg");
    }

    #[test]
    fn a_brought_cover_is_told_from_those_that_were_taken() {
        let (v, o) = ids();
        assert!(["jpg", "png", "gif"].iter().all(|kind| is_brought_cover(&brought_cover(&v, &o, kind))));
        let taken = picture(&v, OutputKind::Cover, &o, 7, ImageFormat::Jpg);
        let others =
            [taken, vtt(&v, OutputKind::Cover, &o), source(&v, "covers.jpg"), "covers/x.jpg".to_owned()];
        assert!(!others.iter().any(|key| is_brought_cover(key)));
    }

    #[test]
    fn source_names_cannot_leave_their_folder() {
        let (v, _) = ids();
        let name = |n| source(&v, n).replace(v.as_str(), "V");
        assert_eq!(name("film.mp4"), "V/source/film.mp4");
        assert_eq!(name("../../etc/passwd"), "V/source/_.._etc_passwd");
        assert_eq!(name(".."), "V/source/video");
        assert_eq!(name("影.mp4"), "V/source/_.mp4");
    }
}
