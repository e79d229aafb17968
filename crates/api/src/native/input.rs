//! What a request carries, read so that whatever cannot be read is answered as a problem.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use stillframe_service::invalid;
use utoipa::IntoParams;

use super::error::Problem;
use crate::body;
use crate::state::ApiState;

/// A JSON body.
pub(crate) struct Document<T>(pub T);

impl<T: DeserializeOwned> FromRequest<ApiState> for Document<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &ApiState) -> Result<Self, Problem> {
        decode(&body::read(request.into_body()).await?).map(Self)
    }
}

/// Reads a JSON document; problems name the field.
pub(crate) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body)
        .map_err(|error| Problem(invalid("body", format!("a JSON document of this operation ({error})"))))
}

/// A JSON body that may be empty, which stands for a document without fields.
pub(crate) struct OptionalDocument<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<ApiState> for OptionalDocument<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &ApiState) -> Result<Self, Problem> {
        let body = body::read(request.into_body()).await?;
        if body.is_empty() { Ok(Self(T::default())) } else { decode(&body).map(Self) }
    }
}

/// The one part of a path that names something.
pub(crate) struct Named(pub String);

impl FromRequestParts<ApiState> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let refused = |_: PathRejection| Problem(invalid("path", "text in UTF-8, percent-encoded"));
        Path::<String>::from_request_parts(parts, state).await.map(|Path(name)| Self(name)).map_err(refused)
    }
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// What the page before gave as `next`.
    pub after: Option<String>,
    /// Items of a page: 1 to 100; 20 by default.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

impl PageQuery {
    const LIMIT_DEFAULT: usize = 20;
    const LIMIT_MAX: usize = 100;

    pub(crate) fn limit(&self) -> usize {
        self.limit.unwrap_or(Self::LIMIT_DEFAULT)
    }

    /// The limit that was given, when a page may have so many.
    pub(crate) fn checked(limit: Option<usize>) -> Result<usize, Problem> {
        match limit.unwrap_or(Self::LIMIT_DEFAULT) {
            limit @ 1..=Self::LIMIT_MAX => Ok(limit),
            _ => Err(Self::refused()),
        }
    }

    fn refused() -> Problem {
        Problem(invalid("limit", format!("1 to {}", Self::LIMIT_MAX)))
    }
}

/// A page that was asked for.
pub(crate) struct Paged(pub PageQuery);

impl FromRequestParts<ApiState> for Paged {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let malformed = |_: QueryRejection| PageQuery::refused();
        let Query(query) = Query::<PageQuery>::from_request_parts(parts, state).await.map_err(malformed)?;
        PageQuery::checked(query.limit)?;
        Ok(Self(query))
    }
}
