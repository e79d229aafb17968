//! The clouds' words stay in their dialects, and dialects do not know each other.
//!
//! A job has no dialect: what is shared goes through `service`, never from one dialect to the next.

use proc_macro2::{Literal, TokenStream, TokenTree};
use syn::visit::{self, Visit};

use super::Violation;
use super::sources::{Source, is_test_only};

/// Dialects of `api`; the queue protocol belongs to one of the clouds but is a dialect of its own.
const DIALECTS: [&str; 4] = ["native", "tencent", "alibaba", "mns"];
/// Identifiers of the clouds' protocols.
const VENDOR_IDENTIFIERS: [&str; 3] = ["definition", "Definition", "SubAppId"];
/// Words of the clouds' protocols, also as a part of identifiers and texts.
const VENDOR_WORDS: [&str; 16] = [
    "CreateSnapshot",
    "SnapshotByTimeOffset",
    "SampleSnapshot",
    "ImageSprite",
    "SpecifiedOffsetTime",
    "SpecifiedTime",
    "CoverSnapshot",
    "NormalSnapshot",
    "SpriteSnapshot",
    "WebVttSnapshot",
    "SnapshotComplete",
    "SnapshotRegular",
    "SnapshotFormat",
    "vodTaskId",
    "picInfo",
    "ProcedureStateChanged",
];

/// Checks one file.
pub fn check(source: &Source) -> Vec<Violation> {
    let mut found = Vec::new();
    if let Some(own) = dialect_of(&source.path) {
        let mut visitor = Paths { source, own, found: &mut found };
        visitor.visit_file(&source.tree);
    }
    if is_free_of_vendor_words(source) {
        let mut visitor = Words { source, found: &mut found };
        visitor.visit_file(&source.tree);
    }
    found
}

/// The dialect whose folder (or file) below `api` this is.
fn dialect_of(path: &str) -> Option<&'static str> {
    let inside = path.strip_prefix("crates/api/src/")?;
    let first = inside.split('/').next()?.trim_end_matches(".rs");
    DIALECTS.into_iter().find(|dialect| *dialect == first)
}

/// Tests, tasks and benchmarks speak to the service as a cloud's client would.
fn is_free_of_vendor_words(source: &Source) -> bool {
    let is_speaker = matches!(dialect_of(&source.path), Some("tencent" | "alibaba" | "mns"))
        || matches!(source.crate_name(), "signing" | "xtask" | "bench");
    !is_speaker && !source.is_test
}

struct Paths<'a> {
    source: &'a Source,
    own: &'static str,
    found: &'a mut Vec<Violation>,
}

impl Paths<'_> {
    /// `leading` holds the segments before a dialect's name would stand.
    fn check(&mut self, leading: &[String], segment: &syn::Ident) {
        let from_root = matches!(leading.first().map(String::as_str), Some("crate" | "stillframe_api"));
        let is_root = from_root && leading.len() == 1;
        let is_super = !leading.is_empty() && leading.iter().all(|part| part == "super");
        let other = DIALECTS.into_iter().find(|dialect| segment == dialect && *dialect != self.own);
        if let Some(other) = other.filter(|_| is_root || is_super) {
            self.found.push(Violation {
                rule: "dialects-apart",
                path: self.source.path.clone(),
                line: segment.span().start().line,
                subject: other.to_owned(),
                message: format!("`{}` uses `{other}`: what they share belongs to `service`", self.own),
            });
        }
    }

    fn check_use(&mut self, leading: &mut Vec<String>, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                self.check(leading, &path.ident);
                leading.push(path.ident.to_string());
                self.check_use(leading, &path.tree);
                leading.pop();
            }
            syn::UseTree::Name(name) => self.check(leading, &name.ident),
            syn::UseTree::Rename(rename) => self.check(leading, &rename.ident),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.check_use(leading, item)),
            syn::UseTree::Glob(_) => {}
        }
    }
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item_use(&mut self, import: &'ast syn::ItemUse) {
        self.check_use(&mut Vec::new(), &import.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let mut leading = Vec::new();
        for segment in &path.segments {
            self.check(&leading, &segment.ident);
            leading.push(segment.ident.to_string());
        }
        visit::visit_path(self, path);
    }
}

struct Words<'a> {
    source: &'a Source,
    found: &'a mut Vec<Violation>,
}

impl Words<'_> {
    fn check(&mut self, text: &str, is_identifier: bool, line: usize) {
        let whole = VENDOR_IDENTIFIERS.iter().find(|word| is_identifier && text == **word);
        // Our own word for the fact is one letter longer than a cloud's.
        let text = text.replace("SnapshotCompleted", "");
        let part = VENDOR_WORDS.iter().find(|word| text.contains(**word));
        if let Some(word) = whole.or(part) {
            self.found.push(Violation {
                rule: "vendor-words",
                path: self.source.path.clone(),
                line,
                subject: (*word).to_owned(),
                message: format!("`{word}` is a cloud's word: GLOSSARY.md has ours"),
            });
        }
    }

    fn check_literal(&mut self, literal: &Literal) {
        self.check(&literal.to_string(), false, literal.span().start().line);
    }

    fn walk(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Ident(word) => self.check(&word.to_string(), true, word.span().start().line),
                TokenTree::Literal(literal) => self.check_literal(&literal),
                TokenTree::Group(group) => self.walk(group.stream()),
                TokenTree::Punct(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Words<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test_only(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if !is_test_only(&function.attrs) {
            visit::visit_item_fn(self, function);
        }
    }

    /// Documentation may name the clouds' words, to say what ours stand for.
    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if !attribute.path().is_ident("doc") {
            visit::visit_attribute(self, attribute);
        }
    }

    fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
        self.walk(invocation.tokens.clone());
    }

    fn visit_meta_list(&mut self, list: &'ast syn::MetaList) {
        self.walk(list.tokens.clone());
    }

    fn visit_ident(&mut self, word: &'ast syn::Ident) {
        self.check(&word.to_string(), true, word.span().start().line);
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.check(&text.value(), false, text.span().start().line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<(&'static str, String)> {
        let source = Source::parse(path, text.to_owned()).expect("Rust");
        check(&source).into_iter().map(|found| (found.rule, found.subject)).collect()
    }

    fn apart(other: &str) -> (&'static str, String) {
        ("dialects-apart", other.to_owned())
    }

    #[test]
    fn a_dialect_that_uses_another_is_found_in_any_form_of_path() {
        let path = "crates/api/src/tencent/error.rs";
        assert_eq!(found(path, "use crate::alibaba::error;"), [apart("alibaba")]);
        assert_eq!(found(path, "use crate::{state::State, native};"), [apart("native")]);
        assert_eq!(found(path, "use super::super::alibaba::A;"), [apart("alibaba")]);
        assert_eq!(found(path, "fn a() { crate::mns::pull() }"), [apart("mns")]);
        assert_eq!(found(path, "use crate::tencent::auth; use crate::state::native;"), []);
    }

    #[test]
    fn files_outside_the_dialects_may_join_them() {
        assert_eq!(found("crates/api/src/router.rs", "use crate::{alibaba, native, tencent};"), []);
    }

    #[test]
    fn a_clouds_words_are_found_in_names_and_texts_outside_its_dialect() {
        let text = "struct A { definition: u8 } fn vodTaskId() { b!(\"SnapshotComplete\") } #[serde(rename = \"picInfo\")] struct C;";
        let words = ["definition", "vodTaskId", "SnapshotComplete", "picInfo"];
        let expected: Vec<_> = words.map(|word| ("vendor-words", word.to_owned())).into();
        assert_eq!(found("crates/service/src/a.rs", text), expected);
        assert_eq!(found("crates/api/src/native/a.rs", text), expected);
        for home in ["crates/api/src/tencent/a.rs", "crates/signing/src/a.rs", "crates/cli/tests/a.rs"] {
            assert_eq!(found(home, text), [], "{home}");
        }
    }

    #[test]
    fn documentation_and_tests_may_say_a_clouds_words() {
        let text = "/// `definition` in the cloud's words.\nstruct A; #[cfg(test)] mod tests { const B: &str = \"picInfo\"; }";
        assert_eq!(found("crates/service/src/a.rs", text), []);
        assert_eq!(found("crates/service/src/a.rs", "fn a() { EventKind::SnapshotCompleted }"), []);
    }
}
