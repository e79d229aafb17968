//! `SpriteSnapshotConfig`: the grid of a sprite.
//!
//! Source: ApsaraVideo VOD, "Parameters for media processing", SpriteSnapshotConfig.

use serde_json::{Value, json};
use stillframe_domain::{Colour, SizeRule, SpriteLayout};

use super::colour;
use super::error::Refusal;
use super::loose_json::Fields;

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
    let fields = Fields::read(text).ok_or_else(refused)?;
    read(&fields, snapshot).map_err(|_| refused())
}

/// As [`parse`], of an object that was read.
///
/// # Errors
/// The name of the member that is out of its range.
pub(super) fn read(fields: &Fields, snapshot: SizeRule) -> Result<SpriteConfig, &'static str> {
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
            Some(name) => colour::parse(&name).ok_or("Color")?,
        },
    };
    let is_origin_kept = match fields.text("KeepCellPic").as_deref() {
        None | Some("keep") => true,
        Some("delete") => false,
        Some(_) => return Err("KeepCellPic"),
    };
    Ok(SpriteConfig { layout, is_origin_kept })
}

/// The configuration of a layout, with every member. `None` sides are left out.
pub(super) fn write(layout: &SpriteLayout, is_origin_kept: bool) -> Value {
    let mut config = json!({
        "Columns": layout.columns,
        "Lines": layout.rows,
        "Padding": layout.padding_px,
        "Margin": layout.margin_px,
        "Color": colour::name(layout.colour),
        "KeepCellPic": if is_origin_kept { "keep" } else { "delete" },
    });
    for (name, side) in [("CellWidth", layout.cell.width_px), ("CellHeight", layout.cell.height_px)] {
        if let Some(px) = side {
            config[name] = px.into();
        }
    }
    config
}

fn refused() -> Refusal {
    Refusal::invalid("SpriteSnapshotConfig")
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
    fn what_is_written_is_read() {
        let text = r#"{"CellWidth":120,"Columns":3,"Lines":7,"Padding":2,"Margin":5,"KeepCellPic":"delete",
            "Color":"tomato"}"#;
        let config = parse(text, SizeRule::default()).expect("accepted");
        let written = write(&config.layout, config.is_origin_kept).to_string();
        assert_eq!(parse(&written, SizeRule::default()), Ok(config));
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
