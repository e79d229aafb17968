//! Decodes a group once and picks its targets out by presentation time.
//!
//! **Invariant:** a frame is handed on only when it was decoded whole and nothing before it in coding order
//! was damaged. What the decoder shows last, or instead, is never taken for a target.

use crate::av::{Decoder, DecoderOptions, Packet};
use crate::budget::Budget;
use crate::error::EngineError;
use crate::media::Media;
use crate::nonref::Role;
use crate::pick::{Hands, Pick};
use crate::plan::{Cursor, Group, Target, identity};

/// A decoder with what it may still spend.
pub struct GroupDecoder {
    decoder: Decoder,
    /// Takes the place of a decoder of several threads where there is damage, since that is not to be
    /// trusted then.
    single: Option<Decoder>,
    budget: Budget,
}

/// Where the bytes of a group's packets are.
pub enum PacketSource<'p> {
    /// The group kept them.
    Kept,
    /// They come one after another, in order, and only once.
    Read(&'p mut dyn FnMut() -> Result<Packet, EngineError>),
}

/// How the decoding of a group ended.
pub struct Outcome {
    /// Targets that did not come out.
    pub missing: Vec<Target>,
    /// Why it ended early, if it did.
    pub error: Option<EngineError>,
}

impl Outcome {
    /// Nothing was decoded at all.
    pub fn nothing(group: &Group, error: EngineError) -> Self {
        Self { missing: group.targets.clone(), error: Some(error) }
    }
}

impl GroupDecoder {
    /// Opens the decoder for the video.
    ///
    /// # Errors
    /// [`EngineError::Unsupported`] when there is none for the codec.
    pub fn open(media: &Media, thread_count: u32, budget: Budget) -> Result<Self, EngineError> {
        let decoder = open_decoder(media, thread_count)?;
        let single = if 1 < thread_count { Some(open_decoder(media, 1)?) } else { None };
        Ok(Self { decoder, single, budget })
    }

    /// Whether it may want to decode a group twice.
    pub fn may_repeat(&self) -> bool {
        self.single.is_some()
    }

    /// Decodes a group and hands on each target's frame.
    pub fn run<T>(&mut self, group: &Group, packets: PacketSource<'_>, hands: &mut Hands<'_, T>) -> Outcome {
        let budget = &self.budget;
        let can_repeat = matches!(packets, PacketSource::Kept);
        let first = Run { decoder: &mut self.decoder, budget, group }.run(&group.targets, packets, hands);
        match &mut self.single {
            Some(decoder) if can_repeat && first.error.is_none() && !first.missing.is_empty() => {
                Run { decoder, budget, group }.run(&first.missing, PacketSource::Kept, hands)
            }
            _ => first,
        }
    }
}

fn open_decoder(media: &Media, thread_count: u32) -> Result<Decoder, EngineError> {
    let options = DecoderOptions { thread_count, pixels_per_frame_max: media.limits.pixels_per_frame_max };
    let unsupported = || EngineError::Unsupported { what: format!("codec {}", media.video.codec_name) };
    match Decoder::open(&media.demuxer, &media.video, options) {
        Ok(Some(decoder)) => Ok(decoder),
        Ok(None) => Err(unsupported()),
        // A decoder that refuses to open says that the parameters are not for it.
        Err(error) if error.call == "avcodec_open2" => Err(unsupported()),
        Err(error) => Err(EngineError::Backend { call: error.call, code: error.code }),
    }
}

/// One decoding of one group.
struct Run<'r> {
    decoder: &'r mut Decoder,
    budget: &'r Budget,
    group: &'r Group,
}

impl Run<'_> {
    fn run<T>(mut self, targets: &[Target], packets: PacketSource<'_>, hands: &mut Hands<'_, T>) -> Outcome {
        self.decoder.flush();
        let is_fast = targets.iter().flat_map(|target| &target.wanted).all(|wanted| wanted.is_fast);
        self.decoder.skip_loop_filter(is_fast);
        let mut pick = Pick::new(&self.group.entries, targets, hands);
        let error = self.send_all(packets, &mut pick).err();
        // Draining may fail where the last packet was broken; what is missing then stays missing.
        if error.is_none() && self.decoder.send(None).is_ok() {
            self.receive_all(&mut pick, self.group.entries.len());
        }
        Outcome { missing: pick.finish(), error }
    }

    fn send_all<T>(
        &mut self,
        mut packets: PacketSource<'_>,
        pick: &mut Pick<'_, '_, T>,
    ) -> Result<(), EngineError> {
        for (place, entry) in self.group.entries.iter().enumerate() {
            let read_again;
            let packet = match &mut packets {
                PacketSource::Kept => &entry.packet,
                PacketSource::Read(read) => {
                    read_again = read()?;
                    &read_again
                }
            };
            if pick.is_done() || self.budget.is_cancelled() {
                break;
            }
            if entry.packet.is_corrupt() {
                // Whole frames may be missing before it, of which the decoder does not know.
                pick.note_damage(place);
            }
            if !entry.is_needed {
                continue;
            }
            self.budget.spend_frame()?;
            let restored = self.group.restored(entry, packet)?;
            let sent = self.decoder.send(Some(restored.as_ref().unwrap_or(packet)));
            let is_broken = self.receive_all(pick, place) || sent.is_err();
            if is_broken && entry.role != Role::NoPicture {
                // Several threads report errors late.
                pick.note_damage(if self.decoder.has_several_threads() { 0 } else { place });
            }
        }
        Ok(())
    }

    /// Takes all frames that are ready after the packet at a place; true when the decoder reported an error.
    fn receive_all<T>(&mut self, pick: &mut Pick<'_, '_, T>, place: usize) -> bool {
        loop {
            let received = self.decoder.receive();
            if self.decoder.has_complained() {
                // Of several threads it is not known which frame is damaged, and all after it may be.
                pick.note_damage(if self.decoder.has_several_threads() { 0 } else { place });
            }
            match received {
                Ok(Some(frame)) => pick.see(frame),
                Ok(None) => return false,
                Err(_) => return true,
            }
        }
    }
}

/// Reads the packets of a group again, in order, for groups that were too large to keep.
pub fn read_again<'c>(
    group: &'c Group,
    cursor: &'c mut Cursor<'_>,
) -> impl FnMut() -> Result<Packet, EngineError> + 'c {
    let mut place = 0;
    move || {
        let planned = &group.entries[place].packet;
        let wanted = identity(planned);
        let mut next = if place == 0 { cursor.seek_key(group.seek_at)? } else { cursor.next()? };
        while place == 0 && next.as_ref().is_some_and(|packet| identity(packet) != wanted) {
            next = cursor.next()?;
        }
        place += 1;
        let mut packet = next.filter(|packet| identity(packet) == wanted).ok_or(EngineError::Truncated)?;
        if let Some(pts) = planned.pts() {
            packet.set_pts(pts);
        }
        Ok(packet)
    }
}
