//! `ModifyMediaInfo`: another name, another cover.
//!
//! Source: API 2018-07-17, ModifyMediaInfo. The vendor takes a cover as image data in `CoverData`, which
//! is not supported; `CoverUrl` is ours, and is kept as it is.

use stillframe_domain::media::Cover;
use stillframe_domain::{App, Dialect, MediaUpdate};
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
    let url = input.text("CoverUrl")?;
    let is_given = |text: &String| !text.is_empty();
    let update = MediaUpdate {
        name: input.text("Name")?.filter(is_given),
        cover: url.clone().map(|url| Some(url).filter(is_given).map(Cover::Url)),
        ..MediaUpdate::default()
    };
    service.update_media(app, &media, update, Dialect::Tencent).await?;
    let Some(url) = url else { return Ok(Answer::new()) };
    Ok(Answer::from_iter([("CoverUrl".to_owned(), url.into())]))
}
