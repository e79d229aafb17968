//! `CreateUploadVideo` and `RefreshUploadVideo`: a video whose bytes are uploaded with a temporary key.
//!
//! The object is put by the vendor's object protocol on this server (`crate::objects`); its arrival completes
//! the video. A transcoding template group is accepted and has no effect, since nothing is transcoded.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use stillframe_domain::media::Cover;
use stillframe_domain::{App, Dialect, ErrorCode, MediaDetails, UploadSession};
use stillframe_service::{AddMedia, NewUpload, Service, SubmitSnapshot};

use super::error::Refusal;
use super::handle::Answer;
use super::params::Params;
use super::user_data::{self, UserData};
use super::video_details::{DESCRIPTION_BYTES_MAX, TITLE_BYTES_MAX, check_length, in_vendor_words, tags};
use super::{name_videos, time, video, workflow};
use crate::objects;

/// How long the vendor's keys are good.
const KEY_VALIDITY: Duration = Duration::from_secs(3_000);
/// What the vendor's clients derive keys of signature V4 for; any region is right here.
const REGION: &str = "local";

/// Adds the video and permits its bytes to be uploaded.
pub(super) async fn create(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    video::check_app(app, params)?;
    let file_name = file_name(params.required("FileName")?)?;
    let title = params.required("Title")?;
    check_length("Title", Some(title), TITLE_BYTES_MAX)?;
    check_length("Description", params.find("Description"), DESCRIPTION_BYTES_MAX)?;
    let UserData { extend, callback_url } = user_data::parse(params.find("UserData").unwrap_or_default())?;
    let details = MediaDetails {
        description: params.find("Description").unwrap_or_default().to_owned(),
        tags: tags(params.find("Tags").unwrap_or_default())?,
        category: params.number("CateId", i64::MIN..=i64::MAX)?,
        reference_id: params.find("ReferenceId").map(str::to_owned),
        callback_url,
        ..MediaDetails::default()
    };
    let new = NewUpload {
        add: AddMedia {
            name: Some(title.to_owned()),
            pass_through: extend,
            details,
            cover: params.find("CoverURL").map(|url| Cover::Url(url.to_owned())),
            follow_ups: follow_ups(service, app, params).await?,
            ..AddMedia::over(Dialect::Alibaba)
        },
        file_name,
        key_validity: KEY_VALIDITY,
    };
    let session = service.create_upload(app, new).await.map_err(in_vendor_words)?;
    Ok(answer(service, &session))
}

/// Permits the bytes of a video to be uploaded, again or still, under the same key as before.
pub(super) async fn refresh(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let media = name_videos::one(service, app, params).await?;
    let name = name_videos::name_of(&media);
    let by = Dialect::Alibaba;
    let session =
        service.refresh_upload(app, &name, by, KEY_VALIDITY).await.map_err(|error| match error.code {
            ErrorCode::SourceForbidden => {
                Refusal::bad_request("InvalidVideo.Damaged", "The bytes of the video were not uploaded.")
            }
            _ => error.into(),
        })?;
    Ok(answer(service, &session))
}

fn answer(service: &Service, session: &UploadSession) -> Answer {
    let address = json!({
        "Endpoint": service.public_url(),
        "Bucket": objects::bucket(session.app_id),
        "FileName": session.object_key,
    });
    let key = &session.key;
    let expires = time::write(key.expires_at);
    let auth = json!({
        "AccessKeyId": key.key_id,
        "AccessKeySecret": key.secret,
        "SecurityToken": key.token,
        "Expiration": KEY_VALIDITY.as_secs().to_string(),
        "ExpireUTCTime": expires,
        "Region": REGION,
    });
    Answer::from_iter([
        ("VideoId".to_owned(), session.video_id.as_str().into()),
        ("UploadAddress".to_owned(), encoded(&address).into()),
        ("UploadAuth".to_owned(), encoded(&auth).into()),
    ])
}

fn encoded(value: &Value) -> String {
    STANDARD.encode(value.to_string())
}

async fn follow_ups(service: &Service, app: &App, params: &Params) -> Result<Vec<SubmitSnapshot>, Refusal> {
    match params.find("WorkflowId") {
        Some(id) => Ok(vec![workflow::request(service, app, id).await?]),
        None => Ok(Vec::new()),
    }
}

/// The last part of a path, which has to have an extension.
fn file_name(given: &str) -> Result<String, Refusal> {
    if given.chars().any(char::is_control) {
        let message = "The specified parameter \"FileName\" contains illegal characters.";
        return Err(Refusal::bad_request("IllegalCharacters", message));
    }
    let name = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension).unwrap_or_default();
    let is_extension =
        (1..=10).contains(&extension.len()) && extension.bytes().all(|b| b.is_ascii_alphanumeric());
    if !is_extension {
        let message = "The extension of the specified file name is not valid.";
        return Err(Refusal::bad_request("InvalidFileName.Extension", message));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_an_extension_and_no_folder() {
        for (given, name) in
            [("film.mp4", "film.mp4"), ("/a/b\\c.d/影.MOV", "影.MOV"), ("a.b.mkv", "a.b.mkv")]
        {
            assert_eq!(file_name(given).as_deref(), Ok(name));
        }
        for given in ["film", "film.", "a.b/film", ".", "film.m p4", "film.extensionlong"] {
            assert_eq!(file_name(given).expect_err(given).code, "InvalidFileName.Extension");
        }
        assert_eq!(file_name("film\n.mp4").expect_err("refused").code, "IllegalCharacters");
    }
}
