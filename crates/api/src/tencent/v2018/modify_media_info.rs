//! `ModifyMediaInfo`: another name, another cover.
//!
//! Source: API 2018-07-17, ModifyMediaInfo. The vendor takes a cover as image data in `CoverData`, which
//! is not supported; `CoverUrl` is ours, and is kept as it is.

use stillframe_domain::App;
use stillframe_service::Service;

use super::envelope::Answer;
use super::error::Refusal;
use super::input::Input;
use super::process_media::file_id;

/// Changes what the request names; an empty `CoverUrl` takes the cover away.
pub(super) async fn run(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    let media = file_id(input)?;
    if input.text("CoverData")?.is_some_and(|data| !data.is_empty()) {
        return Err(Refusal::new("UnsupportedOperation", "CoverData is not supported: use CoverUrl"));
    }
    service.find_media(app, &media).await?;
    if let Some(name) = input.text("Name")?.filter(|name| !name.is_empty()) {
        service.rename_media(app, &media, &name).await?;
    }
    let Some(url) = input.text("CoverUrl")? else { return Ok(Answer::new()) };
    service.set_cover_url(app, &media, Some(url.as_str()).filter(|url| !url.is_empty())).await?;
    Ok(Answer::from_iter([("CoverUrl".to_owned(), url.into())]))
}
