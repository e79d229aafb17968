//! Holds JSON against the schemas of the OpenAPI document, in tests.
//!
//! It knows the words of JSON Schema that our schemas use, and panics at any other: a word that nobody checks
//! would let everything through.

use serde_json::Value;

/// What is wrong with a value, by the schema of that name.
pub(super) fn faults(document: &Value, schema: &str, value: &Value) -> Vec<String> {
    let mut check = Check { document, faults: Vec::new() };
    check.value(check.named(schema), value, schema);
    check.faults
}

struct Check<'d> {
    document: &'d Value,
    faults: Vec<String>,
}

impl<'d> Check<'d> {
    fn named(&self, name: &str) -> &'d Value {
        let schema = &self.document["components"]["schemas"][name];
        assert!(schema.is_object(), "there is no schema {name}");
        schema
    }

    fn value(&mut self, schema: &'d Value, value: &Value, at: &str) {
        for (word, says) in schema.as_object().expect("a schema is an object") {
            match word.as_str() {
                "$ref" => {
                    let name = says.as_str().and_then(|says| says.strip_prefix("#/components/schemas/"));
                    self.value(self.named(name.expect("a name")), value, at);
                }
                "oneOf" => self.one_of(list(says), value, at),
                "allOf" => list(says).iter().for_each(|schema| self.value(schema, value, at)),
                "type" => self.expect(types(says).any(|name| is_of(name, value)), at, "of another type"),
                "enum" => self.expect(list(says).contains(value), at, "none of the values"),
                "required" => self.required(list(says), value, at),
                "properties" => self.properties(schema, value, at),
                // Looked at beside the properties.
                "additionalProperties" => {}
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.value(says, item, &format!("{at}[{index}]"));
                    }
                }
                "minimum" => self.expect(says.as_f64() <= value.as_f64(), at, "too small"),
                "description" | "format" => {}
                other => panic!("{at}: nobody checks {other}"),
            }
        }
    }

    fn one_of(&mut self, schemas: &'d [Value], value: &Value, at: &str) {
        let fitting = schemas.iter().filter(|schema| {
            let mut check = Check { document: self.document, faults: Vec::new() };
            check.value(schema, value, at);
            check.faults.is_empty()
        });
        let count = fitting.count();
        self.expect(count == 1, at, &format!("fits {count} of the shapes"));
    }

    fn required(&mut self, names: &'d [Value], value: &Value, at: &str) {
        for name in names.iter().filter_map(Value::as_str) {
            self.expect(value.get(name).is_some(), at, &format!("without {name}"));
        }
    }

    fn properties(&mut self, schema: &'d Value, value: &Value, at: &str) {
        for (name, value) in value.as_object().into_iter().flatten() {
            match schema["properties"].get(name) {
                Some(schema) => self.value(schema, value, &format!("{at}.{name}")),
                None => self.expect(schema["additionalProperties"] != false, at, &format!("with {name}")),
            }
        }
    }

    fn expect(&mut self, is_so: bool, at: &str, what: &str) {
        if !is_so {
            self.faults.push(format!("{at}: {what}"));
        }
    }
}

fn list(says: &Value) -> &[Value] {
    says.as_array().expect("a list")
}

/// A type, or one of several.
fn types(says: &Value) -> impl Iterator<Item = &str> {
    let several = says.as_array().into_iter().flatten();
    several.chain(says.is_string().then_some(says)).filter_map(Value::as_str)
}

fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("there is no type {other}"),
    }
}
