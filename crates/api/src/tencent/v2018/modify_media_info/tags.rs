//! `AddTags`, `DeleteTags` and `ClearTags`.

use crate::tencent::v2018::error::Refusal;
use crate::tencent::v2018::input::Input;

const TAGS_MAX: usize = 16;
const TAG_CHARS_MAX: usize = 32;

/// What changes about the tags of a video.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    added: Vec<String>,
    deleted: Vec<String>,
    is_cleared: bool,
}

impl Change {
    /// What a request asks for; `None` for nothing.
    ///
    /// # Errors
    /// The vendor's refusals of contradictions and of tags that are too long.
    pub(super) fn read(input: &Input<'_>) -> Result<Option<Self>, Refusal> {
        let (added, deleted) = (input.texts("AddTags")?, input.texts("DeleteTags")?);
        let is_cleared = input.integer("ClearTags")? == Some(1);
        if is_cleared && !added.is_empty() {
            let message = "AddTags and ClearTags exclude each other";
            return Err(Refusal::new("InvalidParameterValue.AddTagsAndClearTagsConflict", message));
        }
        if added.iter().any(|tag| deleted.contains(tag)) {
            let message = "AddTags and DeleteTags have a tag in common";
            return Err(Refusal::new("InvalidParameterValue.AddTagsAndDeleteTagsConflict", message));
        }
        if added.iter().any(|tag| tag.chars().count() > TAG_CHARS_MAX) {
            let expected = format!("at most {TAG_CHARS_MAX} characters each");
            return Err(Refusal::value("InvalidParameterValue.TagTooLong", "AddTags", expected));
        }
        if added.iter().any(String::is_empty) {
            return Err(Refusal::value("InvalidParameterValue.Tags", "AddTags", "tags that are not empty"));
        }
        let is_any = is_cleared || !added.is_empty() || !deleted.is_empty();
        Ok(is_any.then_some(Self { added, deleted, is_cleared }))
    }

    /// The tags of a video that had these.
    ///
    /// # Errors
    /// `LimitExceeded.TagCountReachMax`.
    pub(super) fn apply(self, tags: &[String]) -> Result<Vec<String>, Refusal> {
        let is_kept = |tag: &&String| !self.is_cleared && !self.deleted.contains(tag);
        let mut tags: Vec<String> = tags.iter().filter(is_kept).cloned().collect();
        for tag in self.added {
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        if tags.len() > TAGS_MAX {
            let message = format!("a video has at most {TAGS_MAX} tags");
            return Err(Refusal::new("LimitExceeded.TagCountReachMax", message));
        }
        Ok(tags)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn applied(request: &Value, tags: &[&str]) -> Result<Vec<String>, &'static str> {
        let owned: Vec<String> = tags.iter().map(|&tag| tag.to_owned()).collect();
        let change = Change::read(&Input::root(request).expect("an object"));
        let change = change.map_err(|refusal| refusal.code)?.expect("a change");
        change.apply(&owned).map_err(|refusal| refusal.code)
    }

    #[test]
    fn tags_are_added_once_deleted_and_cleared() {
        let owned = |tags: &[&str]| Ok(tags.iter().map(|&tag| tag.to_owned()).collect::<Vec<_>>());
        let both = json!({ "AddTags": ["c", "b", "c"], "DeleteTags": ["a", "x"] });
        assert_eq!(applied(&both, &["a", "b"]), owned(&["b", "c"]));
        assert_eq!(applied(&json!({ "ClearTags": 1 }), &["a"]), owned(&[]));
        let nothing = json!({ "ClearTags": 0 });
        assert_eq!(Change::read(&Input::root(&nothing).expect("an object")), Ok(None));
    }

    #[test]
    fn contradictions_and_too_much_are_refused() {
        let refused = |request: Value| applied(&request, &["0"; 0]).expect_err("refused");
        let conflict = json!({ "AddTags": ["a"], "ClearTags": 1 });
        assert_eq!(refused(conflict), "InvalidParameterValue.AddTagsAndClearTagsConflict");
        let conflict = json!({ "AddTags": ["a"], "DeleteTags": ["a"] });
        assert_eq!(refused(conflict), "InvalidParameterValue.AddTagsAndDeleteTagsConflict");
        let long = json!({ "AddTags": ["\u{6807}".repeat(33)] });
        assert_eq!(refused(long), "InvalidParameterValue.TagTooLong");
        let many: Vec<String> = (0..17).map(|k| k.to_string()).collect();
        assert_eq!(refused(json!({ "AddTags": many })), "LimitExceeded.TagCountReachMax");
    }
}
