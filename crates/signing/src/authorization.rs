//! The form that several schemes share: `SCHEME Name=value,Name=value`.

/// Reads the fields of an `Authorization` header, in the order of `names`; `None` when it is of another
/// scheme, or holds an unknown, repeated or empty field. Clients differ in the order of the fields and in
/// the spaces after the commas.
pub(crate) fn fields<'a, const N: usize>(
    text: &'a str,
    scheme: &str,
    names: [&str; N],
) -> Option<[Option<&'a str>; N]> {
    let mut values = [None; N];
    for field in text.strip_prefix(scheme)?.strip_prefix(' ')?.split(',') {
        let (name, value) = field.trim_start_matches(' ').split_once('=')?;
        let slot = &mut values[names.iter().position(|known| *known == name)?];
        if slot.is_some() || value.is_empty() || value.contains(' ') {
            return None;
        }
        *slot = Some(value);
    }
    Some(values)
}

/// Splits a credential `id/date/.../terminator` into exactly `N` parts, none of them empty.
pub(crate) fn parts<const N: usize>(credential: &str) -> Option<[&str; N]> {
    let parts: Vec<&str> = credential.split('/').collect();
    let is_whole = parts.iter().all(|part| !part.is_empty());
    is_whole.then(|| parts.try_into().ok()).flatten()
}

/// Whether a list is of lower-case header names joined by semicolons, none of them empty.
pub(crate) fn is_name_list(list: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.'))
    };
    list.split(';').all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<[Option<&str>; 2]> {
        fields(text, "S", ["A", "B"])
    }

    #[test]
    fn fields_are_read_in_any_order() {
        assert_eq!(read("S A=1, B=2=3"), Some([Some("1"), Some("2=3")]));
        assert_eq!(read("S B=2,A=1"), Some([Some("1"), Some("2")]));
        assert_eq!(read("S A=1"), Some([Some("1"), None]));
    }

    #[test]
    fn other_schemes_and_unknown_repeated_or_empty_fields_are_refused() {
        for text in ["", "S", "S ", "SA=1", "T A=1", "S A=1,", "S A=1,C=2", "S A=1,A=1", "S A=", "S A=1 ,B=2"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn credentials_have_all_their_parts() {
        assert_eq!(parts("id/day"), Some(["id", "day"]));
        assert_eq!((parts::<2>("id"), parts::<2>("id/"), parts::<2>("a/b/c")), (None, None, None));
    }

    #[test]
    fn name_lists_are_lower_case() {
        assert!(is_name_list("content-type;host"));
        assert!(!is_name_list("") && !is_name_list("host;") && !is_name_list("Host") && !is_name_list("a b"));
    }
}
