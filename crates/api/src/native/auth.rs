//! HTTP Basic: access key id and secret.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stillframe_domain::{App, ErrorCode};
use stillframe_service::ServiceError;
use stillframe_signing::is_same_secret;

use super::error::Problem;
use crate::state::ApiState;

/// The app of an authenticated request.
pub(crate) struct Authenticated(pub App);

impl FromRequestParts<ApiState> for Authenticated {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let refused = |code, message: &str| Problem(ServiceError::new(code, message));
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some((key_id, secret)) = given.and_then(basic_credentials) else {
            let message = "send an access key with HTTP Basic: its id as user, its secret as password";
            return Err(refused(ErrorCode::SignatureMissing, message));
        };
        let caller = state.service.authenticate(&key_id).await.map_err(Problem)?;
        if !is_same_secret(&caller.key.secret, &secret) {
            return Err(refused(ErrorCode::SignatureMismatch, "the secret is not that of the access key"));
        }
        state.service.count_request(&caller.key)?;
        Ok(Self(caller.app))
    }
}

fn basic_credentials(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_basic_credentials_are_read() {
        let read = |text: &str| basic_credentials(text);
        assert_eq!(read("Basic YTpiOmM="), Some(("a".to_owned(), "b:c".to_owned())));
        assert_eq!(read("basic YTpi"), Some(("a".to_owned(), "b".to_owned())));
        for bad in ["Bearer x", "Basic", "Basic ???", "Basic YQ=="] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
