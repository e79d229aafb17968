//! Clips one after another in one file, as where recordings were put together.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::make::{cached_file, check, io_error, make_whole, muxer_arguments, words};
use super::{ClipError, ClipSpec, cached};

/// Raised whenever the same clips would be joined in another way.
const JOINING: u32 = 1;
const TS_PACKET_BYTES: usize = 188;
const FLV_HEADER_BYTES: usize = 13;

/// How clips are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Join {
    /// Written anew, each where the one before ends in time.
    InTime,
    /// Transport streams byte by byte, with their packets numbered on: times stay as they were.
    Spliced,
    /// Bytes behind bytes, as `cat` does: of transport streams, and of FLV without the second header.
    Bytes,
}

/// Makes the file once and keeps it, as [`cached`] does. Its container is that of the first clip.
///
/// # Panics
/// When it cannot be made.
pub fn cached_joined(parts: &[ClipSpec], join: Join) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (JOINING, format!("{parts:?}"), join).hash(&mut hasher);
    let container = parts.first().expect("something to join").container;
    let name = format!("joined-{:016x}.{}", hasher.finish(), container.extension());
    let paths: Vec<_> = parts.iter().map(cached).collect();
    cached_file(&name, &|path| {
        make_whole(path, &|part| match join {
            Join::InTime => in_time(&paths, muxer_arguments(container), part),
            Join::Spliced => write(part, &renumbered(bytes(&paths)?)),
            Join::Bytes => write(part, &bytes(&paths)?),
        })
    })
}

/// By the tool's own list of files.
fn in_time(paths: &[PathBuf], muxer: &str, to: &Path) -> Result<(), ClipError> {
    let list = to.with_extension("list");
    let lines = paths.iter().map(|path| format!("file '{}'\n", path.display()));
    fs::write(&list, lines.collect::<String>()).map_err(io_error("write the list of clips"))?;
    let output = Command::new("ffmpeg")
        .args(words("-nostdin -v error -y -f concat -safe 0 -i"))
        .arg(&list)
        .args(words("-map 0 -c copy"))
        .args(words(muxer))
        .arg(to)
        .output()
        .map_err(io_error("run ffmpeg"))?;
    fs::remove_file(&list).map_err(io_error("remove the list of clips"))?;
    check("ffmpeg", &output)
}

fn bytes(paths: &[PathBuf]) -> Result<Vec<u8>, ClipError> {
    let mut all = Vec::new();
    for path in paths {
        let bytes = fs::read(path).map_err(io_error("read a clip"))?;
        let is_further_flv = !all.is_empty() && bytes.starts_with(b"FLV");
        all.extend_from_slice(&bytes[if is_further_flv { FLV_HEADER_BYTES } else { 0 }..]);
    }
    Ok(all)
}

/// Numbers the packets of a transport stream on from one clip to the next.
///
/// Source: ITU-T H.222.0, 2.4.3.3, `continuity_counter`: four bits for each PID, one more for each packet
/// with a payload.
fn renumbered(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut counters = vec![15_u8; 1 << 13];
    for packet in bytes.chunks_exact_mut(TS_PACKET_BYTES) {
        let pid = usize::from(u16::from_be_bytes([packet[1] & 0x1f, packet[2]]));
        if packet[3] & 0x10 != 0 {
            counters[pid] = (counters[pid] + 1) % 16;
        }
        packet[3] = packet[3] & 0xf0 | counters[pid];
    }
    bytes
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ClipError> {
    fs::write(path, bytes).map_err(io_error("write the joined clip"))
}
