//! `ListSnapshots`: the pictures of one type of the video's newest successful job.

use serde_json::{Value, json};
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{App, Taken};
use stillframe_service::{LatestOutput, Service};

use super::error::Refusal;
use super::handle::Answer;
use super::params::Params;
use super::{name_videos, outputs, time};
use crate::urls::Urls;

const PAGE_SIZE_DEFAULT: i64 = 20;
const PAGE_SIZE_MAX: i64 = 100;
/// Least seconds of `AuthTimeout`: what is less counts as this.
const AUTH_TIMEOUT_S_MIN: i64 = 3_600;
/// Most seconds of `AuthTimeout`: what is more counts as this.
const AUTH_TIMEOUT_S_MAX: i64 = 30 * 24 * 3_600;

/// One page of pictures. A video that has none of the type yet has an empty list.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let id = params.required("VideoId")?;
    let wanted = params.find("SnapshotType").unwrap_or("CoverSnapshot");
    let kind = outputs::LISTED.into_iter().find(|(name, _)| *name == wanted).map(|(_, kind)| kind);
    let kind = kind.ok_or_else(|| Refusal::invalid("SnapshotType"))?;
    let page = usize_of(params.number("PageNo", 1..=i64::from(u32::MAX))?.unwrap_or(1));
    let page_size = usize_of(params.number("PageSize", 1..=PAGE_SIZE_MAX)?.unwrap_or(PAGE_SIZE_DEFAULT));
    let valid_s = auth_timeout(params)?;
    let media = name_videos::by_id(service, app, id).await?;
    let Some(found) = service.latest_output(app, &media, kind).await? else {
        let empty = json!({ "Total": 0, "Snapshots": { "Snapshot": [] } });
        return Ok(Answer::from_iter([("MediaSnapshot".to_owned(), empty)]));
    };
    let keys = object_keys(&found);
    let first = page_size.saturating_mul(page - 1);
    let urls = Urls::of(service, app);
    let snapshot =
        |(k, key): (usize, &String)| json!({ "Index": k + 1, "Url": urls.object_for(key, valid_s) });
    let snapshots: Vec<Value> = keys.iter().enumerate().skip(first).take(page_size).map(snapshot).collect();
    let rule = outputs::key_rule(&media.video_id, &found.output);
    let mut document = json!({
        "CreationTime": time::write(found.job.created_at),
        "JobId": outputs::job_id(&found.job.id, &found.job.outputs, &found.output),
        // Clients expand it, and sign each URL by themselves.
        "Regular": urls.rule(&rule),
        "Total": keys.len(),
        "Snapshots": { "Snapshot": snapshots },
    });
    if let (OutputKind::WebVtt, Some(key)) = (kind, &found.outcome.vtt_key) {
        // The vendor has no member for it, and a client has to find it somewhere.
        document["WebVttUrl"] = urls.object_for(key, valid_s).into();
    }
    Ok(Answer::from_iter([("MediaSnapshot".to_owned(), document)]))
}

/// Seconds for which the URLs of the answer are good, where URLs are signed.
fn auth_timeout(params: &Params) -> Result<u32, Refusal> {
    let given = params.number("AuthTimeout", i64::MIN..=i64::MAX)?.unwrap_or(AUTH_TIMEOUT_S_MIN);
    let within = given.clamp(AUTH_TIMEOUT_S_MIN, AUTH_TIMEOUT_S_MAX);
    Ok(u32::try_from(within).expect("both limits are within 32 bits"))
}

/// Keys of an output's objects by their numbers: sheets of a sprite, else pictures.
pub(super) fn object_keys(found: &LatestOutput) -> Vec<String> {
    let sheets = &found.outcome.sheets;
    if !sheets.is_empty() {
        return sheets.iter().map(|sheet| sheet.key.clone()).collect();
    }
    let mut taken: Vec<&Taken> = found.outcome.taken().collect();
    taken.sort_by_key(|taken| taken.number);
    taken.into_iter().map(|taken| taken.key.clone()).collect()
}

fn usize_of(number: i64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_good_for_an_hour_at_least_and_a_month_at_most() {
        let valid_s = |text: &str| auth_timeout(&Params::of(&[("AuthTimeout", text)]));
        assert_eq!(auth_timeout(&Params::of(&[])), Ok(3_600));
        assert_eq!(
            [valid_s("60"), valid_s("7200"), valid_s("9999999")],
            [Ok(3_600), Ok(7_200), Ok(2_592_000)]
        );
        assert_eq!(valid_s("soon"), Err(Refusal::invalid("AuthTimeout")));
    }
}
