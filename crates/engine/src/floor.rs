//! The floor: what the decoding that a request needs costs by itself, for benchmarks.
//!
//! It decodes every packet from each keyframe to the target but the unreferenced, from memory, on so many
//! threads with a decoder each, and does nothing with the frames. What [`take()`](crate::take()) needs more
//! than this is its own cost; what it needs less was saved by its plan, of which bare decoding by that same
//! plan tells how much.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use stillframe_domain::{ByteSource, SnapshotSpec};

use crate::av::{self, Decoder, DecoderOptions};
use crate::error::EngineError;
use crate::limits::Limits;
use crate::media::{Depth, Media};
use crate::plan::{Cursor, Group, Planner, Step, plan_output};

/// Which packets are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloorPlan {
    /// All from a keyframe to a target, but the unreferenced.
    Naive,
    /// Those that [`take()`](crate::take()) decodes.
    Taken,
}

/// What bare decoding cost. Reading and planning are not counted.
#[derive(Debug, Clone, Copy)]
pub struct FloorCost {
    /// From start to end.
    pub wall: Duration,
    /// Packets that were decoded.
    pub packet_count: usize,
}

/// Decodes what an output needs, on `thread_count` threads, and tells what that cost.
///
/// # Errors
/// As [`take()`](crate::take()).
pub fn floor(
    spec: &SnapshotSpec,
    source: Arc<dyn ByteSource>,
    plan: FloorPlan,
    thread_count: usize,
) -> Result<FloorCost, EngineError> {
    av::listen();
    // Everything is kept in memory, however much it is.
    let limits = Limits { packet_bytes_kept_max: u64::MAX, ..Limits::default() };
    let mut media = Media::open(source, &limits, Depth::Header)?;
    let planned = plan_output((0, spec), false, &mut Cursor::new(&mut media))?;
    let cursor = Cursor::new(&mut media);
    let mut planner = match plan {
        FloorPlan::Naive => Planner::naive(cursor, planned.wanted),
        FloorPlan::Taken => Planner::new(cursor, planned.wanted),
    };
    let mut groups = Vec::new();
    while let Some(step) = planner.next() {
        if let Step::Group(group) = step {
            groups.push(group);
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.cost));
    let threads = match groups.len() {
        count if count < thread_count => thread_count / count.max(1),
        _ => 1,
    };
    let options =
        DecoderOptions { thread_count: threads as u32, pixels_per_frame_max: limits.pixels_per_frame_max };
    let failed = |error: av::AvError| EngineError::Backend { call: error.call, code: error.code };
    let decoders = (0..thread_count.min(groups.len()))
        .map(|_| Decoder::open(&media.demuxer, &media.video, options).map_err(failed))
        .collect::<Result<Vec<_>, _>>()?;
    let needed = groups.iter().flat_map(|group| &group.entries).filter(|entry| entry.is_needed);
    let packet_count = needed.count();
    let waiting = Mutex::new(groups.into_iter());
    let take = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let start = Instant::now();
    thread::scope(|scope| {
        for mut decoder in decoders.into_iter().flatten() {
            let take = &take;
            scope.spawn(move || {
                while let Some(group) = take() {
                    decode(&mut decoder, &group);
                }
            });
        }
    });
    Ok(FloorCost { wall: start.elapsed(), packet_count })
}

fn decode(decoder: &mut Decoder, group: &Group) {
    decoder.flush();
    let needed = group.entries.iter().filter(|entry| entry.is_needed);
    for packet in needed.map(|entry| Some(&entry.packet)).chain([None]) {
        // What is damaged costs what it costs.
        let _ = decoder.send(packet);
        while let Ok(Some(_)) = decoder.receive() {}
    }
}
