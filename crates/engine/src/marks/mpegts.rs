//! Frames of MPEG transport streams: the packets in which a frame of the video begins.
//!
//! Source: ITU-T H.222.0, 2.4.3 (packets) and 2.4.3.6 (PES packets).

use super::{Look, Mark};
use crate::av::Stream;

const SYNC: u8 = 0x47;
const BODY_BYTES: usize = 188;
/// Timestamps have 33 bits.
const TIMES: i64 = 1 << 33;
/// Packets that must begin as packets do before the layout is believed.
const SYNCS_MIN: usize = 5;

/// How packets lie in the file, and which of them are the video's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    packet_bytes: usize,
    /// Where the sync byte lies in a packet.
    sync_at: usize,
    pid: u16,
    start: i64,
}

impl Layout {
    /// Reads it from the file's first bytes: plain packets, with arrival times before them, or with error
    /// correction behind.
    pub(super) fn of(head: &[u8], video: &Stream) -> Option<Self> {
        let pid = u16::try_from(video.id).ok()?;
        let shapes = [(BODY_BYTES, 0), (BODY_BYTES + 4, 4), (BODY_BYTES + 16, 0)];
        let is_shape = |&(packet_bytes, sync_at): &(usize, usize)| {
            (0..SYNCS_MIN).all(|k| head.get(k * packet_bytes + sync_at) == Some(&SYNC))
        };
        let (packet_bytes, sync_at) = shapes.into_iter().find(is_shape)?;
        Some(Self { packet_bytes, sync_at, pid, start: video.start? })
    }

    /// The first packet in which a frame begins that tells its time.
    pub(super) fn look(self, bytes: &[u8], from: u64) -> Look {
        let packet_bytes = self.packet_bytes as u64;
        let mut at = ((packet_bytes - from % packet_bytes) % packet_bytes) as usize;
        while at + self.packet_bytes <= bytes.len() {
            let packet = &bytes[at + self.sync_at..at + self.sync_at + BODY_BYTES];
            if let Some(time) = self.time_of(packet) {
                return Look::Mark(Mark { position: at as u64, time });
            }
            at += self.packet_bytes;
        }
        Look::Nothing(at.min(bytes.len()))
    }

    fn time_of(self, packet: &[u8]) -> Option<i64> {
        let [SYNC, second, third, fourth, ..] = *packet else { return None };
        let is_video = u16::from_be_bytes([second & 0x1F, third]) == self.pid;
        let (begins, has_fields, has_body) = (second & 0x40 != 0, fourth & 0x20 != 0, fourth & 0x10 != 0);
        if !(is_video && begins && has_body) {
            return None;
        }
        let body_at = if has_fields { 5 + usize::from(packet[4]) } else { 4 };
        let raw = decoded_at(packet.get(body_at..)?)?;
        // The nearest to the start of all times with these bits.
        let ahead = (raw - self.start).rem_euclid(TIMES);
        Some(self.start + if ahead < TIMES / 2 { ahead } else { ahead - TIMES })
    }
}

/// When a frame is decoded; that is when it is shown where nothing else is said.
fn decoded_at(pes: &[u8]) -> Option<i64> {
    let [0, 0, 1, _, _, _, marker, flags, _, times @ ..] = pes else { return None };
    if marker & 0xC0 != 0x80 {
        return None;
    }
    match flags >> 6 {
        2 => time(times.get(..5)?),
        3 => time(times.get(5..10)?),
        _ => None,
    }
}

/// 3, 15 and 15 bits, each followed by a 1.
fn time(bytes: &[u8]) -> Option<i64> {
    let [a, b, c, d, e] = *bytes else { return None };
    if a & 1 == 0 || c & 1 == 0 || e & 1 == 0 {
        return None;
    }
    let [a, b, c, d, e] = [a, b, c, d, e].map(i64::from);
    Some((a >> 1 & 7) << 30 | b << 22 | (c >> 1) << 15 | d << 7 | e >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PID: u16 = 256;

    fn packet(pid: u16, dts: Option<i64>) -> Vec<u8> {
        let mut packet =
            vec![SYNC, (pid >> 8) as u8 | if dts.is_some() { 0x40 } else { 0 }, pid as u8, 0x30, 1, 0];
        if let Some(dts) = dts {
            let time = |mark: i64| {
                [
                    (mark << 4 | (dts >> 30 & 7) << 1 | 1) as u8,
                    (dts >> 22) as u8,
                    (dts >> 14) as u8 | 1,
                    (dts >> 7) as u8,
                    (dts << 1) as u8 | 1,
                ]
            };
            packet.extend([0, 0, 1, 0xE0, 0, 0, 0x80, 0xC0, 10]);
            packet.extend(time(3));
            packet.extend(time(1));
        }
        packet.resize(BODY_BYTES, 0xFF);
        packet
    }

    #[test]
    fn the_first_frame_of_the_video_is_found_and_its_time_unwrapped() {
        let start = TIMES - 1_000;
        let layout = Layout { packet_bytes: BODY_BYTES, sync_at: 0, pid: PID, start };
        let bytes =
            [packet(257, Some(5)), packet(PID, None), packet(PID, Some(90_000)), packet(PID, Some(1))];
        let Look::Mark(mark) = layout.look(&bytes.concat()[7..], 7) else { panic!("a mark") };
        assert_eq!((mark.position, mark.time), (2 * 188 - 7, TIMES + 90_000));
        assert!(matches!(layout.look(&bytes.concat()[..400], 0), Look::Nothing(376)));
    }
}
