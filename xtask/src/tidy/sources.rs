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
}

impl Source {
    /// Parses a file.
    ///
    /// # Errors
    /// Fails when the text is no Rust.
    pub fn parse(path: &str, text: String) -> Result<Self> {
        let tree = syn::parse_file(&text).with_context(|| format!("cannot parse {path}"))?;
        Ok(Self { path: path.to_owned(), text, tree })
    }

    /// The crate's folder name; `xtask` for the tasks.
    pub fn crate_name(&self) -> &str {
        let mut parts = self.path.split('/');
        match parts.next() {
            Some("crates") => parts.next().unwrap_or_default(),
            other => other.unwrap_or_default(),
        }
    }

    /// Whether the whole file is there for tests only.
    pub fn is_test(&self) -> bool {
        self.crate_name() == "testkit" || self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
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
