//! A moving picture put together from frames that come in any order.

use stillframe_domain::{ErrorCode, Failure, MediaTime, PixelSize};

use crate::encode::{AnimationFrame, write_animation};
use crate::request::{PictureProduced, Produced, TakenPicture};

/// The one picture of an output that moves.
pub struct Preview {
    output: usize,
    size: PixelSize,
    step_ms: u64,
    /// By place: the time asked for, and what became of it.
    frames: Vec<Option<(MediaTime, Result<TakenPicture, Failure>)>>,
    open_count: usize,
}

impl Preview {
    /// A picture of `frame_count` frames, each shown for `step_ms`.
    pub fn new(output: usize, size: PixelSize, step_ms: u64, frame_count: usize) -> Self {
        let frames = std::iter::repeat_with(|| None).take(frame_count).collect();
        Self { output, size, step_ms, frames, open_count: frame_count }
    }

    /// Takes what became of a frame. Returns the picture when no frame is open any more.
    pub fn put(
        &mut self,
        place: usize,
        offset: MediaTime,
        frame: Result<TakenPicture, Failure>,
    ) -> Vec<Produced> {
        if let Some(open @ None) = self.frames.get_mut(place) {
            *open = Some((offset, frame));
            self.open_count -= 1;
            if self.open_count == 0 {
                return vec![Produced::Picture(self.finish())];
            }
        }
        Vec::new()
    }

    /// A frame that failed, or is the same as the one before, leaves its time to that one. Without any
    /// frame the first failure is the picture's.
    fn finish(&mut self) -> PictureProduced {
        let frames: Vec<_> = std::mem::take(&mut self.frames).into_iter().flatten().collect();
        let offset = frames.first().map_or(MediaTime::ZERO, |(offset, _)| *offset);
        let mut shown: Vec<(&TakenPicture, u64)> = Vec::new();
        let mut waiting_ms = 0;
        for (_, frame) in &frames {
            match (frame, shown.last_mut()) {
                (Ok(frame), Some((last, duration_ms))) if frame.pts == last.pts => {
                    *duration_ms += self.step_ms
                }
                (Ok(frame), _) => shown.push((frame, self.step_ms + std::mem::take(&mut waiting_ms))),
                (Err(_), Some((_, duration_ms))) => *duration_ms += self.step_ms,
                (Err(_), None) => waiting_ms += self.step_ms,
            }
        }
        let failure = || frames.iter().find_map(|(_, frame)| frame.as_ref().err().cloned());
        let result = match shown.first() {
            None => {
                Err(failure().unwrap_or_else(|| Failure::new(ErrorCode::EncodeFailed, "no frame was made")))
            }
            Some((first, _)) => {
                let pts = first.pts;
                let parts = shown
                    .iter()
                    .map(|&(frame, duration_ms)| AnimationFrame { file: &frame.bytes, duration_ms });
                let bytes = write_animation((self.size.width_px, self.size.height_px), parts);
                Ok(TakenPicture { pts, size: self.size, bytes })
            }
        };
        PictureProduced { output: self.output, index: 0, offset, result }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: PixelSize = PixelSize { width_px: 16, height_px: 16 };

    fn frame(pts_ms: i64) -> Result<TakenPicture, Failure> {
        let bytes = b"RIFF\x0e\0\0\0WEBPVP8 \x02\0\0\0xx".to_vec();
        Ok(TakenPicture { pts: MediaTime::from_millis(pts_ms), size: SIZE, bytes })
    }

    fn lost() -> Result<TakenPicture, Failure> {
        Err(Failure::new(ErrorCode::DecodeFailed, "gone"))
    }

    /// What comes of these frames, put in from the last to the first.
    fn made(frames: Vec<Result<TakenPicture, Failure>>) -> Result<TakenPicture, Failure> {
        let mut preview = Preview::new(0, SIZE, 100, frames.len());
        let mut produced = Vec::new();
        for (place, frame) in frames.into_iter().enumerate().rev() {
            assert!(produced.is_empty(), "not before the last frame");
            produced = preview.put(place, MediaTime::from_millis(100 * place as i64), frame);
        }
        let [Produced::Picture(picture)] = produced.as_slice() else { panic!("one picture") };
        assert_eq!((picture.index, picture.offset), (0, MediaTime::ZERO));
        picture.result.clone()
    }

    /// How long each frame of a file is shown.
    fn durations(file: &[u8]) -> Vec<u32> {
        let starts = file.windows(4).enumerate().filter(|(_, word)| word == b"ANMF").map(|(at, _)| at);
        starts.map(|at| u32::from_le_bytes([file[at + 20], file[at + 21], file[at + 22], 0])).collect()
    }

    #[test]
    fn what_is_missing_or_repeated_leaves_its_time_to_its_neighbour() {
        let whole = made(vec![frame(0), frame(100), frame(200)]).expect("taken");
        assert_eq!(durations(&whole.bytes), [100, 100, 100]);
        let gaps = made(vec![lost(), frame(80), frame(80), lost(), frame(400)]).expect("taken");
        assert_eq!((gaps.pts.as_millis(), durations(&gaps.bytes)), (80, vec![400, 100]));
    }

    #[test]
    fn without_any_frame_the_picture_fails_as_they_did() {
        assert_eq!(made(vec![lost(), lost()]).expect_err("nothing").code, ErrorCode::DecodeFailed);
    }
}
