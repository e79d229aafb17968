//! What `stillframe doctor` looks at. Each check is a function that gives a sentence and a verdict; none
//! changes what a running server uses.

mod clock;
mod data;
mod disk;
mod sandbox;

use serde::Serialize;

use crate::config::{Config, ConfigFlags};

pub use disk::Space;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should be.
    Ok,
    /// The service works, but an operator should know.
    Warning,
    /// The service would not work.
    Failed,
}

impl Status {
    /// As it is printed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "FAILED",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// How it is.
    pub status: Status,
    /// What was found, for people.
    pub detail: String,
}

impl Check {
    fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, status: Status::Ok, detail: detail.into() }
    }

    fn warning(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, status: Status::Warning, detail: detail.into() }
    }

    fn failed(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, status: Status::Failed, detail: detail.into() }
    }
}

/// Looks at everything. With settings that cannot be used, only at what needs none.
pub async fn examine(flags: &ConfigFlags) -> Vec<Check> {
    let config = match Config::load(flags, None) {
        Ok(config) => config,
        Err(error) => {
            let detail = format!("{error:#}; what depends on them is not looked at");
            return vec![Check::failed("settings", detail), libraries(), clock::check(None)];
        }
    };
    vec![
        settings(flags),
        data::database(&config).await,
        data::storage(&config).await,
        disk::check(&config),
        libraries(),
        sandbox::check(&config.sandbox),
        outbound(&config),
        clock::check(config.database_path()),
    ]
}

fn settings(flags: &ConfigFlags) -> Check {
    let file = Config::file(flags);
    let from = if file.is_file() { file.display().to_string() } else { "no file".to_owned() };
    Check::ok("settings", format!("valid, from {from}, the environment and the flags"))
}

fn libraries() -> Check {
    Check::ok("libav", stillframe_engine::library_versions())
}

fn outbound(config: &Config) -> Check {
    const NAME: &str = "outbound";
    let allow = &config.outbound.allow;
    if allow.is_empty() {
        return Check::ok(NAME, "callbacks and downloads reach public addresses alone");
    }
    let nets: Vec<String> = allow.iter().map(ToString::to_string).collect();
    let detail =
        format!("callbacks and downloads of every app also reach {} (outbound.allow)", nets.join(", "));
    match allow.iter().any(|net| net.prefix_len() == 0) {
        true => Check::warning(NAME, format!("{detail}: that is every address")),
        false => Check::ok(NAME, detail),
    }
}
