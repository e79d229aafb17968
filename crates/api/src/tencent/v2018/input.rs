//! The parameters of a request as one tree, whichever way they were sent.
//!
//! A JSON body is the tree. A query or form is flattened: `A.B.0.C=1` stands for
//! `{"A": {"B": [{"C": "1"}]}}`, and all its values are text, so numbers are read from text as well.

use serde_json::{Map, Value};

use super::error::Refusal;

/// Deepest tree accepted from flattened parameters; no operation needs more than 6.
const DEPTH_MAX: usize = 16;

/// Builds the tree of flattened parameters. Numbers may begin anywhere and leave gaps.
///
/// # Errors
/// `InvalidParameter` for a name that is both a value and an object, or too deep.
pub(super) fn unflattened(pairs: &[(String, String)]) -> Result<Value, Refusal> {
    let mut tree = Map::new();
    for (name, value) in pairs {
        insert(&mut tree, name, value)?;
    }
    Ok(Value::Object(tree.into_iter().map(|(name, value)| (name, with_lists(value))).collect()))
}

fn insert(tree: &mut Map<String, Value>, name: &str, value: &str) -> Result<(), Refusal> {
    let contradictory = || Refusal::mistyped(name, "a value or an object, not both");
    let parts: Vec<&str> = name.split('.').collect();
    let (last, above) = parts.split_last().expect("a split gives one part at least");
    if above.len() >= DEPTH_MAX {
        return Err(Refusal::mistyped(name, format!("at most {DEPTH_MAX} levels")));
    }
    let mut at = tree;
    for part in above {
        let below = at.entry(*part).or_insert_with(|| Value::Object(Map::new()));
        at = below.as_object_mut().ok_or_else(contradictory)?;
    }
    let kept = at.entry(*last).or_insert_with(|| Value::String(value.to_owned()));
    if kept.is_string() { Ok(()) } else { Err(contradictory()) }
}

/// Objects whose names are all numbers are lists, in the order of the numbers.
fn with_lists(value: Value) -> Value {
    let Value::Object(fields) = value else { return value };
    let number = |name: &str| name.parse::<u64>().ok().filter(|_| name.bytes().all(|b| b.is_ascii_digit()));
    let numbers: Option<Vec<u64>> = fields.keys().map(|name| number(name)).collect();
    let values = fields.into_iter().map(|(name, value)| (name, with_lists(value)));
    match numbers {
        Some(numbers) => {
            let mut items: Vec<(u64, Value)> =
                numbers.into_iter().zip(values.map(|(_, value)| value)).collect();
            items.sort_by_key(|(number, _)| *number);
            Value::Array(items.into_iter().map(|(_, value)| value).collect())
        }
        None => Value::Object(values.collect()),
    }
}

/// An object of the tree. Members that are not there and those that are null are the same.
#[derive(Debug, Clone)]
pub(super) struct Input<'a> {
    fields: &'a Map<String, Value>,
    /// Where it stands, for messages; empty for the root, else with a dot behind it.
    at: String,
}

impl<'a> Input<'a> {
    /// The root of a tree.
    ///
    /// # Errors
    /// `InvalidParameter` unless it is an object.
    pub(super) fn root(tree: &'a Value) -> Result<Self, Refusal> {
        let fields = tree.as_object().ok_or_else(|| Refusal::mistyped("the body", "a JSON object"))?;
        Ok(Self { fields, at: String::new() })
    }

    /// The full name of a member, for messages.
    pub(super) fn name(&self, name: &str) -> String {
        format!("{}{name}", self.at)
    }

    /// A member that has to be there.
    ///
    /// # Errors
    /// `MissingParameter`.
    pub(super) fn required<T>(&self, name: &str, found: Option<T>) -> Result<T, Refusal> {
        found.ok_or_else(|| Refusal::missing(&self.name(name)))
    }

    /// A text; numbers are taken as they are written.
    ///
    /// # Errors
    /// `InvalidParameter` for an object or list.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        self.find(name).map(|value| as_text(value, &self.name(name))).transpose()
    }

    /// A text that has to be there and not be empty.
    ///
    /// # Errors
    /// `MissingParameter`, `InvalidParameter`.
    pub(super) fn required_text(&self, name: &str) -> Result<String, Refusal> {
        let found = self.text(name)?.filter(|text| !text.is_empty());
        self.required(name, found)
    }

    /// A whole number.
    ///
    /// # Errors
    /// `InvalidParameter` for anything else.
    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.find(name).map(|value| as_integer(value, &self.name(name))).transpose()
    }

    /// A finite number.
    ///
    /// # Errors
    /// `InvalidParameter` for anything else.
    pub(super) fn number(&self, name: &str) -> Result<Option<f64>, Refusal> {
        self.find(name).map(|value| as_number(value, &self.name(name))).transpose()
    }

    /// An object.
    ///
    /// # Errors
    /// `InvalidParameter` for anything else.
    pub(super) fn object(&self, name: &str) -> Result<Option<Input<'a>>, Refusal> {
        self.find(name).map(|value| as_object(value, self.name(name))).transpose()
    }

    /// A list of objects; empty when it is not there.
    ///
    /// # Errors
    /// `InvalidParameter` for anything else.
    pub(super) fn objects(&self, name: &str) -> Result<Vec<Input<'a>>, Refusal> {
        self.items(name, |value, at| as_object(value, at.to_owned()))
    }

    /// A list of texts; empty when it is not there.
    ///
    /// # Errors
    /// `InvalidParameter` for anything else.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, Refusal> {
        self.items(name, as_text)
    }

    /// A list of whole numbers; empty when it is not there.
    ///
    /// # Errors
    /// `InvalidParameter` for anything else.
    pub(super) fn integers(&self, name: &str) -> Result<Vec<i64>, Refusal> {
        self.items(name, as_integer)
    }

    /// A list of finite numbers; empty when it is not there.
    ///
    /// # Errors
    /// `InvalidParameter` for anything else.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<f64>, Refusal> {
        self.items(name, as_number)
    }

    /// Whether a member is there and says something: no empty text, list or object.
    pub(super) fn is_given(&self, name: &str) -> bool {
        match self.find(name) {
            None => false,
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Array(items)) => !items.is_empty(),
            Some(Value::Object(fields)) => !fields.is_empty(),
            Some(Value::Bool(_) | Value::Number(_) | Value::Null) => true,
        }
    }

    fn find(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    fn items<T>(
        &self,
        name: &str,
        read: impl Fn(&'a Value, &str) -> Result<T, Refusal>,
    ) -> Result<Vec<T>, Refusal> {
        match self.find(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(k, item)| read(item, &format!("{}.{k}", self.name(name))))
                .collect(),
            Some(_) => Err(Refusal::mistyped(&self.name(name), "a list")),
        }
    }
}

fn as_text(value: &Value, at: &str) -> Result<String, Refusal> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(Refusal::mistyped(at, "a text")),
    }
}

fn as_integer(value: &Value, at: &str) -> Result<i64, Refusal> {
    let found = match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    };
    found.ok_or_else(|| Refusal::mistyped(at, "a whole number"))
}

fn as_number(value: &Value, at: &str) -> Result<f64, Refusal> {
    let found = match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_f64(),
    };
    found.filter(|number: &f64| number.is_finite()).ok_or_else(|| Refusal::mistyped(at, "a number"))
}

fn as_object<'a>(value: &'a Value, at: String) -> Result<Input<'a>, Refusal> {
    match value {
        Value::Object(fields) => Ok(Input { fields, at: format!("{at}.") }),
        _ => Err(Refusal::mistyped(&at, "an object")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tree(pairs: &[(&str, &str)]) -> Result<Value, Refusal> {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        unflattened(&pairs.iter().map(owned).collect::<Vec<_>>())
    }

    #[test]
    fn flattened_parameters_give_the_tree_of_the_json_body() {
        let pairs = [
            ("FileId", "1"),
            ("Task.Set.10.Definition", "30"),
            ("Task.Set.2.Definition", "20"),
            ("Task.Set.2.Offsets.1", "50%"),
            ("Task.Set.2.Offsets.0", "1.5s"),
        ];
        let wanted = json!({
            "FileId": "1",
            "Task": { "Set": [
                { "Definition": "20", "Offsets": ["1.5s", "50%"] },
                { "Definition": "30" },
            ] },
        });
        assert_eq!(tree(&pairs), Ok(wanted));
    }

    #[test]
    fn contradictions_and_abysses_are_refused() {
        for pairs in [[("A", "1"), ("A.B", "2")], [("A.B", "1"), ("A", "2")]] {
            assert_eq!(tree(&pairs).expect_err("both").code, "InvalidParameter");
        }
        let deep = vec!["A"; 100_000].join(".");
        assert_eq!(tree(&[(&deep, "1")]).expect_err("deep").code, "InvalidParameter");
    }

    #[test]
    fn numbers_are_read_from_text_and_members_are_named_in_full() {
        let tree = json!({ "A": [{ "N": "7", "F": "2.5", "T": 12, "Bad": "x" }], "Null": null });
        let root = Input::root(&tree).expect("an object");
        let item = &root.objects("A").expect("objects")[0];
        assert_eq!((item.integer("N"), item.number("F")), (Ok(Some(7)), Ok(Some(2.5))));
        assert_eq!(item.text("T"), Ok(Some("12".to_owned())));
        assert!(item.integer("Bad").expect_err("a word").message.contains("A.0.Bad"));
        assert!(item.number("Inf").is_ok_and(|found| found.is_none()));
        assert_eq!((root.text("Null"), root.texts("Null")), (Ok(None), Ok(vec![])));
    }
}
