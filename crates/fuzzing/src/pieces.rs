//! Cuts hostile bytes into the parts that an entry point needs.

/// The first line, and what follows it.
pub fn line(data: &[u8]) -> (String, &[u8]) {
    let end = data.iter().position(|&byte| byte == b'\n').unwrap_or(data.len());
    let rest = data.get(end + 1..).unwrap_or_default();
    (String::from_utf8_lossy(&data[..end]).trim_end_matches('\r').to_owned(), rest)
}

/// The words of the first line, and what follows it.
pub fn words<const N: usize>(data: &[u8]) -> ([String; N], &[u8]) {
    let (first, rest) = line(data);
    let mut words = first.split(' ').map(str::to_owned);
    (std::array::from_fn(|_| words.next().unwrap_or_default()), rest)
}

/// `Name: value` lines up to an empty one, and what follows it. Names are in lower case.
pub fn headers(mut data: &[u8]) -> (Vec<(String, String)>, &[u8]) {
    let mut headers = Vec::new();
    loop {
        let (one, rest) = line(data);
        data = rest;
        match one.split_once(": ") {
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.to_owned())),
            None => return (headers, data),
        }
    }
}

/// The parameters of a query or a form.
pub fn params(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}
