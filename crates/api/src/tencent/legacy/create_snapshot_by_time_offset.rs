//! `CreateSnapshotByTimeOffset`: pictures at given times by a template.
//!
//! Source: 266/8102. An offset outside of the video fails its own picture, not the request.

use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{
    App, Dialect, MediaId, MediaTime, Origin, Position, RequestKind, RequestOptions, Selection, SnapshotSpec,
    TemplateFamily, TemplateRef, limits,
};
use stillframe_service::{MediaName, OutputRequest, Service, SubmitSnapshot};

use super::envelope::Answer;
use super::error::Refusal;
use super::params::Params;
use crate::tencent::task_id;

/// Accepts the job and answers its task id.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let media = file_id(params)?;
    let template =
        TemplateRef::Numbered { family: TemplateFamily::Offsets, number: params.integer("definition")? };
    let selection = Selection::Offsets(offsets(params)?);
    let shape = service.find_template(app, &template).await?.spec;
    let output = OutputRequest {
        kind: OutputKind::Normal,
        template: Some(template),
        spec: SnapshotSpec { selection, ..shape },
    };
    let request = SubmitSnapshot {
        media,
        origin: Origin { dialect: Dialect::Tencent, kind: RequestKind::TimeOffsets },
        outputs: vec![output],
        pass_through: None,
        callback_url: None,
        priority: 0,
        options: RequestOptions::default(),
    };
    let job = service.submit_snapshot(app, request).await?;
    Ok(Answer::from_iter([("vodTaskId".to_owned(), task_id::of_offsets(&job.id).into())]))
}

/// The video that `fileId` names.
///
/// # Errors
/// A refusal when it is missing or has other characters than digits.
pub(super) fn file_id(params: &Params) -> Result<MediaName, Refusal> {
    let id = MediaId::parse(params.required("fileId")?);
    id.map(MediaName::FileId).map_err(|error| Refusal::invalid("fileId", error.expected))
}

fn offsets(params: &Params) -> Result<Vec<Position>, Refusal> {
    let given = params.list("timeOffset")?;
    if given.is_empty() {
        return Err(Refusal::missing("timeOffset.n"));
    }
    let most = limits::OFFSETS_PER_REQUEST_MAX;
    if given.len() > most {
        return Err(Refusal::invalid("timeOffset.n", format!("at most {most} offsets")));
    }
    let offset = |text: &str| {
        let ms = text.parse().map_err(|_| Refusal::invalid("timeOffset.n", "whole milliseconds"))?;
        Ok(Position::At(MediaTime::from_millis(ms)))
    };
    given.into_iter().map(offset).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_keep_their_order_and_repetitions() {
        let given = ["5000", "0", "-7", "5000"];
        let params: Vec<_> = (0..).zip(given).map(|(k, ms)| (format!("timeOffset.{k}"), ms)).collect();
        let at = |ms| Position::At(MediaTime::from_millis(ms));
        assert_eq!(offsets(&Params::of(&params)), Ok(vec![at(5_000), at(0), at(-7), at(5_000)]));
    }

    #[test]
    fn more_offsets_than_the_limit_are_refused() {
        let params = |n: usize| {
            let params: Vec<_> = (0..n).map(|k| (format!("timeOffset.{k}"), "0")).collect();
            offsets(&Params::of(&params)).map(|offsets| offsets.len()).map_err(|refusal| refusal.code)
        };
        assert_eq!(params(limits::OFFSETS_PER_REQUEST_MAX), Ok(limits::OFFSETS_PER_REQUEST_MAX));
        assert_eq!(params(limits::OFFSETS_PER_REQUEST_MAX + 1), Err(4000));
    }
}
