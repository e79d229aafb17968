//! Templates: named shapes of pictures.

use serde::{Deserialize, Serialize};

use crate::snapshot::{
    Colour, Fit, FrameChoice, ImageFormat, Product, Selection, SizeRule, SnapshotSpec, SpriteLayout,
};
use crate::time::{MediaTime, Timestamp};

/// Families of numbered templates; the same number may stand in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateFamily {
    /// Pictures at given offsets.
    Offsets,
    /// Pictures in a regular series.
    Sample,
    /// Sprite sheets.
    Sprite,
}

impl TemplateFamily {
    /// The name used in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Offsets => "offsets",
            Self::Sample => "sample",
            Self::Sprite => "sprite",
        }
    }
}

/// Names a template within an app.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateRef {
    /// By number within a family.
    Numbered {
        /// The family.
        family: TemplateFamily,
        /// The number.
        number: i64,
    },
    /// By 32 hex digits.
    Hex(String),
}

/// A named shape of pictures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// Its name within the app.
    pub reference: TemplateRef,
    /// A name for people.
    pub name: String,
    /// A remark for people.
    pub comment: String,
    /// When it was made; `None` for presets.
    pub created_at: Option<Timestamp>,
    /// When it last changed; `None` for presets.
    pub updated_at: Option<Timestamp>,
    /// What is made. For [`TemplateFamily::Offsets`] the request replaces the selection.
    pub spec: SnapshotSpec,
    /// Size of the single pictures that are kept beside its sprite, as a set of their own; `None` keeps none.
    pub origin: Option<SizeRule>,
}

impl Template {
    /// Whether every app has it.
    pub const fn is_preset(&self) -> bool {
        self.created_at.is_none()
    }
}

/// Quality of JPEGs when a template names none.
pub const JPEG_QUALITY_DEFAULT: u8 = 85;

/// The templates that every app has.
///
/// Source: Tencent Cloud VOD, preset templates (legacy 10 and 20 of time offset, 10 of sample and
/// sprite), as collected on 2026-11-22.
pub fn presets() -> Vec<Template> {
    let stills = |width_px, height_px, fit| Product::Stills {
        size: SizeRule { width_px, height_px, is_adaptive: false },
        fit,
        format: ImageFormat::Jpg,
        quality: JPEG_QUALITY_DEFAULT,
    };
    let template = |family, number, name: &str, selection, product| Template {
        reference: TemplateRef::Numbered { family, number },
        name: name.to_owned(),
        comment: String::new(),
        created_at: None,
        updated_at: None,
        origin: None,
        spec: SnapshotSpec { selection, frame: FrameChoice::Exact, product, has_vtt: false },
    };
    let sprite_layout = SpriteLayout {
        columns: 10,
        rows: 10,
        cell: SizeRule { width_px: Some(142), height_px: Some(80), is_adaptive: false },
        padding_px: 0,
        margin_px: 0,
        colour: Colour::BLACK,
    };
    let mut sprite = template(
        TemplateFamily::Sprite,
        10,
        "sprite of 10 x 10, one each 10 s",
        Selection::Series { start: MediaTime::ZERO, interval_ms: 10_000, count: None },
        Product::Sprite {
            layout: sprite_layout,
            fit: Fit::Black,
            format: ImageFormat::Jpg,
            quality: JPEG_QUALITY_DEFAULT,
        },
    );
    sprite.spec.has_vtt = true;
    vec![
        template(
            TemplateFamily::Offsets,
            10,
            "source size",
            Selection::Offsets(Vec::new()),
            stills(None, None, Fit::Stretch),
        ),
        template(
            TemplateFamily::Offsets,
            20,
            "500 x 281",
            Selection::Offsets(Vec::new()),
            stills(Some(500), Some(281), Fit::Stretch),
        ),
        template(
            TemplateFamily::Sample,
            10,
            "source size, each 10 %",
            Selection::PercentStep { percent: 10.0 },
            stills(None, None, Fit::Stretch),
        ),
        sprite,
    ]
}

/// The preset of that name, if there is one.
pub fn find_preset(reference: &TemplateRef) -> Option<Template> {
    presets().into_iter().find(|template| &template.reference == reference)
}
