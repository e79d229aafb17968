//! `SpriteSnapshotConfig`: the grid of a sprite.
//!
//! Source: ApsaraVideo VOD, "Parameters for media processing", SpriteSnapshotConfig. The vendor's own
//! examples use single quotes, and numbers where the table says String: both are read.

use serde_json::{Map, Value};
use stillframe_domain::{Colour, SizeRule, SpriteLayout};

use super::colour;
use super::error::Refusal;

/// What the configuration says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SpriteConfig {
    /// The grid.
    pub layout: SpriteLayout,
    /// Whether the single pictures are kept too.
    pub is_origin_kept: bool,
}

/// Reads the configuration; sides that it leaves open follow `snapshot`.
///
/// # Errors
/// `InvalidParameter` when it is no JSON object or a value is out of its range.
pub(super) fn parse(text: &str, snapshot: SizeRule) -> Result<SpriteConfig, Refusal> {
    let fields = Fields(object(text).ok_or_else(refused)?);
    let cell = SizeRule {
        width_px: fields.number("CellWidth", 8, 4096)?,
        height_px: fields.number("CellHeight", 8, 4096)?,
        is_adaptive: false,
    };
    let layout = SpriteLayout {
        columns: fields.number("Columns", 1, 10_000)?.unwrap_or(10),
        rows: fields.number("Lines", 1, 10_000)?.unwrap_or(10),
        cell: if cell == SizeRule::default() { snapshot } else { cell },
        padding_px: fields.number("Padding", 0, 4096)?.unwrap_or(0),
        margin_px: fields.number("Margin", 0, 4096)?.unwrap_or(0),
        colour: match fields.text("Color") {
            None => Colour::BLACK,
            Some(name) => colour::parse(&name).ok_or_else(refused)?,
        },
    };
    let is_origin_kept = match fields.text("KeepCellPic").as_deref() {
        None | Some("keep") => true,
        Some("delete") => false,
        Some(_) => return Err(refused()),
    };
    Ok(SpriteConfig { layout, is_origin_kept })
}

fn refused() -> Refusal {
    Refusal::invalid("SpriteSnapshotConfig")
}

fn object(text: &str) -> Option<Map<String, Value>> {
    // No name or value of the configuration has a quote in it, so this changes none.
    let value = serde_json::from_str(text).or_else(|_| serde_json::from_str(&text.replace('\'', "\"")));
    match value {
        Ok(Value::Object(fields)) => Some(fields),
        _ => None,
    }
}

struct Fields(Map<String, Value>);

impl Fields {
    /// The text of a member that is a text or a number, unless it is empty.
    fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            other => Some(other.to_string()),
        }
    }

    fn number(&self, name: &str, least: u32, most: u32) -> Result<Option<u32>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.map(Some).ok_or_else(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendors_example_is_read() {
        let text = "{'CellWidth': 120,'CellHeight':'68','Columns':3,'Lines':10,'Padding':20,'Margin':50,\
                    'KeepCellPic':'delete','Color':'tomato'}";
        let config = parse(text, SizeRule::default()).expect("accepted");
        assert_eq!(
            config,
            SpriteConfig {
                layout: SpriteLayout {
                    columns: 3,
                    rows: 10,
                    cell: SizeRule { width_px: Some(120), height_px: Some(68), is_adaptive: false },
                    padding_px: 20,
                    margin_px: 50,
                    colour: Colour { red: 255, green: 99, blue: 71 },
                },
                is_origin_kept: false,
            }
        );
    }

    #[test]
    fn an_empty_object_means_all_defaults() {
        let snapshot = SizeRule { width_px: Some(320), height_px: None, is_adaptive: false };
        let config = parse("{}", snapshot).expect("accepted");
        assert_eq!((config.layout.columns, config.layout.rows, config.layout.cell), (10, 10, snapshot));
        assert!(config.is_origin_kept);
    }

    #[test]
    fn values_out_of_range_are_refused() {
        for text in
            ["x", "[]", "{'Columns':0}", "{'Lines':'10001'}", "{'Color':'#fff'}", "{'KeepCellPic':'no'}"]
        {
            assert_eq!(parse(text, SizeRule::default()), Err(refused()), "{text}");
        }
    }
}
