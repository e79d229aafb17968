//! A template as a request describes it, checked by the vendor's limits.

use stillframe_domain::template::JPEG_QUALITY_DEFAULT;
use stillframe_domain::{
    Colour, Fit, FrameChoice, ImageFormat, MediaTime, Product, Selection, SizeRule, SnapshotSpec,
    SpriteLayout, Template, TemplateFamily,
};

use crate::tencent::v2018::error::Refusal;
use crate::tencent::v2018::input::Input;

const NAME_CHARS_MAX: usize = 64;
const COMMENT_CHARS_MAX: usize = 256;
/// Sides in pixels; the vendor's newer texts begin at 32, its older ones at 128.
const SIDE_PX: std::ops::RangeInclusive<i64> = 32..=4_096;
/// Longest side of a sheet, in pixels.
const SHEET_SIDE_PX_MAX: u64 = 15_000;
const CELLS_PER_SIDE_MAX: i64 = 100;
const INTERVAL_S_MAX: i64 = 86_400;

/// What a template says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draft {
    pub name: String,
    pub comment: String,
    size: SizeRule,
    fit: Fit,
    format: ImageFormat,
    selection: Selection,
    /// Columns and rows of a sprite.
    grid: Option<(u32, u32)>,
}

impl Draft {
    /// Reads a new template over the defaults.
    ///
    /// # Errors
    /// The vendor's code for the parameter at fault.
    pub(super) fn of_new(family: TemplateFamily, input: &Input<'_>) -> Result<Self, Refusal> {
        let required: &[&str] = match family {
            TemplateFamily::Offsets => &[],
            TemplateFamily::Sample => &["SampleType", "SampleInterval"],
            TemplateFamily::Sprite => &["SampleType", "SampleInterval", "RowCount", "ColumnCount"],
        };
        for name in required {
            input.required(name, input.text(name)?)?;
        }
        let defaults = Self {
            name: String::new(),
            comment: String::new(),
            size: SizeRule { is_adaptive: true, ..SizeRule::default() },
            fit: Fit::Black,
            format: ImageFormat::Jpg,
            selection: Selection::Offsets(Vec::new()),
            grid: (family == TemplateFamily::Sprite).then_some((1, 1)),
        };
        defaults.with(family, input)
    }

    /// Reads a change of a template.
    ///
    /// # Errors
    /// The vendor's code for the parameter at fault.
    pub(super) fn of_change(
        family: TemplateFamily,
        template: &Template,
        input: &Input<'_>,
    ) -> Result<Self, Refusal> {
        let (size, fit, format, grid) = match &template.spec.product {
            Product::Stills { size, fit, format, .. } => (*size, *fit, *format, None),
            Product::Sprite { layout, fit, format, .. } => {
                (layout.cell, *fit, *format, Some((layout.columns, layout.rows)))
            }
        };
        let (name, comment) = (template.name.clone(), template.comment.clone());
        let selection = template.spec.selection.clone();
        Self { name, comment, size, fit, format, selection, grid }.with(family, input)
    }

    /// What the template makes.
    pub(super) fn spec(&self) -> SnapshotSpec {
        let (size, fit, format, quality) = (self.size, self.fit, self.format, JPEG_QUALITY_DEFAULT);
        let product = match self.grid {
            None => Product::Stills { size, fit, format, quality },
            Some((columns, rows)) => {
                let colour = if fit == Fit::White { Colour::WHITE } else { Colour::BLACK };
                let layout = SpriteLayout { columns, rows, cell: size, padding_px: 0, margin_px: 0, colour };
                Product::Sprite { layout, fit, format, quality }
            }
        };
        let (selection, has_vtt) = (self.selection.clone(), self.grid.is_some());
        SnapshotSpec { selection, frame: FrameChoice::Exact, product, has_vtt }
    }

    /// This template with what a request names.
    fn with(mut self, family: TemplateFamily, input: &Input<'_>) -> Result<Self, Refusal> {
        self.name = text(input, "Name", NAME_CHARS_MAX)?.unwrap_or(self.name);
        self.comment = text(input, "Comment", COMMENT_CHARS_MAX)?.unwrap_or(self.comment);
        self.size = size(self.size, input)?;
        self.fit = fit(input)?.unwrap_or(self.fit);
        self.read_format(input)?;
        if family != TemplateFamily::Offsets {
            self.selection = selection(&self.selection, input)?;
        }
        if let Some((columns, rows)) = self.grid {
            self.grid = Some((count(input, "ColumnCount", columns)?, count(input, "RowCount", rows)?));
        }
        self.check_sheet()?;
        Ok(self)
    }

    fn read_format(&mut self, input: &Input<'_>) -> Result<(), Refusal> {
        match input.text("Format")?.as_deref() {
            None | Some("") => {}
            Some("jpg") => self.format = ImageFormat::Jpg,
            Some("png") => self.format = ImageFormat::Png,
            Some("webp") => self.format = ImageFormat::Webp,
            Some(_) => {
                let expected = "jpg, png or webp";
                return Err(Refusal::value("InvalidParameterValue.Format", "Format", expected));
            }
        }
        if self.format == ImageFormat::Webp { check_webp_size(self.size, input) } else { Ok(()) }
    }

    fn check_sheet(&self) -> Result<(), Refusal> {
        let Some((columns, rows)) = self.grid else { return Ok(()) };
        let is_within = |cells: u32, side_px: Option<u32>| {
            u64::from(cells) * u64::from(side_px.unwrap_or(0)) <= SHEET_SIDE_PX_MAX
        };
        let expected = format!("a sheet of at most {SHEET_SIDE_PX_MAX} pixels a side");
        if !is_within(columns, self.size.width_px) {
            return Err(Refusal::value("InvalidParameterValue.ColumnCount", "ColumnCount", expected));
        }
        if !is_within(rows, self.size.height_px) {
            return Err(Refusal::value("InvalidParameterValue.RowCount", "RowCount", expected));
        }
        Ok(())
    }
}

fn text(input: &Input<'_>, name: &'static str, most: usize) -> Result<Option<String>, Refusal> {
    let found = input.text(name)?;
    if found.as_ref().is_some_and(|text| text.chars().count() > most) {
        let code =
            if name == "Name" { "InvalidParameterValue.Name" } else { "InvalidParameterValue.Comment" };
        return Err(Refusal::value(code, name, format!("at most {most} characters")));
    }
    Ok(found)
}

fn size(stands: SizeRule, input: &Input<'_>) -> Result<SizeRule, Refusal> {
    let side = |code, name: &str, stands: Option<u32>| match input.integer(name)? {
        None => Ok(stands),
        Some(0) => Ok(None),
        Some(px) => {
            let found = u32::try_from(px).ok().filter(|_| SIDE_PX.contains(&px));
            let expected = format!("0, or {} to {} pixels", SIDE_PX.start(), SIDE_PX.end());
            found.map(Some).ok_or_else(|| Refusal::value(code, name, expected))
        }
    };
    let is_adaptive = match input.text("ResolutionAdaptive")?.as_deref() {
        None | Some("") => stands.is_adaptive,
        Some("open") => true,
        Some("close") => false,
        Some(_) => {
            let code = "InvalidParameterValue.ResolutionAdaptive";
            return Err(Refusal::value(code, "ResolutionAdaptive", "open or close"));
        }
    };
    Ok(SizeRule {
        width_px: side("InvalidParameterValue.Width", "Width", stands.width_px)?,
        height_px: side("InvalidParameterValue.Height", "Height", stands.height_px)?,
        is_adaptive,
    })
}

fn fit(input: &Input<'_>) -> Result<Option<Fit>, Refusal> {
    Ok(Some(match input.text("FillType")?.as_deref() {
        None | Some("") => return Ok(None),
        Some("stretch") => Fit::Stretch,
        Some("black") => Fit::Black,
        Some("white") => Fit::White,
        Some("gauss") => Fit::Blur,
        Some(_) => {
            let expected = "stretch, black, white or gauss";
            return Err(Refusal::value("InvalidParameterValue.FillType", "FillType", expected));
        }
    }))
}

/// The vendor refuses a webp whose size is left to the source.
fn check_webp_size(size: SizeRule, input: &Input<'_>) -> Result<(), Refusal> {
    if size.width_px.is_some() || size.height_px.is_some() {
        return Ok(());
    }
    let is_given = input.integer("Width")?.is_some() && input.integer("Height")?.is_some();
    let code = if is_given {
        "InvalidParameterValue.FormatWebpWidthAndHeightBothZero"
    } else {
        "InvalidParameterValue.FormatWebpLackWidthAndHeight"
    };
    Err(Refusal::new(code, "a webp needs a width or a height"))
}

fn selection(stands: &Selection, input: &Input<'_>) -> Result<Selection, Refusal> {
    let (type_stands, interval_stands) = crate::tencent::v2018::picture_sets::interval(stands);
    let sample_type = input.text("SampleType")?.filter(|text| !text.is_empty());
    let interval = input.integer("SampleInterval")?.unwrap_or(interval_stands);
    let refused =
        |expected: String| Refusal::value("InvalidParameterValue.SampleInterval", "SampleInterval", expected);
    match sample_type.as_deref().unwrap_or(type_stands) {
        "Percent" if (1..=100).contains(&interval) => Ok(Selection::PercentStep { percent: interval as f64 }),
        "Percent" => Err(refused("1 to 100 percent".to_owned())),
        "Time" => {
            let seconds = u64::try_from(interval).ok().filter(|_| (1..=INTERVAL_S_MAX).contains(&interval));
            let seconds = seconds.ok_or_else(|| refused(format!("1 to {INTERVAL_S_MAX} seconds")))?;
            Ok(Selection::Series { start: MediaTime::ZERO, interval_ms: seconds * 1_000, count: None })
        }
        _ => Err(Refusal::value("InvalidParameterValue.SampleType", "SampleType", "Percent or Time")),
    }
}

fn count(input: &Input<'_>, name: &'static str, stands: u32) -> Result<u32, Refusal> {
    let Some(given) = input.integer(name)? else { return Ok(stands) };
    let code = match name {
        "RowCount" => "InvalidParameterValue.RowCount",
        _ => "InvalidParameterValue.ColumnCount",
    };
    let found = u32::try_from(given).ok().filter(|_| (1..=CELLS_PER_SIDE_MAX).contains(&given));
    found.ok_or_else(|| Refusal::value(code, name, format!("1 to {CELLS_PER_SIDE_MAX}")))
}
