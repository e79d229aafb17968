//! The OpenAPI document of the native API, made from what stands at its handlers.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder,
};
use utoipa::{PartialSchema as _, ToSchema as _};
use utoipa_axum::router::OpenApiRouter;

use super::error::ProblemView;

/// The name of the one way to authenticate.
const SCHEME: &str = "access_key";
const ABOUT: &str = "Video snapshots: adding videos, taking pictures of them, and hearing of what became of \
    it. Every request carries an access key by HTTP Basic, its id as the user and its secret as the password; \
    nothing of another app is ever found. Every refusal is a problem document (RFC 9457) with a code of a closed \
    list. Times of day are RFC 3339 in UTC; times in a video are whole milliseconds from its start.";

/// Written once: it does not change while a process runs.
static TEXT: LazyLock<String> =
    LazyLock::new(|| document().to_json().expect("a document of plain values can be written"));

/// The document.
pub fn document() -> OpenApi {
    let router = OpenApiRouter::with_openapi(frame()).nest("/v1", super::described());
    let mut document = router.into_openapi();
    let components = document.components.get_or_insert_default();
    components.schemas.insert(ProblemView::name().into_owned(), ProblemView::schema());
    let mut schemas = Vec::new();
    ProblemView::schemas(&mut schemas);
    components.schemas.extend(schemas);
    components.security_schemes.insert(
        SCHEME.to_owned(),
        RefOr::T(SecurityScheme::Http(
            Http::builder()
                .scheme(HttpAuthScheme::Basic)
                .description(Some("The id and the secret of an access key."))
                .build(),
        )),
    );
    for (path, item) in &mut document.paths.paths {
        let operations = [&mut item.get, &mut item.post, &mut item.patch, &mut item.put, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            add_refusals(path, operation);
        }
    }
    document
}

fn frame() -> OpenApi {
    let licence = LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build();
    let info = InfoBuilder::new()
        .title("Stillframe")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(licence))
        .build();
    let needs_key = SecurityRequirement::new::<_, [&str; 0], &str>(SCHEME, []);
    OpenApiBuilder::new().info(info).security(Some([needs_key])).build()
}

/// Gives the OpenAPI document of this API.
#[utoipa::path(get, path = "/openapi.json", operation_id = "get_openapi", tag = "about", security(()),
    responses((status = 200, description = "This document.", body = Object)))]
pub(super) async fn get() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], TEXT.as_str()).into_response()
}

/// The document as JSON, for the page that shows it.
pub(super) fn value() -> serde_json::Value {
    serde_json::from_str(&TEXT).expect("what was written can be read")
}

/// What any operation may answer, by what it takes.
fn add_refusals(path: &str, operation: &mut Operation) {
    let mut refusals: Vec<u16> = Vec::new();
    if operation.security.is_none() {
        refusals.extend([401, 429, 503]);
    }
    if path.contains('{') {
        refusals.push(404);
    }
    if operation.parameters.as_ref().is_some_and(|parameters| !parameters.is_empty()) {
        refusals.push(400);
    }
    if operation.request_body.is_some() {
        // What a body names may be missing, be in another state, or be more than the app may have.
        refusals.extend([400, 403, 404, 408, 409, 413, 422]);
    }
    for status in refusals {
        operation.responses.responses.entry(status.to_string()).or_insert_with(|| refusal(status));
    }
}

fn refusal(status: u16) -> RefOr<utoipa::openapi::Response> {
    let (means, tells) = match status {
        400 => ("The request cannot be read, or a value is not accepted.", None),
        401 => ("The access key is missing or wrong.", Some(("WWW-Authenticate", "How to authenticate."))),
        403 => ("The source may not be read, or a quota is used up.", None),
        404 => ("There is no such thing.", None),
        408 => ("The body broke off, or came too slowly.", None),
        409 => ("It cannot be done in this state.", None),
        413 => ("The request or the video is too large.", None),
        422 => ("The video cannot be used.", None),
        429 => ("Too many requests with this key.", Some(("Retry-After", "Seconds to wait."))),
        _ => ("A temporary failure; try again.", None),
    };
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemView::name()))).build();
    let mut response = ResponseBuilder::new().description(means).content("application/problem+json", content);
    if let Some((name, description)) = tells {
        let text = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).build();
        response = response
            .header(name, HeaderBuilder::new().schema(Some(text)).description(Some(description)).build());
    }
    response.build().into()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The document, relative to the root of the repository.
    const DOCUMENT: &str = "docs/openapi.json";

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the wish to write the document is no setting of the product"
    )]
    fn the_kept_document_is_that_of_the_code() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(DOCUMENT);
        let text = document().to_pretty_json().expect("JSON") + "\n";
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, &text).expect("the document can be written");
        }
        let kept = std::fs::read_to_string(&path).expect("the document can be read");
        assert!(kept == text, "{DOCUMENT} is not up to date: run ./dev docs");
    }

    #[test]
    fn every_operation_says_what_it_is_and_how_it_refuses() {
        let document = value();
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("operations") {
                let name = format!("{method} {path}");
                assert!(operation["summary"].is_string() && operation["operationId"].is_string(), "{name}");
                let responses = operation["responses"].as_object().expect("responses");
                let is_open = operation.get("security").is_some();
                assert!(is_open || responses.contains_key("401"), "{name}");
                for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "400") {
                    let problem = &response["content"]["application/problem+json"]["schema"]["$ref"];
                    assert_eq!(problem, "#/components/schemas/Problem", "{name} {status}");
                }
            }
        }
    }

    #[test]
    fn every_route_goes_through_the_document() {
        let code = include_str!("mod.rs");
        let below = code.split_once("fn described()").expect("the routes").1;
        assert!(!below.contains(".route("), "a route of /v1 that the document does not know");
    }
}
