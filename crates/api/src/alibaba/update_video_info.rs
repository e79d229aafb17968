//! `UpdateVideoInfo`: changes what is said of a video, and nothing that the request does not name.

use stillframe_domain::media::Cover;
use stillframe_domain::{App, Dialect, MediaUpdate};
use stillframe_service::Service;

use super::error::Refusal;
use super::handle::Answer;
use super::params::Params;
use super::video_details::{check_length, tags};
use super::{name_videos, user_data, video_details};

/// Changes the video. A parameter that is given and empty empties its part; a video keeps a title.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let media = name_videos::one(service, app, params).await?;
    let update = MediaUpdate {
        name: params.find("Title").map(str::to_owned),
        description: params.given("Description").map(str::to_owned),
        tags: params.given("Tags").map(tags).transpose()?,
        category: params.number("CateId", i64::MIN..=i64::MAX)?,
        // The address is kept as it is, and never asked.
        cover: params.given("CoverURL").map(|url| Some(url).filter(|url| !url.is_empty()).map(cover)),
        ..user_data_update(params)?
    };
    check_length("Title", update.name.as_deref(), video_details::TITLE_BYTES_MAX)?;
    check_length("Description", update.description.as_deref(), video_details::DESCRIPTION_BYTES_MAX)?;
    let name = name_videos::name_of(&media);
    let updated = service.update_media(app, &name, update, Dialect::Alibaba).await;
    updated.map_err(video_details::in_vendor_words)?;
    Ok(Answer::new())
}

fn cover(url: &str) -> Cover {
    Cover::Url(url.to_owned())
}

/// A `UserData` that is given replaces the whole of the former one.
fn user_data_update(params: &Params) -> Result<MediaUpdate, Refusal> {
    let Some(text) = params.find("UserData") else { return Ok(MediaUpdate::default()) };
    let data = user_data::parse(text)?;
    Ok(MediaUpdate {
        pass_through: Some(data.extend),
        callback_url: Some(data.callback_url),
        ..MediaUpdate::default()
    })
}
