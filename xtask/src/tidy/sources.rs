//! The Rust files of the work tree, parsed.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use proc_macro2::Span;
use syn::spanned::Spanned;

/// One Rust file.
pub struct Source {
    /// Relative to the root of the repository, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Its syntax tree.
    pub tree: syn::File,
    /// Whether the whole file is there for tests only.
    pub is_test: bool,
}

impl Source {
    /// Parses a file.
    ///
    /// # Errors
    /// Fails when the text is no Rust.
    pub fn parse(path: &str, text: String) -> Result<Self> {
        let tree = syn::parse_file(&text).with_context(|| format!("cannot parse {path}"))?;
        let is_test = path.starts_with("crates/testkit/") || path.contains("/tests/");
        Ok(Self { path: path.to_owned(), text, tree, is_test })
    }

    /// The crate's folder name; `xtask` for the tasks.
    pub fn crate_name(&self) -> &str {
        let mut parts = self.path.split('/');
        match parts.next() {
            Some("crates") => parts.next().unwrap_or_default(),
            other => other.unwrap_or_default(),
        }
    }

    /// Files that this one declares with `#[cfg(test)] mod name;`.
    fn test_files(&self) -> impl Iterator<Item = String> {
        let folder = self.module_folder();
        self.tree.items.iter().filter_map(move |item| match item {
            syn::Item::Mod(module) if module.content.is_none() && is_test_only(&module.attrs) => {
                Some(format!("{folder}/{}", module.ident))
            }
            _ => None,
        })
    }

    /// Where the files of this file's modules stand.
    fn module_folder(&self) -> &str {
        let stem = self.path.trim_end_matches(".rs");
        let root = ["lib", "main", "mod"].iter().find_map(|name| stem.strip_suffix(name)?.strip_suffix('/'));
        root.unwrap_or(stem)
    }
}

/// All Rust files below `crates/` and `xtask/`, by path.
///
/// # Errors
/// Fails when a folder or file cannot be read or parsed.
pub fn load(root: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for folder in ["crates", "xtask"] {
        if root.join(folder).is_dir() {
            load_folder(root, folder, &mut sources)?;
        }
    }
    let test_files: Vec<String> = sources.iter().flat_map(Source::test_files).collect();
    for source in &mut sources {
        let belongs_to = |stem: &String| {
            source.path.strip_prefix(stem.as_str()).is_some_and(|rest| rest.starts_with(['.', '/']))
        };
        source.is_test |= test_files.iter().any(belongs_to);
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

fn load_folder(root: &Path, folder: &str, sources: &mut Vec<Source>) -> Result<()> {
    for entry in fs::read_dir(root.join(folder)).with_context(|| format!("cannot list {folder}"))? {
        let entry = entry?;
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            load_folder(root, &path, sources)?;
        } else if Path::new(&path).extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(entry.path()).with_context(|| format!("cannot read {path}"))?;
            sources.push(Source::parse(&path, text)?);
        }
    }
    Ok(())
}

/// Whether an item is compiled for tests only.
pub fn is_test_only(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_cfg_test = attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"));
        // `#[test]`, `#[tokio::test]`.
        is_cfg_test || attribute.path().segments.last().is_some_and(|last| last.ident == "test")
    })
}

/// Lines that a span covers.
pub fn line_count(span: Span) -> usize {
    span.end().line + 1 - span.start().line
}

/// Lines of the items of a file that are compiled for tests only.
pub fn test_line_count(tree: &syn::File) -> usize {
    let attributes = |item: &syn::Item| match item {
        syn::Item::Mod(module) => module.attrs.clone(),
        syn::Item::Fn(function) => function.attrs.clone(),
        syn::Item::Impl(implementation) => implementation.attrs.clone(),
        syn::Item::Use(import) => import.attrs.clone(),
        _ => Vec::new(),
    };
    let test_items = tree.items.iter().filter(|item| is_test_only(&attributes(item)));
    test_items.map(|item| line_count(item.span())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_that_is_declared_for_tests_is_a_test_with_all_below_it() {
        let root = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        write("crates/x/src/lib.rs", "mod a;\n#[cfg(test)]\nmod samples;\nmod samples_of_use;");
        write("crates/x/src/a.rs", "#[cfg(test)]\nmod cases;");
        for path in ["samples.rs", "samples/more.rs", "samples_of_use.rs", "a/cases.rs"] {
            write(&format!("crates/x/src/{path}"), "");
        }
        let sources = load(root.path()).expect("sources");
        let tests: Vec<_> = sources.iter().filter(|one| one.is_test).map(|one| one.path.as_str()).collect();
        let expected = ["a/cases.rs", "samples.rs", "samples/more.rs"];
        assert_eq!(tests, expected.map(|path| format!("crates/x/src/{path}")));
    }
}
