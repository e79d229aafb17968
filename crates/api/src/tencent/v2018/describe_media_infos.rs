//! `DescribeMediaInfos`: what is known of videos, and the newest pictures of each definition.
//!
//! Source: API 2018-07-17, DescribeMediaInfos. A video that is not there is told, not refused.

use stillframe_domain::{App, ErrorCode, Media, MediaId};
use stillframe_service::{MediaName, Service};

use super::envelope::Answer;
use super::error::Refusal;
use super::input::Input;
use super::media_info::info;

const FILE_IDS_MAX: usize = 20;

/// Answers each video in the order asked.
pub(super) async fn run(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    let ids = input.texts("FileIds")?;
    if ids.is_empty() {
        return Err(Refusal::missing("FileIds"));
    }
    if ids.len() > FILE_IDS_MAX {
        let expected = format!("at most {FILE_IDS_MAX} ids");
        return Err(Refusal::value("InvalidParameterValue.FileIds", "FileIds", expected));
    }
    let filters = input.texts("Filters")?;
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for id in ids {
        match find(service, app, &id).await? {
            Some(media) => found.push(info(service, app, &media, &filters).await?),
            None => missing.push(id),
        }
    }
    Ok(Answer::from_iter([
        ("MediaInfoSet".to_owned(), found.into()),
        ("NotExistFileIdSet".to_owned(), missing.into()),
    ]))
}

async fn find(service: &Service, app: &App, id: &str) -> Result<Option<Media>, Refusal> {
    let Ok(id) = MediaId::parse(id) else { return Ok(None) };
    match service.find_media(app, &MediaName::FileId(id)).await {
        Ok(media) => Ok(Some(media)),
        Err(error) if error.code == ErrorCode::MediaNotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
