//! Headers of a request, as signatures look at them.

/// Names and values as received. Names are compared without regard to case.
pub type Headers = [(String, String)];

/// The value of a header without the spaces around it; the values of a repeated one are joined by commas,
/// so that no second value can stand unsigned beside the first. `None` when it was not sent.
pub fn value(headers: &Headers, name: &str) -> Option<String> {
    let values: Vec<&str> = headers
        .iter()
        .filter(|(given, _)| given.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
        .collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// The lower-case names that satisfy `is_wanted`, sorted, each once.
pub(crate) fn names(headers: &Headers, is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let mut names: Vec<String> = headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.retain(|name| is_wanted(name));
    names.sort_unstable();
    names.dedup();
    names
}

/// `name:value` and a line feed for each name, in the order of the names. A header that was not sent has no
/// colon, and so cannot match what a client signed.
pub(crate) fn canonical<'a>(headers: &Headers, names: impl IntoIterator<Item = &'a str>) -> String {
    let line = |name| match value(headers, name) {
        Some(value) => format!("{name}:{value}\n"),
        None => format!("{name}\n"),
    };
    names.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn repeated_headers_are_one_value() {
        let headers = headers(&[("X-A", " 1 "), ("Host", "h"), ("x-a", "2")]);
        assert_eq!(value(&headers, "X-a").as_deref(), Some("1,2"));
        assert_eq!(value(&headers, "x-b"), None);
        assert_eq!(names(&headers, |name| name.starts_with("x-")), ["x-a"]);
        assert_eq!(canonical(&headers, ["host", "x-a", "x-b"]), "host:h\nx-a:1,2\nx-b\n");
    }
}
