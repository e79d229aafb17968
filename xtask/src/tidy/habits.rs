//! Habits: nothing unfinished, nothing silenced, nothing unsafe outside the engine, no bags of things.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::Violation;
use super::sources::Source;

/// Attributes that hide a problem instead of solving it.
const BANNED_ATTRIBUTES: [(&str, &str); 3] = [
    ("allow", "say `#[expect(..., reason = \"...\")]`, which fails when it is no longer needed"),
    ("ignore", "a test that never runs proves nothing: make it run, or delete it"),
    ("should_panic", "return the error and compare it"),
];
/// Macros that stand for missing code.
const BANNED_MACROS: [&str; 3] = ["todo", "unimplemented", "dbg"];
/// Marks of unfinished work in comments; split, so that this list does not find itself.
const BANNED_MARKS: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];
/// Names of modules that say nothing about what they do.
const BANNED_MODULES: [&str; 8] =
    ["util", "utils", "common", "helper", "helpers", "misc", "manager", "managers"];
/// The only crate that may say `unsafe`.
const UNSAFE_HOME: &str = "engine";

/// Checks one file.
pub fn check(source: &Source) -> Vec<Violation> {
    let mut found = module_names(source);
    for (index, line) in source.text.lines().enumerate() {
        for mark in BANNED_MARKS.iter().filter(|mark| line.contains(*mark)) {
            let message = format!("{mark}: finish it, or open an issue");
            found.push(violation(source, ("unfinished", mark), index + 1, message));
        }
    }
    // The file was parsed before, so it is a stream of tokens too.
    let tokens: TokenStream = source.text.parse().unwrap_or_default();
    walk(source, tokens, &mut found);
    found
}

fn module_names(source: &Source) -> Vec<Violation> {
    let parts = source.path.split('/').map(|part| part.trim_end_matches(".rs"));
    let bad = parts.filter(|part| BANNED_MODULES.contains(part));
    bad.map(|part| {
        let message = format!("`{part}` says nothing: name the module for what it does");
        violation(source, ("module-name", part), 0, message)
    })
    .collect()
}

/// Tokens, since attributes and macros within macros are no part of the syntax tree.
fn walk(source: &Source, tokens: TokenStream, found: &mut Vec<Violation>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        let next = tokens.get(index + 1);
        match token {
            TokenTree::Ident(word) => {
                let (name, line) = (word.to_string(), word.span().start().line);
                let is_macro = matches!(next, Some(TokenTree::Punct(mark)) if mark.as_char() == '!');
                if is_macro && BANNED_MACROS.contains(&name.as_str()) {
                    found.push(violation(
                        source,
                        ("unfinished", &name),
                        line,
                        format!("`{name}!` is no code"),
                    ));
                }
                if name == "unsafe" && source.crate_name() != UNSAFE_HOME {
                    let message = format!("`unsafe` stands in `{UNSAFE_HOME}` alone");
                    found.push(violation(source, ("unsafe", &name), line, message));
                }
                if name == "mod"
                    && let Some(TokenTree::Ident(module)) = next
                {
                    let module = module.to_string();
                    if BANNED_MODULES.contains(&module.as_str()) {
                        let message = format!("`{module}` says nothing: name the module for what it does");
                        found.push(violation(source, ("module-name", &module), line, message));
                    }
                }
            }
            TokenTree::Punct(mark) if mark.as_char() == '#' => {
                // `#[...]` or `#![...]`.
                let after = tokens.get(index + 2);
                if let Some(attribute) = bracketed(next).or_else(|| bracketed(after)) {
                    check_attribute(source, attribute, found);
                }
            }
            TokenTree::Group(group) => walk(source, group.stream(), found),
            _ => {}
        }
    }
}

fn bracketed(token: Option<&TokenTree>) -> Option<&Group> {
    match token {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => Some(group),
        _ => None,
    }
}

/// Finds the banned words also within `cfg_attr(...)`.
fn check_attribute(source: &Source, attribute: &Group, found: &mut Vec<Violation>) {
    for token in attribute.stream() {
        match token {
            TokenTree::Ident(word) => {
                let banned = BANNED_ATTRIBUTES.iter().find(|(name, _)| word == name);
                if let Some((name, advice)) = banned {
                    let line = word.span().start().line;
                    found.push(violation(
                        source,
                        ("attribute", name),
                        line,
                        format!("`#[{name}]`: {advice}"),
                    ));
                }
            }
            TokenTree::Group(inner) => check_attribute(source, &inner, found),
            _ => {}
        }
    }
}

fn violation(source: &Source, of: (&'static str, &str), line: usize, message: String) -> Violation {
    let (rule, subject) = of;
    Violation { rule, path: source.path.clone(), line, subject: subject.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<(&'static str, String, usize)> {
        let source = Source::parse(path, text.to_owned()).expect("Rust");
        check(&source).into_iter().map(|found| (found.rule, found.subject, found.line)).collect()
    }

    #[test]
    fn silencing_attributes_are_found_everywhere() {
        let text = "#![allow(dead_code)]
            #[test] #[ignore] fn a() {}
            #[cfg_attr(test, allow(unused))] fn b() {}
            macro_rules! c { () => { #[should_panic] fn d() {} } }
            #[expect(unused, reason = \"shown here\")] fn e() {}";
        let expected = [("allow", 1), ("ignore", 2), ("allow", 3), ("should_panic", 4)];
        let expected: Vec<_> = expected.map(|(name, line)| ("attribute", name.to_owned(), line)).into();
        assert_eq!(found("crates/x/src/a.rs", text), expected);
    }

    #[test]
    fn unfinished_work_is_found_in_code_and_comments() {
        let text = format!(
            "fn a() {{ todo!() }}\n// {}: later\nfn b() {{ let todo = \"todo!\"; }}",
            BANNED_MARKS[0]
        );
        let rules: Vec<_> =
            found("crates/x/src/a.rs", &text).into_iter().map(|(rule, _, line)| (rule, line)).collect();
        assert_eq!(rules, [("unfinished", 2), ("unfinished", 1)]);
    }

    #[test]
    fn unsafe_stands_in_the_engine_alone() {
        let text = "fn a() { unsafe { b() } }";
        assert_eq!(found("crates/storage/src/a.rs", text), [("unsafe", "unsafe".to_owned(), 1)]);
        assert_eq!(found("crates/engine/src/a.rs", text), []);
    }

    #[test]
    fn bags_of_things_are_no_modules() {
        assert_eq!(found("crates/x/src/helpers.rs", ""), [("module-name", "helpers".to_owned(), 0)]);
        assert_eq!(found("crates/x/tests/common/mod.rs", ""), [("module-name", "common".to_owned(), 0)]);
        assert_eq!(found("crates/x/src/a.rs", "mod util {}"), [("module-name", "util".to_owned(), 1)]);
    }
}
