//! Writing answers as XML.

use serde_json::Value;

/// An XML document whose root holds `value`: members become elements, sorted by name; an array becomes
/// one element of its name for each item; null is left out.
pub(crate) fn document(root: &str, value: &Value) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    element(&mut text, root, value);
    text
}

fn element(text: &mut String, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Array(items) => items.iter().for_each(|item| element(text, name, item)),
        Value::Object(members) => {
            open(text, name);
            // By name, since a map of JSON keeps its order in some builds and sorts in others.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            members.into_iter().for_each(|(name, value)| element(text, name, value));
            close(text, name);
        }
        Value::String(content) => {
            open(text, name);
            escape(text, content);
            close(text, name);
        }
        Value::Bool(_) | Value::Number(_) => {
            open(text, name);
            text.push_str(&value.to_string());
            close(text, name);
        }
    }
}

fn open(text: &mut String, name: &str) {
    text.push('<');
    text.push_str(name);
    text.push('>');
}

fn close(text: &mut String, name: &str) {
    text.push_str("</");
    text.push_str(name);
    text.push('>');
}

/// Adds a text, so that no part of it can become markup.
pub(crate) fn escape(text: &mut String, content: &str) {
    for c in content.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            // A bare carriage return would be read as a line feed.
            '\r' => text.push_str("&#13;"),
            '\t' | '\n' => text.push(c),
            // XML 1.0 has no way to write these.
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => text.push('\u{fffd}'),
            _ => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arrays_repeat_their_name_and_nulls_are_left_out() {
        let value = json!({ "A": { "B": ["x", "y"], "C": [] }, "D": null, "E": 1.5, "F": true });
        assert_eq!(
            document("R", &value),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
             <R><A><B>x</B><B>y</B></A><E>1.5</E><F>true</F></R>"
        );
    }

    #[test]
    fn no_content_can_become_markup() {
        let text = document("R", &json!("</R><!--&\"\u{1}\r测"));
        assert!(text.ends_with("<R>&lt;/R&gt;&lt;!--&amp;&quot;\u{fffd}&#13;测</R>"), "{text}");
    }
}
