//! `CreateSnapshotByTimeOffset`: pictures at given times by a template. Its predecessor,
//! `CreateSnapShotByTime` or `SnapShotByTime`, has the times under another name and no template.
//!
//! Source: 266/8102, and an early revision of the same page for the predecessor. An offset outside of the
//! video fails its own picture, not the request.

use stillframe_domain::{App, MediaTime, Position, RequestKind, limits};
use stillframe_service::{MediaName, OutputRequest, Service};

use super::envelope::Answer;
use super::error::Refusal;
use super::params::Params;
use super::pictures;
use crate::tencent::task_id;

/// Most offsets of the predecessor, as it documents.
const PREDECESSOR_OFFSETS_MAX: usize = 10;
/// The template of the predecessor, which names none: the size of the source.
const PREDECESSOR_DEFINITION: i64 = 10;

/// Accepts the job and answers its task id.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let media = pictures::file_id(params)?;
    let definition = params.integer("definition")?;
    let offsets = offsets_ms(params, "timeOffset")?;
    let output = pictures::at(service, app, definition, offsets).await?;
    submit(service, app, &media, output).await
}

/// Accepts the job of the predecessor's form, or of its successor's under the old name.
pub(super) async fn run_predecessor(
    service: &Service,
    app: &App,
    params: &Params,
) -> Result<Answer, Refusal> {
    if !params.has_section("dstTimeList") && params.has_section("timeOffset") {
        return run(service, app, params).await;
    }
    let media = pictures::file_id(params)?;
    let definition = params.optional_integer("definition")?.unwrap_or(PREDECESSOR_DEFINITION);
    let output = pictures::at(service, app, definition, offsets_s(params)?).await?;
    submit(service, app, &media, output).await
}

async fn submit(
    service: &Service,
    app: &App,
    media: &MediaName,
    output: OutputRequest,
) -> Result<Answer, Refusal> {
    let request = pictures::request(RequestKind::TimeOffsets, vec![output]);
    let job = service.submit_snapshot(app, media, request).await?;
    Ok(Answer::from_iter([("vodTaskId".to_owned(), task_id::of_offsets(&job.id).into())]))
}

/// The offsets of `name.n` in milliseconds, in the order asked.
///
/// # Errors
/// A refusal when there is none, too many, or one that is no whole number.
pub(super) fn offsets_ms(params: &Params, name: &str) -> Result<Vec<Position>, Refusal> {
    let offsets = offsets(params, name, limits::OFFSETS_PER_REQUEST_MAX)?;
    Ok(offsets.into_iter().map(|ms| Position::At(MediaTime::from_millis(ms))).collect())
}

/// The predecessor's page names no unit. It compares the times to the duration, which is in seconds there.
fn offsets_s(params: &Params) -> Result<Vec<Position>, Refusal> {
    let offsets = offsets(params, "dstTimeList", PREDECESSOR_OFFSETS_MAX)?;
    let at = |s: i64| Position::At(MediaTime::from_millis(s.saturating_mul(1_000)));
    Ok(offsets.into_iter().map(at).collect())
}

fn offsets(params: &Params, name: &str, most: usize) -> Result<Vec<i64>, Refusal> {
    let offsets = params.integers(name)?;
    match offsets.len() {
        0 => Err(Refusal::missing(&format!("{name}.n"))),
        count if count > most => {
            Err(Refusal::invalid(&format!("{name}.n"), format!("at most {most} offsets")))
        }
        _ => Ok(offsets),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(name: &str, values: &[&str]) -> Params {
        let params: Vec<_> = (0..).zip(values).map(|(k, &value)| (format!("{name}.{k}"), value)).collect();
        Params::of(&params)
    }

    const fn at(ms: i64) -> Position {
        Position::At(MediaTime::from_millis(ms))
    }

    #[test]
    fn offsets_keep_their_order_and_repetitions() {
        let params = params("timeOffset", &["5000", "0", "-7", "5000"]);
        assert_eq!(offsets_ms(&params, "timeOffset"), Ok(vec![at(5_000), at(0), at(-7), at(5_000)]));
    }

    #[test]
    fn the_predecessors_offsets_are_seconds() {
        let offsets = offsets_s(&params("dstTimeList", &["125", "0", "9223372036854775807"]));
        assert_eq!(offsets, Ok(vec![at(125_000), at(0), at(i64::MAX)]));
    }

    #[test]
    fn more_offsets_than_the_limit_are_refused() {
        let code = |name: &str, count: usize| {
            let params = params(name, &vec!["0"; count]);
            let read = if name == "timeOffset" { offsets_ms(&params, name) } else { offsets_s(&params) };
            read.map(|offsets| offsets.len()).map_err(|refusal| refusal.code)
        };
        for (name, most) in
            [("timeOffset", limits::OFFSETS_PER_REQUEST_MAX), ("dstTimeList", PREDECESSOR_OFFSETS_MAX)]
        {
            assert_eq!((code(name, most), code(name, most + 1)), (Ok(most), Err(4000)));
            assert_eq!(code(name, 0), Err(4000));
        }
    }
}
