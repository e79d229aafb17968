//! Templates in the vendor's words.

use serde_json::{Value, json};
use stillframe_domain::{Fit, Product, Template, TemplateFamily, TemplateRef};

use crate::tencent::v2018::{picture_sets, task};

/// The number of a template; 0 for one that has none.
pub(super) const fn number(template: &Template) -> i64 {
    match template.reference {
        TemplateRef::Numbered { number, .. } => number,
        TemplateRef::Hex(_) => 0,
    }
}

/// The member that holds a family's templates.
pub(super) const fn set_name(family: TemplateFamily) -> &'static str {
    match family {
        TemplateFamily::Offsets => "SnapshotByTimeOffsetTemplateSet",
        TemplateFamily::Sample => "SampleSnapshotTemplateSet",
        TemplateFamily::Sprite => "ImageSpriteTemplateSet",
    }
}

/// One template.
pub(super) fn item(family: TemplateFamily, template: &Template) -> Value {
    let (size, fit, format) = match &template.spec.product {
        Product::Stills { size, fit, format, .. } => (*size, *fit, *format),
        Product::Sprite { layout, fit, format, .. } => (layout.cell, *fit, *format),
    };
    let mut item = json!({
        "Definition": number(template),
        "Type": if template.is_preset() { "Preset" } else { "Custom" },
        "Name": template.name,
        "Comment": template.comment,
        "Width": size.width_px.unwrap_or(0),
        "Height": size.height_px.unwrap_or(0),
        "ResolutionAdaptive": if size.is_adaptive { "open" } else { "close" },
        "Format": format.extension(),
        "FillType": fill_type(fit),
        "CreateTime": task::time(template.created_at),
        "UpdateTime": task::time(template.updated_at),
    });
    if family != TemplateFamily::Offsets {
        let (sample_type, interval) = picture_sets::interval(&template.spec.selection);
        item["SampleType"] = sample_type.into();
        item["SampleInterval"] = interval.into();
    }
    if let Product::Sprite { layout, .. } = &template.spec.product {
        item["RowCount"] = layout.rows.into();
        item["ColumnCount"] = layout.columns.into();
    }
    item
}

/// A native fit that the vendor has no word for is told as the nearest one.
const fn fill_type(fit: Fit) -> &'static str {
    match fit {
        Fit::Stretch | Fit::Crop | Fit::Inside => "stretch",
        Fit::Black => "black",
        Fit::White => "white",
        Fit::Blur => "gauss",
    }
}
