//! A decoder of films that are a line of text: quick, and right or wrong as the seed has it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;
use std::sync::Arc;

use stillframe_domain::{
    ErrorCode, Failure, MediaFacts, MediaTime, PixelSize, Product, Selection, media::VideoFacts,
};
use stillframe_engine::{Limits, PictureProduced, Produced, SheetProduced, TakeRequest, TakenPicture};
use stillframe_sandbox::{Call, Decoder};

use crate::agent::Agent;

/// What every film begins with.
const FILM: &[u8] = b"film ";
/// How long every film is.
const DURATION_MS: i64 = 60_000;
/// Size of every picture.
const SIZE: PixelSize = PixelSize { width_px: 64, height_px: 36 };

/// The bytes of a film of that name.
pub fn film(name: &str) -> Vec<u8> {
    [FILM, name.as_bytes()].concat()
}

/// Decodes on behalf of a runner.
pub struct SimDecoder {
    agent: Arc<Agent>,
}

impl SimDecoder {
    /// The decoder of this agent.
    pub fn new(agent: &Arc<Agent>) -> Self {
        Self { agent: Arc::clone(agent) }
    }

    fn read(&self, call: &Call<'_>) -> Result<Vec<u8>, Failure> {
        if self.agent.goes_wrong(self.agent.world.plan.decoding / 2) {
            return Err(Failure::new(ErrorCode::DecoderCrashed, "as the seed has it"));
        }
        let size = usize::try_from(call.source.len()).unwrap_or_default();
        let mut bytes = vec![0; size];
        let read = call.source.read_at(0, &mut bytes);
        let unreadable = |_| Failure::new(ErrorCode::SourceUnreadable, "the film cannot be read");
        let length = read.map_err(unreadable)?;
        if length == size && bytes.starts_with(FILM) {
            Ok(bytes)
        } else {
            Err(Failure::new(ErrorCode::NotAVideo, "it is no film"))
        }
    }
}

impl Decoder for SimDecoder {
    fn probe(&self, call: &Call<'_>, _limits: &Limits) -> Result<MediaFacts, Failure> {
        self.read(call).map(|film| facts(&film))
    }

    fn take(
        &self,
        call: &Call<'_>,
        request: &TakeRequest,
        sink: &mut dyn FnMut(Produced) -> ControlFlow<()>,
    ) -> Result<MediaFacts, Failure> {
        let film = self.read(call)?;
        let facts = facts(&film);
        let mut produced = vec![Produced::Facts(facts.clone())];
        for (output, spec) in request.outputs.iter().enumerate() {
            let offsets = offsets(&spec.selection);
            produced.push(Produced::Planned { output, picture_count: offsets.len(), best: None });
            let is_sprite = matches!(spec.product, Product::Sprite { .. });
            for (index, &offset) in offsets.iter().enumerate() {
                let result = if DURATION_MS <= offset.as_millis() {
                    Err(Failure::new(ErrorCode::OffsetOutOfRange, "beyond the end"))
                } else if is_damaged(&film, offset, self.agent.world.plan.decoding) {
                    Err(Failure::new(ErrorCode::DecodeFailed, "the film is damaged there"))
                } else {
                    let bytes = if is_sprite { Vec::new() } else { picture(&film, output, offset) };
                    Ok(TakenPicture { pts: offset, size: SIZE, bytes })
                };
                produced.push(Produced::Picture(PictureProduced { output, index, offset, result }));
            }
            if is_sprite {
                let bytes = picture(&film, output, MediaTime::from_millis(-1));
                produced.push(Produced::Sheet(SheetProduced {
                    output,
                    number: 1,
                    size: SIZE,
                    cell: SIZE,
                    bytes,
                }));
            }
        }
        for one in produced {
            if (call.is_abandoned)() || sink(one).is_break() {
                break;
            }
        }
        Ok(facts)
    }
}

fn offsets(selection: &Selection) -> Vec<MediaTime> {
    let duration = MediaTime::from_millis(DURATION_MS);
    let keyframes = || [5_000, 25_000, 45_000].map(MediaTime::from_millis).to_vec();
    selection.resolve(duration).unwrap_or_else(keyframes)
}

/// Damage is the film's own: each attempt meets it in the same place.
fn is_damaged(film: &[u8], offset: MediaTime, per_mille: u64) -> bool {
    let mut hasher = DefaultHasher::new();
    (film, offset.as_millis()).hash(&mut hasher);
    hasher.finish() % 1_000 < per_mille
}

/// The same film gives the same bytes, and another one others.
fn picture(film: &[u8], output: usize, offset: MediaTime) -> Vec<u8> {
    let text = format!(" picture {output} at {} ms", offset.as_millis());
    [film, text.as_bytes()].concat()
}

fn facts(film: &[u8]) -> MediaFacts {
    let video = VideoFacts {
        codec: "text".to_owned(),
        width_px: SIZE.width_px,
        height_px: SIZE.height_px,
        rotation_degrees: 0,
        frames_per_second: 25.0,
        bitrate_bps: 1,
        is_cover_art: false,
    };
    MediaFacts {
        container: "text".to_owned(),
        size_bytes: film.len() as u64,
        duration: MediaTime::from_millis(DURATION_MS),
        bitrate_bps: 1,
        video: Some(video),
        audio: None,
    }
}
