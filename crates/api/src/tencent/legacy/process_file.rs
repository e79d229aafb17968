//! `ProcessFile`: one procedure with the snapshot parts that the request holds.
//!
//! Source: 266/9642. Transcoding is refused rather than left out, so that nothing is reported that did not
//! happen.

use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{App, MediaTime, NotifyMode, Position, RequestKind, RequestOptions, TemplateFamily};
use stillframe_service::{OutputRequest, Service, SubmitSnapshot};

use super::create_snapshot_by_time_offset::offsets_ms;
use super::envelope::Answer;
use super::error::Refusal;
use super::params::Params;
use super::pictures;
use crate::tencent::task_id;

/// Accepts the procedure and answers its task id.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let media = pictures::file_id(params)?;
    if params.has_section("transcode") {
        return Err(Refusal::invalid("transcode", "no such part: nothing is transcoded here"));
    }
    let options = RequestOptions { notify: notify_mode(params)?, ..RequestOptions::default() };
    let outputs = outputs(service, app, params).await?;
    if outputs.is_empty() {
        let parts = "sampleSnapshot, snapshotByTimeOffset, coverBySnapshot or imageSprite";
        return Err(Refusal::missing(parts));
    }
    let request = SubmitSnapshot { options, ..pictures::request(RequestKind::Procedure, outputs) };
    let job = service.submit_snapshot(app, &media, request).await?;
    Ok(Answer::from_iter([("vodTaskId".to_owned(), task_id::of_procedure(&job.id).into())]))
}

/// The sets of pictures that are asked for, in the order of the vendor's page.
async fn outputs(service: &Service, app: &App, params: &Params) -> Result<Vec<OutputRequest>, Refusal> {
    let mut outputs = Vec::new();
    if params.has_section("sampleSnapshot") {
        let template = (TemplateFamily::Sample, params.integer("sampleSnapshot.definition")?);
        outputs.push(pictures::by_template(service, app, template).await?);
    }
    if params.has_section("snapshotByTimeOffset") {
        let definition = params.integer("snapshotByTimeOffset.definition")?;
        let offsets = offsets_ms(params, "snapshotByTimeOffset.timeOffset")?;
        outputs.push(pictures::at(service, app, definition, offsets).await?);
    }
    if params.has_section("coverBySnapshot") {
        let definition = params.integer("coverBySnapshot.definition")?;
        let cover = pictures::at(service, app, definition, vec![cover_position(params)?]).await?;
        outputs.push(OutputRequest { kind: OutputKind::Cover, ..cover });
    }
    if params.has_section("imageSprite") {
        let template = (TemplateFamily::Sprite, params.integer("imageSprite.definition")?);
        outputs.push(pictures::by_template(service, app, template).await?);
    }
    Ok(outputs)
}

/// Whole seconds, or percent: unlike `timeOffset`, which has milliseconds.
fn cover_position(params: &Params) -> Result<Position, Refusal> {
    const TYPE: &str = "coverBySnapshot.positionType";
    const POSITION: &str = "coverBySnapshot.position";
    let position_type = params.required(TYPE)?;
    let value = params.integer(POSITION)?;
    match position_type {
        "Time" => Ok(Position::At(MediaTime::from_millis(value.saturating_mul(1_000)))),
        "Percent" => {
            let percent = u8::try_from(value).ok().filter(|percent| *percent <= 100);
            let percent = percent.ok_or_else(|| Refusal::invalid(POSITION, "0 to 100"))?;
            Ok(Position::Percent(percent.into()))
        }
        _ => Err(Refusal::invalid(TYPE, "Time or Percent")),
    }
}

fn notify_mode(params: &Params) -> Result<NotifyMode, Refusal> {
    match params.find("notifyMode") {
        None | Some("Finish") => Ok(NotifyMode::Finish),
        Some("Change") => Ok(NotifyMode::Change),
        Some("None") => Ok(NotifyMode::Never),
        Some(_) => Err(Refusal::invalid("notifyMode", "Finish, Change or None")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_are_at_whole_seconds_or_percent() {
        let position = |kind: &str, value: &str| {
            let pairs = [("coverBySnapshot.positionType", kind), ("coverBySnapshot.position", value)];
            cover_position(&Params::of(&pairs.map(|(name, value)| (name.to_owned(), value))))
                .map_err(|refusal| refusal.code)
        };
        assert_eq!(position("Time", "3"), Ok(Position::At(MediaTime::from_millis(3_000))));
        assert_eq!(position("Percent", "100"), Ok(Position::Percent(100.0)));
        for (kind, value) in
            [("Percent", "101"), ("Percent", "-1"), ("Time", "1.5"), ("time", "1"), ("", "1")]
        {
            assert_eq!(position(kind, value), Err(4000), "{kind} {value}");
        }
    }
}
