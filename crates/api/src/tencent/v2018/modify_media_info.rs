//! `ModifyMediaInfo`: what is said of a video, and its cover.
//!
//! Source: API 2018-07-17, ModifyMediaInfo. `CoverUrl` is ours, for a cover that stands elsewhere. Marks of
//! key frames, subtitles and expiry are not kept, and adding some is refused; taking away what never was is
//! not.

mod tags;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stillframe_domain::media::Cover;
use stillframe_domain::{App, Dialect, ErrorCode, MediaUpdate};
use stillframe_service::{MediaName, Service, ServiceError};

use super::asked::{self, context};
use super::envelope::Answer;
use super::error::Refusal;
use super::input::Input;

const NAME_CHARS_MAX: usize = 64;
const DESCRIPTION_CHARS_MAX: usize = 128;

/// Changes what the request names; an empty `Description` or `CoverUrl` takes that away.
pub(super) async fn run(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    let media = asked::file_id(input)?;
    asked::refuse_expiry(input)?;
    asked::refuse_members(input, &["AddKeyFrameDescs", "AddSubtitles"])?;
    let update = update(service, app, &media, input).await?;
    let picture = input.text("CoverData")?.filter(|data| !data.is_empty());
    let picture = picture.map(|data| decoded(&data)).transpose()?;
    if update != MediaUpdate::default() || picture.is_none() {
        service.update_media(app, &media, update, Dialect::Tencent).await.map_err(refused)?;
    }
    let cover_url = match picture {
        Some(picture) => {
            let key = service.upload_cover(app, &media, picture.into(), Dialect::Tencent).await;
            Some(service.picture_url(app, &key.map_err(refused)?))
        }
        None => input.text("CoverUrl")?,
    };
    let field = |url: String| ("CoverUrl".to_owned(), url.into());
    Ok(Answer::from_iter(cover_url.map(field)))
}

async fn update(
    service: &Service,
    app: &App,
    media: &MediaName,
    input: &Input<'_>,
) -> Result<MediaUpdate, Refusal> {
    let is_given = |text: &String| !text.is_empty();
    context(input, "Description", ("InvalidParameterValue.Description", DESCRIPTION_CHARS_MAX))?;
    let change = tags::Change::read(input)?;
    let tags = match change {
        None => None,
        Some(change) => Some(change.apply(&service.find_media(app, media).await?.details.tags)?),
    };
    let category = input.integer("ClassId")?;
    if category.is_some_and(|id| id < 0) {
        return Err(Refusal::value("InvalidParameterValue.ClassId", "ClassId", "0 or more"));
    }
    let cover = input.text("CoverUrl")?.map(|url| Some(url).filter(is_given).map(Cover::Url));
    Ok(MediaUpdate {
        name: context(input, "Name", ("InvalidParameterValue.Name", NAME_CHARS_MAX))?,
        description: input.text("Description")?,
        tags,
        category,
        cover,
        ..MediaUpdate::default()
    })
}

/// `CoverData` is Base64, with or without the breaks that some encoders put into it.
fn decoded(data: &str) -> Result<Vec<u8>, Refusal> {
    let data: String = data.split_ascii_whitespace().collect();
    let refused = |_| Refusal::value("InvalidParameterValue.ImageDecodeError", "CoverData", "Base64");
    STANDARD.decode(data).map_err(refused)
}

fn refused(error: ServiceError) -> Refusal {
    match (error.code, error.parameter) {
        (ErrorCode::InvalidParameter, Some("cover")) => {
            Refusal::new("FailedOperation.CoverType", error.message)
        }
        (ErrorCode::InvalidParameter, Some("name")) => {
            Refusal::new("InvalidParameterValue.Name", error.message)
        }
        _ => error.into(),
    }
}
