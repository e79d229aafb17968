//! The floor as a program: `stillframe-floor VIDEO MODE THREADS MS,MS,...` decodes what these pictures need
//! and prints how many packets those are, and the milliseconds that it took.
//!
//! MODE is `exact` or `keyframe`, or `plan` for exact pictures by the plan that Stillframe decodes by.

use std::fs::File;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use stillframe_domain::{
    Fit, FrameChoice, ImageFormat, MediaTime, Position, Product, Selection, SizeRule, SnapshotSpec,
};
use stillframe_engine::FloorPlan;
use stillframe_storage::FileSource;

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [video, mode, threads, times] = &arguments[..] else { bail!("takes four arguments") };
    let times = times.split(',').map(|ms| Ok(Position::At(MediaTime::from_millis(ms.parse()?))));
    let spec = SnapshotSpec {
        selection: Selection::Offsets(times.collect::<Result<_>>().context("times are milliseconds")?),
        frame: match mode.as_str() {
            "exact" | "plan" => FrameChoice::Exact,
            "keyframe" => FrameChoice::Keyframe,
            other => bail!("no mode: {other}"),
        },
        product: Product::Stills {
            size: SizeRule::default(),
            fit: Fit::Stretch,
            format: ImageFormat::Jpg,
            quality: 85,
        },
        has_vtt: false,
    };
    let file = File::open(video).with_context(|| format!("cannot open {video}"))?;
    let source = FileSource::of(file).with_context(|| format!("cannot read {video}"))?;
    let threads = threads.parse().context("threads are a number")?;
    let plan = if mode == "plan" { FloorPlan::Taken } else { FloorPlan::Naive };
    let cost = stillframe_engine::floor(&spec, Arc::new(source), plan, threads)?;
    eprintln!("{} packets", cost.packet_count);
    println!("{}", cost.wall.as_secs_f64() * 1_000.0);
    Ok(())
}
