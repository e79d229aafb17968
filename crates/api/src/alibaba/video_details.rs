//! What a request may say of a video, within the vendor's limits.

use stillframe_service::ServiceError;

use super::error::Refusal;

/// Longest title, in bytes.
pub(super) const TITLE_BYTES_MAX: usize = 128;
/// Longest description, in bytes.
pub(super) const DESCRIPTION_BYTES_MAX: usize = 1_024;
const TAGS_MAX: usize = 16;
const TAG_BYTES_MAX: usize = 32;

/// Refuses a text that is too long.
///
/// # Errors
/// `LengthExceededMax`.
pub(super) fn check_length(name: &str, text: Option<&str>, bytes_max: usize) -> Result<(), Refusal> {
    if text.is_some_and(|text| bytes_max < text.len()) {
        return Err(too_long(name));
    }
    Ok(())
}

/// The tags of a list with commas.
///
/// # Errors
/// `TagsExceededMax` beyond 16; `LengthExceededMax` for one beyond 32 bytes.
pub(super) fn tags(list: &str) -> Result<Vec<String>, Refusal> {
    let tags: Vec<String> =
        list.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
    if TAGS_MAX < tags.len() {
        let message = format!("The number of tags exceeds the limit of {TAGS_MAX}.");
        return Err(Refusal::bad_request("TagsExceededMax", &message));
    }
    match tags.iter().any(|tag| TAG_BYTES_MAX < tag.len()) {
        true => Err(too_long("Tags")),
        false => Ok(tags),
    }
}

/// A refusal of what is said, by the vendor's name of the part.
pub(super) fn in_vendor_words(error: ServiceError) -> Refusal {
    let parameter = match error.parameter {
        Some("name") => "Title",
        Some("description") => "Description",
        Some("tags") => "Tags",
        Some("cover_url") => "CoverURL",
        Some("reference_id") => "ReferenceId",
        Some("callback_url" | "pass_through") => "UserData",
        Some("url") => {
            return Refusal::bad_request("InvalidParameter.UploadURLs", "The upload URLs are invalid.");
        }
        _ => return error.into(),
    };
    Refusal::invalid(parameter)
}

fn too_long(name: &str) -> Refusal {
    let message = format!("The length of the specified parameter \"{name}\" exceeds the limit.");
    Refusal::bad_request("LengthExceededMax", &message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_at_most_16_of_32_bytes() {
        assert_eq!(tags(" a, b ,,截图").expect("accepted"), ["a", "b", "截图"]);
        assert_eq!(tags("").expect("accepted"), Vec::<String>::new());
        let code = |list: &str| tags(list).expect_err("refused").code;
        assert_eq!(code(&["x"; 17].join(",")), "TagsExceededMax");
        assert_eq!(code(&"x".repeat(33)), "LengthExceededMax");
        assert!(tags(&["x".repeat(32).as_str(); 16].join(",")).is_ok());
    }
}
