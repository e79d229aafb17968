//! `ApplyUpload` and `CommitUpload`: a temporary key for one object, and a video of what was uploaded.
//!
//! Source: API 2018-07-17, ApplyUpload and CommitUpload. The object is put by the vendor's object protocol on
//! this server (`crate::objects`). A cover is not uploaded along with the video, so `CoverStoragePath` is
//! empty; there is one region of storage, which the answer names as the caller did.

use std::time::Duration;

use serde_json::json;
use stillframe_domain::{App, Dialect, ErrorCode, MediaDetails, UploadId, limits};
use stillframe_service::{AddMedia, NewUpload, Service, ServiceError};

use super::asked;
use super::envelope::Answer;
use super::error::Refusal;
use super::input::Input;
use super::pull_upload::{check_media_type, class_id, follow_ups, refused, source_context};
use crate::objects;
use crate::urls::Urls;

/// The key is good as long as its upload can be committed: clients have no way to renew it.
const KEY_VALIDITY: Duration = Duration::from_millis(limits::UPLOAD_SESSION_MS);
/// What the answer names where the caller names no region.
const REGION: &str = "local";
/// Characters that a file's name may not have.
const FORBIDDEN_IN_NAMES: &str = "/\\:*?\"<>|";

/// Permits an upload.
pub(super) async fn apply(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    asked::refuse_expiry(input)?;
    asked::refuse_members(input, &["CoverType", "MediaStoragePath"])?;
    let media_type = input.required_text("MediaType")?;
    check_media_type(input)?;
    let name = input.text("MediaName")?.filter(|name| !name.is_empty());
    if name.as_ref().is_some_and(|name| name.contains(|c| FORBIDDEN_IN_NAMES.contains(c))) {
        let expected = format!("a name without {FORBIDDEN_IN_NAMES}");
        return Err(Refusal::value("InvalidParameterValue.MediaName", "MediaName", expected));
    }
    let new = NewUpload {
        file_name: format!("{}.{media_type}", name.as_deref().unwrap_or("video")),
        add: AddMedia {
            name,
            pass_through: source_context(input)?,
            details: MediaDetails { category: class_id(input)?, ..MediaDetails::default() },
            follow_ups: follow_ups(service, app, input).await?,
            ..AddMedia::over(Dialect::Tencent)
        },
        key_validity: KEY_VALIDITY,
    };
    let session = service.begin_upload(app, new).await.map_err(refused)?;
    let region = input.text("StorageRegion")?.filter(|region| !region.is_empty());
    let key = &session.key;
    let fields = [
        ("StorageBucket", json!(objects::bucket(app.id))),
        ("StorageRegion", json!(region.as_deref().unwrap_or(REGION))),
        ("VodSessionKey", json!(session.id.as_str())),
        ("MediaStoragePath", json!(format!("/{}", session.object_key))),
        ("CoverStoragePath", json!("")),
        (
            "TempCertificate",
            json!({
                "SecretId": key.key_id,
                "SecretKey": key.secret,
                "Token": key.token,
                "ExpiredTime": key.expires_at.as_secs(),
            }),
        ),
    ];
    Ok(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Makes a video of what was uploaded; repeating it answers the same video.
pub(super) async fn commit(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    let text = input.required_text("VodSessionKey")?;
    let id = UploadId::parse(&text).map_err(|_| unknown("there is no such upload"))?;
    let media = service.commit_upload(app, &id).await.map_err(commit_refused)?;
    let urls = Urls::of(service, app);
    let fields = [
        ("FileId", json!(media.id.to_string())),
        ("MediaUrl", json!(urls.source(&media).unwrap_or_default())),
        ("CoverUrl", json!(urls.cover(&media).unwrap_or_default())),
    ];
    Ok(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn commit_refused(error: ServiceError) -> Refusal {
    match error.code {
        ErrorCode::ObjectNotFound => unknown(&error.message),
        _ => error.into(),
    }
}

fn unknown(message: &str) -> Refusal {
    Refusal::new("InvalidParameterValue.VodSessionKey", message)
}
