//! Sizes: what is larger than this is no longer read in one go.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::Violation;
use super::sources::{Source, test_line_count};

/// Most lines of a file without its tests.
const FILE_LINES_MAX: usize = 500;
/// Most lines of a function, from its signature to its closing brace.
const FUNCTION_LINES_MAX: usize = 70;
/// Most parameters of a function beside `self`.
const PARAMETERS_MAX: usize = 5;

/// Checks one file. Tests are free in the length of a file, but not of a function.
pub fn check(source: &Source) -> Vec<Violation> {
    let mut visitor = Functions { path: &source.path, found: Vec::new() };
    visitor.visit_file(&source.tree);
    let mut found = visitor.found;
    let line_count = source.text.lines().count() - test_line_count(&source.tree);
    if line_count > FILE_LINES_MAX && !source.is_test {
        found.push(Violation {
            rule: "file-lines",
            path: source.path.clone(),
            line: 0,
            subject: source.path.clone(),
            message: format!("{line_count} lines without tests, at most {FILE_LINES_MAX}"),
        });
    }
    found
}

struct Functions<'a> {
    path: &'a str,
    found: Vec<Violation>,
}

impl Functions<'_> {
    fn check(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let name = signature.ident.to_string();
        let start = signature.span().start().line;
        let lines = body.span().end().line + 1 - start;
        if lines > FUNCTION_LINES_MAX {
            let message = format!("{name}: {lines} lines, at most {FUNCTION_LINES_MAX}");
            self.report("function-lines", start, &name, message);
        }
        self.check_parameters(signature);
    }

    fn check_parameters(&mut self, signature: &syn::Signature) {
        let is_typed = |input: &&syn::FnArg| matches!(input, syn::FnArg::Typed(_));
        let count = signature.inputs.iter().filter(is_typed).count();
        if count > PARAMETERS_MAX {
            let name = signature.ident.to_string();
            let message = format!("{name}: {count} parameters, at most {PARAMETERS_MAX}: make a struct");
            self.report("parameters", signature.span().start().line, &name, message);
        }
    }

    fn report(&mut self, rule: &'static str, line: usize, subject: &str, message: String) {
        let (path, subject) = (self.path.to_owned(), subject.to_owned());
        self.found.push(Violation { rule, path, line, subject, message });
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.check(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.check(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        match &function.default {
            Some(body) => self.check(&function.sig, body),
            None => self.check_parameters(&function.sig),
        }
        visit::visit_trait_item_fn(self, function);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: String) -> Vec<(&'static str, String)> {
        let source = Source::parse(path, text).expect("Rust");
        check(&source).into_iter().map(|found| (found.rule, found.subject)).collect()
    }

    fn function(name: &str, body_lines: usize) -> String {
        format!("fn {name}() {{\n{}}}\n", "    step();\n".repeat(body_lines))
    }

    #[test]
    fn a_function_of_71_lines_is_too_long_and_one_of_70_is_not() {
        let text = function("short", 68) + &function("long", 69);
        assert_eq!(rules("crates/x/src/a.rs", text), [("function-lines", "long".to_owned())]);
    }

    #[test]
    fn methods_and_trait_defaults_are_measured_too() {
        let text = format!(
            "impl A {{ {} }} trait B {{ {} fn c(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8); }}",
            function("method", 80),
            function("default", 80)
        );
        let subjects: Vec<_> = rules("crates/x/src/a.rs", text).into_iter().map(|found| found.1).collect();
        assert_eq!(subjects, ["method", "default", "c"]);
    }

    #[test]
    fn a_file_is_measured_without_its_tests() {
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "// a line\n".repeat(600));
        let lines = |count| "// a line\n".repeat(count);
        assert_eq!(rules("crates/x/src/a.rs", lines(400) + &tests), []);
        let path = "crates/x/src/a.rs";
        assert_eq!(rules(path, lines(501) + &tests), [("file-lines", path.to_owned())]);
        assert_eq!(rules("crates/x/tests/a.rs", lines(501)), []);
    }

    #[test]
    fn self_is_no_parameter_but_a_sixth_one_is() {
        let text = "impl A { fn five(&self, a: u8, b: u8, c: u8, d: u8, e: u8) {} }
                    fn six(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8) {}";
        assert_eq!(rules("crates/x/src/a.rs", text.to_owned()), [("parameters", "six".to_owned())]);
    }
}
