//! An opened video: its container, the stream that pictures come from, its timeline and facts.

use std::io;
use std::sync::Arc;

use stillframe_domain::media::{AudioFacts, VideoFacts};
use stillframe_domain::{ByteSource, MediaFacts, MediaTime, PixelSize};

use crate::av::{AvError, Demuxer, MediaType, Probe, Stream};
use crate::boxes::{Mp4Shape, mp4_shape};
use crate::deadline::Deadline;
use crate::error::EngineError;
use crate::fragments::{Fragments, Mapped};
use crate::limits::Limits;
use crate::marks::{Clusters, Track};
use crate::orientation::{Orientation, upright_size};
use crate::timeline::{Moment, Timeline};

/// At or below this score libav itself calls its guess of a container unsafe.
const PROBE_SCORE_UNSAFE: i32 = 25;

/// Bytes that are read to know the streams of a container that does not list them, where each byte costs:
/// 768 KiB. What is not known by then is looked for as on a disk.
const PROBE_BYTES_FAR: i64 = 768 << 10;
/// Such containers; of others libav itself stops once it knows them.
const UNLISTED: [&str; 2] = ["mpegts", "flv"];

/// How much is read to know the streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The header alone where it tells all that pictures need.
    Header,
    /// Also the first frames, so that shape and rates are known as the codec tells them.
    Frames,
}

/// An opened video.
pub struct Media {
    /// The container.
    pub demuxer: Demuxer,
    /// Its bytes.
    pub source: Arc<dyn ByteSource>,
    /// The stream that pictures come from; of sound alone, which only a probe opens, the sound.
    pub video: Stream,
    /// Where its timestamps lie.
    pub timeline: Timeline,
    /// What callers are told.
    pub facts: MediaFacts,
    /// What may be spent.
    pub limits: Limits,
    /// When it must have ended.
    pub deadline: Deadline,
    /// Whether the container's index lists every sample.
    pub has_whole_index: bool,
    /// The fragments of an MP4 file that is far away.
    pub fragments: Option<Fragments>,
    /// Marks in a container without an index that is far away.
    pub marks: Option<Track>,
    /// Checksums, where the decoder would not tell of damage.
    pub clusters: Option<Clusters>,
    /// Indices of the streams that are played.
    pub(crate) played: Vec<usize>,
    /// Whether the bytes end before the declared end, once that was looked at.
    pub(crate) is_cut_off: Option<bool>,
}

impl Media {
    /// Opens a source.
    pub fn open(source: Arc<dyn ByteSource>, limits: &Limits, depth: Depth) -> Result<Self, EngineError> {
        let deadline = Deadline::start(limits.wall_clock_ms_max);
        let size_bytes = check_size(source.as_ref(), limits)?;
        let shape = mp4_shape(source.as_ref()).map_err(EngineError::Source)?;
        if shape == Mp4Shape::NoIndex {
            return Err(EngineError::Truncated);
        }
        let is_far = source.file().is_none();
        let OpenFile { mut demuxer, source, fragments } = match shape {
            Mp4Shape::Fragmented => open_fragmented(source, deadline)?,
            _ => OpenFile { demuxer: open_demuxer(&source, deadline)?, source, fragments: None },
        };
        let is_header_enough = depth == Depth::Header
            && shape == Mp4Shape::Whole
            && demuxer.streams().iter().all(is_known_by_header);
        if !is_header_enough {
            demuxer = know_streams(demuxer, &source, deadline)?;
        }
        deadline.check()?;
        let (video, audio) = choose(&demuxer, limits, depth)?;
        let mut played: Vec<_> = audio.iter().map(|stream| stream.index).collect();
        if !video.is_attached_picture {
            played.push(video.index);
        }
        let origin = origin(&demuxer, &played);
        let timeline = Timeline { time_base: video.time_base, origin, duration: MediaTime::ZERO };
        let facts = facts(&demuxer, &video, audio.as_ref(), size_bytes);
        let has_whole_index = shape == Mp4Shape::Whole;
        let limits = limits.clone();
        let mut media = Self {
            demuxer,
            source,
            video,
            timeline,
            facts,
            limits,
            deadline,
            has_whole_index,
            fragments,
            marks: None,
            clusters: None,
            played,
            is_cut_off: None,
        };
        media.settle_origin()?;
        if is_far && media.video.media_type == MediaType::Video {
            let second = media.timeline.units_of(1_000);
            let marks = Track::of(&media.facts.container, &media.source, &media.video, second);
            media.marks = marks.map_err(EngineError::Source)?;
        }
        if media.video.hides_damage() {
            let clusters = Clusters::of(&media.facts.container, &media.source);
            media.clusters = clusters.map_err(EngineError::Source)?;
        }
        media.settle_duration(shape)?;
        if media.fragments.is_some() {
            media.forget_bitrates();
        }
        media.demuxer.select(&[media.video.index]);
        Ok(media)
    }

    /// The same video for another call, read by another source of the same bytes.
    pub fn again(mut self, source: Arc<dyn ByteSource>) -> Self {
        self.deadline = Deadline::start(self.limits.wall_clock_ms_max);
        self.demuxer.read_from(Arc::clone(&source), self.deadline);
        if let Some(clusters) = &mut self.clusters {
            clusters.read_from(Arc::clone(&source));
        }
        self.source = source;
        self
    }

    /// Whether it can serve another call: what was found of a source that is far away goes with that.
    pub fn can_be_kept(&self) -> bool {
        self.fragments.is_none() && self.marks.is_none() && self.source.len() == self.facts.size_bytes
    }

    /// Of fragments that were not read, libav has counted no bytes: the mean of the file is what is known.
    fn forget_bitrates(&mut self) {
        let facts = &mut self.facts;
        let duration_ms = u64::try_from(facts.duration.as_millis()).unwrap_or(0).max(1);
        facts.bitrate_bps = facts.size_bytes.saturating_mul(8_000) / duration_ms;
        facts.video.iter_mut().for_each(|video| video.bitrate_bps = 0);
        facts.audio.iter_mut().for_each(|audio| audio.bitrate_bps = 0);
    }

    /// The error for a failed call, naming the source or the clock when they were the cause.
    pub fn call_error(&mut self, error: AvError) -> EngineError {
        call_error(&mut self.demuxer, error, self.deadline)
    }
}

fn check_size(source: &dyn ByteSource, limits: &Limits) -> Result<u64, EngineError> {
    let size_bytes = source.len();
    if size_bytes == 0 {
        return Err(EngineError::Empty);
    }
    check_limit("source_size_bytes_max", limits.source_size_bytes_max, size_bytes)?;
    Ok(size_bytes)
}

/// # Errors
/// [`EngineError::LimitExceeded`] when there is more than may be.
pub fn check_limit(limit: &'static str, most: u64, actual: u64) -> Result<(), EngineError> {
    if most < actual { Err(EngineError::LimitExceeded { limit, most, actual }) } else { Ok(()) }
}

fn open_error(error: AvError, cause: Option<io::Error>, deadline: Deadline) -> EngineError {
    match cause {
        Some(cause) => EngineError::Source(cause),
        None if error.is_interrupted() || deadline.is_over() => deadline.error(),
        None => EngineError::NotAVideo { reason: error.to_string() },
    }
}

fn call_error(demuxer: &mut Demuxer, error: AvError, deadline: Deadline) -> EngineError {
    match demuxer.take_source_error() {
        Some(cause) => EngineError::Source(cause),
        None if error.is_interrupted() || deadline.is_over() => deadline.error(),
        None => EngineError::Backend { call: error.call, code: error.code },
    }
}

/// Why the streams of a container that could be opened cannot be told.
fn streams_error(demuxer: &mut Demuxer, error: AvError, deadline: Deadline) -> EngineError {
    match call_error(demuxer, error, deadline) {
        EngineError::Backend { .. } if error.is_end() => EngineError::Truncated,
        EngineError::Backend { .. } if error.is_bad_data() => {
            EngineError::NotAVideo { reason: error.to_string() }
        }
        other => other,
    }
}

fn open_demuxer(source: &Arc<dyn ByteSource>, deadline: Deadline) -> Result<Demuxer, EngineError> {
    let opened = Demuxer::open(Arc::clone(source), deadline);
    opened.map_err(|(error, cause)| open_error(error, cause, deadline))
}

/// A demuxer with what it reads from, and the fragments of a file that is far away.
struct OpenFile {
    demuxer: Demuxer,
    source: Arc<dyn ByteSource>,
    fragments: Option<Fragments>,
}

fn open_fragmented(source: Arc<dyn ByteSource>, deadline: Deadline) -> Result<OpenFile, EngineError> {
    if source.file().is_none()
        && let Some(mapped) = Fragments::map(&source).map_err(EngineError::Source)?
    {
        let Mapped { source, fragments } = mapped;
        let demuxer = open_demuxer(&source, deadline)?;
        return Ok(OpenFile { demuxer, source, fragments: Some(fragments) });
    }
    match open_demuxer(&source, deadline) {
        // Where the head of the last fragment is cut off, libav takes none of the file.
        Err(EngineError::NotAVideo { reason }) => {
            let part = Fragments::whole_part(&source).map_err(EngineError::Source)?;
            let source = part.ok_or(EngineError::NotAVideo { reason })?;
            Ok(OpenFile { demuxer: open_demuxer(&source, deadline)?, source, fragments: None })
        }
        opened => Ok(OpenFile { demuxer: opened?, source, fragments: None }),
    }
}

/// Reads as much as it takes to know the streams.
fn know_streams(
    mut demuxer: Demuxer,
    source: &Arc<dyn ByteSource>,
    deadline: Deadline,
) -> Result<Demuxer, EngineError> {
    if source.file().is_none() {
        let is_unlisted = UNLISTED.contains(&demuxer.container().as_str());
        let probe = if is_unlisted { Probe::Bytes(PROBE_BYTES_FAR) } else { Probe::NoRate };
        let found = demuxer.find_stream_info(probe);
        found.map_err(|error| streams_error(&mut demuxer, error, deadline))?;
        if demuxer.streams().iter().all(is_known_by_packets) {
            return Ok(demuxer);
        }
        demuxer = open_demuxer(source, deadline)?;
    }
    let found = demuxer.find_stream_info(Probe::Default);
    found.map_err(|error| streams_error(&mut demuxer, error, deadline))?;
    Ok(demuxer)
}

fn is_known_by_packets(stream: &Stream) -> bool {
    match stream.media_type {
        MediaType::Video if stream.is_attached_picture => true,
        MediaType::Video => 0 < stream.width_px && stream.start.is_some() && stream.frame_rate.is_some(),
        MediaType::Audio => 0 < stream.sample_rate_hz && stream.start.is_some(),
        MediaType::Other => true,
    }
}

/// Whether a stream of a whole MP4 needs no probing: other streams than sound and pictures never do.
fn is_known_by_header(stream: &Stream) -> bool {
    match stream.media_type {
        MediaType::Video => stream.is_complete && (stream.start.is_some() || stream.is_attached_picture),
        MediaType::Audio => stream.start.is_some(),
        MediaType::Other => true,
    }
}

/// The stream that the facts are about, and the audio beside it. Sound alone has no picture to take, but
/// a probe tells of it.
fn choose(demuxer: &Demuxer, limits: &Limits, depth: Depth) -> Result<(Stream, Option<Stream>), EngineError> {
    check_limit("streams_max", limits.streams_max.into(), demuxer.stream_count() as u64)?;
    let streams = demuxer.streams();
    let is_sound = |s: &&Stream| s.media_type == MediaType::Audio && 0 < s.sample_rate_hz;
    let audio = streams.iter().find(is_sound).cloned();
    let videos = || streams.iter().filter(|stream| stream.media_type == MediaType::Video);
    let has_size = |stream: &&Stream| 0 < stream.width_px && 0 < stream.height_px;
    let film = videos().filter(has_size).find(|stream| !stream.is_attached_picture);
    let art = videos().find(|stream| stream.is_attached_picture);
    let is_sure = PROBE_SCORE_UNSAFE < demuxer.probe_score();
    let video = match (film, art, &audio) {
        (Some(film), _, _) => film.clone(),
        (None, Some(art), _) => art.clone(),
        (None, None, Some(audio)) if is_sure && depth == Depth::Frames => audio.clone(),
        (None, None, Some(_)) if is_sure => return Err(EngineError::NoVideoStream),
        _ if videos().next().is_some() => {
            return Err(EngineError::NotAVideo { reason: "no frame of a known size was found".to_owned() });
        }
        _ => return Err(EngineError::NotAVideo { reason: "no stream was found".to_owned() }),
    };
    if video.is_encrypted {
        return Err(EngineError::Unsupported { what: "encrypted video".to_owned() });
    }
    let pixels = u64::from(video.width_px) * u64::from(video.height_px);
    check_limit("pixels_per_frame_max", limits.pixels_per_frame_max, pixels)?;
    Ok((video, audio))
}

/// The earliest start among the played streams.
fn origin(demuxer: &Demuxer, played: &[usize]) -> Moment {
    let streams = demuxer.streams();
    let starts = played.iter().filter_map(|&index| {
        let stream = &streams[index];
        Some(Moment { value: stream.start?, time_base: stream.time_base })
    });
    starts.reduce(|first, start| if start.is_before(first) { start } else { first }).unwrap_or(Moment::ZERO)
}

fn facts(demuxer: &Demuxer, video: &Stream, audio: Option<&Stream>, size_bytes: u64) -> MediaFacts {
    let orientation = video.display_matrix.map(Orientation::from_matrix).unwrap_or_default();
    let coded = PixelSize { width_px: video.width_px, height_px: video.height_px };
    let upright = upright_size(coded, video.pixel_aspect, orientation);
    MediaFacts {
        container: demuxer.container(),
        size_bytes,
        duration: MediaTime::ZERO,
        bitrate_bps: 0,
        video: (video.media_type == MediaType::Video).then(|| VideoFacts {
            codec: video.codec_name.clone(),
            width_px: upright.width_px,
            height_px: upright.height_px,
            rotation_degrees: orientation.rotation_degrees(),
            frames_per_second: video.frame_rate.map_or(0.0, crate::av::Rational::as_f64),
            bitrate_bps: video.bitrate_bps,
            is_cover_art: video.is_attached_picture,
        }),
        audio: audio.map(|audio| AudioFacts {
            codec: audio.codec_name.clone(),
            sample_rate_hz: audio.sample_rate_hz,
            bitrate_bps: audio.bitrate_bps,
        }),
    }
}
