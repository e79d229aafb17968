//! The floor: what the decoding that a request needs costs by itself, for benchmarks.
//!
//! It decodes every packet from each keyframe to the target but the unreferenced, from memory, on so many
//! threads with a decoder each, and does nothing with the frames. What [`take()`](crate::take()) needs more
//! than this is its own cost; what it needs less was saved by its plan.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use stillframe_domain::{ByteSource, SnapshotSpec};

use crate::av::{self, Decoder, DecoderOptions};
use crate::error::EngineError;
use crate::limits::Limits;
use crate::media::{Depth, Media};
use crate::plan::{Cursor, Group, Planner, Step, plan_output};

/// Decodes what an output needs, on `thread_count` threads, and tells how long that took. Reading and
/// planning are not counted.
///
/// # Errors
/// As [`take()`](crate::take()).
pub fn floor(
    spec: &SnapshotSpec,
    source: Arc<dyn ByteSource>,
    thread_count: usize,
) -> Result<Duration, EngineError> {
    av::listen();
    // Everything is kept in memory, however much it is.
    let limits = Limits { packet_bytes_kept_max: u64::MAX, ..Limits::default() };
    let mut media = Media::open(source, &limits, Depth::Header)?;
    let planned = plan_output((0, spec), false, &mut Cursor::new(&mut media))?;
    let mut planner = Planner::naive(Cursor::new(&mut media), planned.wanted);
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
    Ok(start.elapsed())
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
