//! `SearchMedia`: the videos that match all that is asked, in pages.
//!
//! Source: API 2018-07-17, SearchMedia. Matches are ordered by the time at which they were added, also where
//! the vendor orders by likeness. What no video here has (streams, rooms, knowledge bases) matches none; its
//! deprecated members are read where the newer ones are missing.

mod filter;

use stillframe_domain::App;
use stillframe_service::Service;

use super::envelope::Answer;
use super::error::Refusal;
use super::input::Input;
use super::media_info::info;

const LIMIT_DEFAULT: i64 = 10;
/// The last video that a search can reach, and the most that are counted.
const RESULTS_MAX: i64 = 5_000;

/// Answers one page of videos with the parts that `Filters` names.
pub(super) async fn run(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    let (offset, limit) = page(input)?;
    let filters = input.texts("Filters")?;
    let (mut total, mut infos) = (0, Vec::new());
    if let Some(filter) = filter::of(input)? {
        let matches = service.search_media(app, &filter, offset, limit).await?;
        total = matches.total.min(RESULTS_MAX.unsigned_abs());
        for media in &matches.items {
            infos.push(info(service, app, media, &filters).await?);
        }
    }
    Ok(Answer::from_iter([
        ("TotalCount".to_owned(), total.into()),
        ("MediaInfoSet".to_owned(), infos.into()),
    ]))
}

fn page(input: &Input<'_>) -> Result<(u64, usize), Refusal> {
    let offset = input.integer("Offset")?.unwrap_or(0);
    if !(0..=RESULTS_MAX).contains(&offset) {
        let expected = format!("0 to {RESULTS_MAX}");
        return Err(Refusal::value("InvalidParameterValue.Offset", "Offset", expected));
    }
    let limit = input.integer("Limit")?.unwrap_or(LIMIT_DEFAULT);
    let most = RESULTS_MAX - offset;
    let refused = || {
        let expected = format!("0 to {most}, since Offset and Limit are {RESULTS_MAX} together at most");
        Refusal::value("InvalidParameterValue.Limit", "Limit", expected)
    };
    if !(0..=most).contains(&limit) {
        return Err(refused());
    }
    Ok((offset.unsigned_abs(), usize::try_from(limit).map_err(|_| refused())?))
}
