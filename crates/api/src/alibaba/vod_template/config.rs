//! `TemplateConfig`: the JSON of a template's pictures.
//!
//! Source: ApsaraVideo VOD, "Parameters for media processing", SnapshotTemplateConfig (read 2026-11-22). The
//! vendor's tables require members that its own examples leave out: those have the defaults of
//! SubmitSnapshotJob here.

use serde_json::{Map, Value, json};
use stillframe_domain::template::JPEG_QUALITY_DEFAULT;
use stillframe_domain::{Fit, FrameChoice, ImageFormat, Product, Selection, SizeRule, SnapshotSpec};

use crate::alibaba::error::Refusal;
use crate::alibaba::loose_json::Fields;
use crate::alibaba::sprite_config::{self, SpriteConfig};
use crate::alibaba::submit_snapshot_job::{COUNT_MAX, INTERVAL_S_MAX, series};

const NORMAL: &str = "NormalSnapshot";
const SPRITE: &str = "SpriteSnapshot";
const WEB_VTT: &str = "WebVttSnapshot";

/// What a template makes.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::alibaba) struct Config {
    /// Its pictures.
    pub spec: SnapshotSpec,
    /// Size of the single pictures that are kept beside a sprite.
    pub origin: Option<SizeRule>,
}

impl Config {
    /// Reads the text of a request.
    ///
    /// # Errors
    /// `InvalidParameter`.
    pub(in crate::alibaba) fn read(text: &str) -> Result<Self, Refusal> {
        let refused = || Refusal::invalid("TemplateConfig");
        let fields = Fields::read(text).ok_or_else(refused)?;
        let config = fields.object("SnapshotConfig").map_err(|_| refused())?.ok_or_else(refused)?;
        read(&fields.text("SnapshotType").unwrap_or_default(), &config).map_err(|_| refused())
    }

    /// The text for an answer.
    pub(in crate::alibaba) fn write(&self) -> String {
        let mut config = frames_config(&self.spec, self.origin.unwrap_or_default());
        let mut tell = |name: &str, value: Value| config.insert(name.to_owned(), value);
        if let Product::Sprite { layout, .. } = &self.spec.product {
            tell("SpriteSnapshotConfig", sprite_config::write(layout, self.origin.is_some()));
        }
        let is_sprite = matches!(self.spec.product, Product::Sprite { .. });
        if self.spec.has_vtt {
            tell("Format", "vtt".into());
            tell("SubOut", json!({ "IsSptFrag": is_sprite.to_string() }));
        }
        let kind = match is_sprite {
            _ if self.spec.has_vtt => WEB_VTT,
            true => SPRITE,
            false => NORMAL,
        };
        json!({ "SnapshotType": kind, "SnapshotConfig": config }).to_string()
    }
}

/// Which frames a set of pictures shows and how large they are, as the vendor writes it; `origin` is the size
/// of a sprite's single pictures.
pub(in crate::alibaba) fn frames_config(spec: &SnapshotSpec, origin: SizeRule) -> Map<String, Value> {
    let is_intra = matches!(spec.frame, FrameChoice::Keyframe | FrameChoice::DistinctKeyframe);
    let frame_type = if is_intra { "intra" } else { "normal" };
    let mut config = Map::from_iter([("FrameType".to_owned(), frame_type.into())]);
    let mut tell = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            config.insert(name.to_owned(), value);
        }
    };
    match &spec.selection {
        Selection::Series { start, interval_ms, count } => {
            tell("SpecifiedOffsetTime", Some(start.as_millis().into()));
            tell("Interval", Some((interval_ms / 1000).into()));
            tell("Count", count.map(Into::into));
        }
        Selection::Keyframes { count, start, .. } => {
            tell("SpecifiedOffsetTime", Some(start.as_millis().into()));
            tell("Interval", Some(0.into()));
            tell("Count", Some((*count).into()));
        }
        Selection::Offsets(_) => {
            let offsets: Vec<_> = spec.selection.asked_offsets().into_iter().flatten().collect();
            tell("SpecifiedOffsetTimes", Some(json!(offsets)));
        }
        Selection::PercentStep { .. } | Selection::Cover | Selection::Preview { .. } => {}
    }
    let size = match spec.product {
        Product::Stills { size, .. } => size,
        Product::Sprite { .. } => origin,
    };
    tell("Width", size.width_px.map(Into::into));
    tell("Height", size.height_px.map(Into::into));
    config
}

fn read(kind: &str, config: &Fields) -> Result<Config, &'static str> {
    let (fit, format, quality) = (Fit::Stretch, ImageFormat::Jpg, JPEG_QUALITY_DEFAULT);
    let size = SizeRule {
        width_px: config.number("Width", 8, 4096)?,
        height_px: config.number("Height", 8, 4096)?,
        is_adaptive: false,
    };
    let sprite = config.object("SpriteSnapshotConfig")?;
    let sprite = |is_required: bool| match &sprite {
        Some(fields) => sprite_config::read(fields, size),
        None if is_required => Err("SpriteSnapshotConfig"),
        // An object without members has all defaults.
        None => sprite_config::read(&Fields::default(), size),
    };
    let (product, has_vtt, origin) = match (kind, is_packed(config)?) {
        (NORMAL, _) | (WEB_VTT, false) => {
            (Product::Stills { size, fit, format, quality }, kind == WEB_VTT, None)
        }
        (SPRITE, _) => {
            let SpriteConfig { layout, is_origin_kept } = sprite(true)?;
            (Product::Sprite { layout, fit, format, quality }, false, is_origin_kept.then_some(size))
        }
        (WEB_VTT, true) => {
            let layout = sprite(false)?.layout;
            (Product::Sprite { layout, fit, format, quality }, true, None)
        }
        _ => return Err("SnapshotType"),
    };
    let (selection, frame) = frames(config)?;
    Ok(Config { spec: SnapshotSpec { selection, frame, product, has_vtt }, origin })
}

/// Whether the pictures of a WebVTT file are packed into sheets.
fn is_packed(config: &Fields) -> Result<bool, &'static str> {
    if config.text("Format").is_some_and(|format| !format.eq_ignore_ascii_case("vtt")) {
        return Err("Format");
    }
    let sub_out = config.object("SubOut")?;
    match sub_out.and_then(|sub_out| sub_out.text("IsSptFrag")).as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err("IsSptFrag"),
    }
}

/// Which frames: of keyframes that are spread evenly there is none twice, and there may be fewer.
fn frames(config: &Fields) -> Result<(Selection, FrameChoice), &'static str> {
    let start_ms = config.number("SpecifiedOffsetTime", 0, i64::MAX)?;
    let count = config.number("Count", 1, COUNT_MAX)?;
    let interval_s = config.number("Interval", 0, INTERVAL_S_MAX)?;
    let series = series(start_ms, count, interval_s);
    match config.text("FrameType").as_deref() {
        None | Some("normal") => Ok((series, FrameChoice::Exact)),
        Some("intra") => Ok((spread_over_keyframes(series), FrameChoice::DistinctKeyframe)),
        Some(_) => Err("FrameType"),
    }
}

fn spread_over_keyframes(series: Selection) -> Selection {
    match series {
        Selection::Series { start, interval_ms: 0, count } => {
            Selection::Keyframes { count: count.unwrap_or(1), start, names_best: false }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stillframe_domain::MediaTime;

    fn config(text: &str) -> Config {
        Config::read(text).expect("accepted")
    }

    #[test]
    fn the_vendors_example_is_read_and_its_missing_members_have_defaults() {
        let text = r#"{"SnapshotConfig":{"Count":10,"SpecifiedOffsetTime":0,"Interval":1},
            "SnapshotType":"NormalSnapshot"}"#;
        let Config { spec, origin } = config(text);
        let selection = Selection::Series { start: MediaTime::ZERO, interval_ms: 1_000, count: Some(10) };
        assert_eq!((spec.selection, spec.frame, spec.has_vtt), (selection, FrameChoice::Exact, false));
        assert!(matches!(spec.product, Product::Stills { .. }) && origin.is_none());
    }

    #[test]
    fn every_type_reads_back_what_it_wrote() {
        let frames = "'Count':10,'SpecifiedOffsetTime':50,'Interval':0,'FrameType':'intra'";
        let grid = "'SpriteSnapshotConfig':{'CellWidth':120,'Columns':'3','Lines':10,'Color':'tomato'}";
        for text in [
            format!("{{'SnapshotType':'NormalSnapshot','SnapshotConfig':{{{frames},'Width':320}}}}"),
            format!("{{'SnapshotType':'SpriteSnapshot','SnapshotConfig':{{{frames},{grid}}}}}"),
            format!("{{'SnapshotType':'WebVttSnapshot','SnapshotConfig':{{{frames},'Format':'VTT'}}}}"),
            format!(
                "{{'SnapshotType':'WebVttSnapshot','SnapshotConfig':{{{frames},{grid},\
                 'SubOut':{{'IsSptFrag':'true'}}}}}}"
            ),
        ] {
            let read = config(&text);
            assert_eq!(config(&read.write()), read, "{text}");
            assert_eq!(
                read.spec.selection,
                Selection::Keyframes { count: 10, start: MediaTime::from_millis(50), names_best: false }
            );
        }
    }

    #[test]
    fn one_large_picture_or_single_ones_go_with_a_vtt() {
        let vtt = |sub_out: &str| {
            let config = format!("{{'Count':3,'SubOut':{sub_out}}}");
            let spec =
                self::config(&format!("{{'SnapshotType':'WebVttSnapshot','SnapshotConfig':{config}}}")).spec;
            (spec.has_vtt, matches!(spec.product, Product::Sprite { .. }))
        };
        assert_eq!(vtt("{'IsSptFrag':'true'}"), (true, true));
        assert_eq!(vtt("{'IsSptFrag':'false'}"), (true, false));
    }

    #[test]
    fn what_is_no_configuration_is_refused() {
        for text in [
            "x",
            "{}",
            "{'SnapshotType':'NormalSnapshot'}",
            "{'SnapshotType':'CoverSnapshot','SnapshotConfig':{}}",
            "{'SnapshotType':'SpriteSnapshot','SnapshotConfig':{}}",
            "{'SnapshotType':'NormalSnapshot','SnapshotConfig':{'Count':0}}",
            "{'SnapshotType':'NormalSnapshot','SnapshotConfig':{'Width':7}}",
            "{'SnapshotType':'NormalSnapshot','SnapshotConfig':{'FrameType':'other'}}",
            "{'SnapshotType':'WebVttSnapshot','SnapshotConfig':{'Format':'srt'}}",
        ] {
            assert_eq!(Config::read(text), Err(Refusal::invalid("TemplateConfig")), "{text}");
        }
    }
}
