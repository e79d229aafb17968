//! `/docs`: the OpenAPI document as a page, for people; it needs no script and nothing from elsewhere.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Map, Value};

use super::openapi;

const STYLE: &str = include_str!("docs.css");
/// The page loads its own style and nothing else, whatever a text in it might contain.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static PAGE: LazyLock<String> = LazyLock::new(|| page_of(&openapi::value()));

/// `GET /docs`.
pub(super) async fn page() -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, Html(PAGE.as_str())).into_response()
}

/// `GET /docs/style.css`.
pub(super) async fn style() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, STYLE).into_response()
}

fn page_of(document: &Value) -> String {
    let info = &document["info"];
    let (title, version) = (text(&info["title"]), text(&info["version"]));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title} API</title>\n\
         <link rel=\"stylesheet\" href=\"/docs/style.css\">\n\
         <header><h1>{title} <small>{version}</small></h1>\n<p>{}</p>\n\
         <p><a href=\"/v1/openapi.json\">openapi.json</a></p></header>\n",
        text(&info["description"]),
    );
    let operations = operations(document);
    page.push_str("<nav>");
    for (name, operation) in &operations {
        let (id, summary) = (text(&operation["operationId"]), text(&operation["summary"]));
        add(&mut page, format_args!("<a href=\"#{id}\" title=\"{summary}\"><code>{name}</code></a>\n"));
    }
    page.push_str("</nav>\n<main>\n");
    for (name, operation) in &operations {
        write_operation(&mut page, name, operation);
    }
    for (name, schema) in members(&document["components"]["schemas"]) {
        write_schema(&mut page, name, schema);
    }
    page.push_str("</main>\n");
    page
}

/// Each operation as `GET /path`.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    members(&document["paths"])
        .flat_map(|(path, item)| {
            members(item)
                .map(move |(method, one)| (format!("{} {}", method.to_uppercase(), escaped(path)), one))
        })
        .collect()
}

fn write_operation(page: &mut String, name: &str, operation: &Value) {
    let (id, summary) = (text(&operation["operationId"]), text(&operation["summary"]));
    add(page, format_args!("<section id=\"{id}\">\n<h2><code>{name}</code></h2>\n<p>{summary}</p>\n"));
    if let Some(parameters) = operation["parameters"].as_array() {
        page.push_str("<table><tr><th>parameter<th>in<th>type<th>\n");
        for one in parameters {
            let (name, place, about) = (text(&one["name"]), text(&one["in"]), text(&one["description"]));
            let kind = kind(&one["schema"]);
            add(page, format_args!("<tr><td><code>{name}</code><td>{place}<td>{kind}<td>{about}\n"));
        }
        page.push_str("</table>\n");
    }
    page.push_str("<table><tr><th>body<th>content<th>type<th>\n");
    write_contents(page, "request", &operation["requestBody"]);
    for (status, response) in members(&operation["responses"]) {
        write_contents(page, status, response);
    }
    page.push_str("</table>\n</section>\n");
}

fn write_contents(page: &mut String, what: &str, of: &Value) {
    let about = text(&of["description"]);
    let mut is_empty = true;
    for (content, media) in members(&of["content"]) {
        is_empty = false;
        let (content, kind) = (escaped(content), kind(&media["schema"]));
        add(page, format_args!("<tr><td>{what}<td>{content}<td>{kind}<td>{about}\n"));
    }
    if is_empty && of.is_object() {
        add(page, format_args!("<tr><td>{what}<td><td><td>{about}\n"));
    }
}

fn write_schema(page: &mut String, name: &str, schema: &Value) {
    let (name, about) = (escaped(name), text(&schema["description"]));
    add(page, format_args!("<section id=\"schema-{name}\">\n<h2>{name}</h2>\n<p>{about}</p>\n"));
    let own = std::slice::from_ref(schema).iter();
    let joined = ["allOf", "oneOf", "anyOf"].into_iter().filter_map(|key| schema[key].as_array()).flatten();
    let parts: Vec<&Value> = own.chain(joined).collect();
    if parts.iter().any(|part| part["properties"].is_object()) {
        page.push_str("<table><tr><th>field<th>type<th>\n");
        for (field, one) in parts.into_iter().flat_map(|part| members(&part["properties"])) {
            let (field, kind, about) = (escaped(field), kind(one), text(&one["description"]));
            add(page, format_args!("<tr><td><code>{field}</code><td>{kind}<td>{about}\n"));
        }
        page.push_str("</table>\n");
    } else {
        add(page, format_args!("<p>{}</p>\n", kind(schema)));
    }
    page.push_str("</section>\n");
}

/// What a schema allows, in a few words.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
        let name = escaped(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(|one| format!("<code>{}</code>", text(one))).collect::<Vec<_>>().join(" ");
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        if let Some(ways) = schema[key].as_array() {
            return ways.iter().map(kind).collect::<Vec<_>>().join(" or ");
        }
    }
    if schema["items"].is_object() {
        return format!("list of {}", kind(&schema["items"]));
    }
    match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
        kind => text(kind),
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
    value.as_object().unwrap_or(&NONE).iter()
}

fn text(value: &Value) -> String {
    escaped(value.as_str().unwrap_or_default())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn add(page: &mut String, what: std::fmt::Arguments<'_>) {
    page.write_fmt(what).expect("writing to a text cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_every_operation_and_runs_nothing() {
        let document = openapi::value();
        let page = page_of(&document);
        let all = operations(&document);
        assert!(20 < all.len());
        for (name, operation) in all {
            let heading =
                format!("<section id=\"{}\">\n<h2><code>{name}</code>", text(&operation["operationId"]));
            assert!(page.contains(&heading), "{name}");
        }
        for foreign in ["<script", "src=", "http://", "https://", " style="] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        assert_eq!(escaped("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
    }
}
