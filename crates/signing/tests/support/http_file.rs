//! Reads `.http` files: requests as a listener received them, each below a line `### label`.

/// One request.
#[derive(Debug, Clone)]
pub struct Sample {
    /// What it is called in messages.
    pub label: String,
    /// HTTP method.
    pub method: String,
    /// The path as sent.
    pub path: String,
    /// The query as sent.
    pub query: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// All requests of a file.
pub fn samples(file: &str) -> Vec<Sample> {
    file.split("\n### ").skip(1).map(sample).collect()
}

fn sample(text: &str) -> Sample {
    let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
    let mut lines = head.lines();
    let label = lines.next().expect("a label").to_owned();
    let mut request = lines.next().expect("a request line").split(' ');
    let method = request.next().expect("a method").to_owned();
    let target = request.next().expect("a target");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let header = |line: &str| {
        let (name, value) = line.split_once(": ").expect("a header");
        (name.to_owned(), value.to_owned())
    };
    Sample {
        label,
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        headers: lines.map(header).collect(),
        body: body.trim_end_matches('\n').to_owned(),
    }
}

/// Percent-decoding that leaves `+` as it is.
pub fn decode(text: &str) -> String {
    decode_pairs(&text.replace('+', "%2B").replace('=', "%3D").replace('&', "%26"))
        .pop()
        .map_or(String::new(), |(name, _)| name)
}

/// Form decoding, where `+` is a space.
pub fn decode_pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}
