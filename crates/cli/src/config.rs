//! Settings: defaults < `stillframe.toml` < `STILLFRAME__SECTION__KEY` < flags.
//!
//! [`DEFAULT`] is the reference: it holds every key with its default and a sentence. Unknown keys are
//! errors. This is the one place that reads the environment.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize};
use stillframe_domain::{CoverChoice, Dialect, EventFormat, PolicyName, PullMode};
use stillframe_service::Bootstrap;

use crate::cleaner::CleanerSection;
use crate::listener::limits::LimitsConfig;
use crate::relay::RelaySection;
use crate::sandbox::SandboxConfig;

/// Every key with its default, as text for people and as the innermost layer.
pub const DEFAULT: &str = include_str!("../config.default.toml");

/// Less address space than the libraries take at their start ends every child.
const SANDBOX_MEMORY_BYTES_MIN: u64 = 512 << 20;

/// All settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The public listener.
    pub server: ServerConfig,
    /// The operator's listener.
    pub admin: AdminConfig,
    /// Limits of both listeners.
    pub limits: LimitsConfig,
    /// Where rows are.
    pub database: DatabaseConfig,
    /// Where objects are.
    pub storage: StorageConfig,
    /// What may be taken in.
    pub ingest: IngestConfig,
    /// What may be reached.
    pub outbound: OutboundSection,
    /// Times of pull queues.
    pub queue: QueueConfig,
    /// The first app.
    pub app: AppConfig,
    /// How work is done.
    pub worker: WorkerConfig,
    /// How many callbacks are made at a time.
    pub relay: RelaySection,
    /// Where videos are decoded.
    pub sandbox: SandboxConfig,
    /// What is removed when.
    pub cleaner: CleanerSection,
    /// What is logged.
    pub log: LogConfig,
}

/// The public listener.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How clients reach the server; empty means `http://` (or `https://`) + the listen address.
    pub public_url: String,
    /// HTTPS.
    pub tls: TlsConfig,
}

/// HTTPS of the public listener.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM file of the certificate chain; empty for plain HTTP.
    pub cert_file: PathBuf,
    /// PEM file of its key; empty for plain HTTP.
    pub key_file: PathBuf,
}

impl TlsConfig {
    /// Whether the public listener speaks HTTPS.
    pub fn is_on(&self) -> bool {
        !self.cert_file.as_os_str().is_empty()
    }
}

/// The operator's listener.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminConfig {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
}

/// Where rows are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `sqlite://PATH`.
    pub url: String,
}

/// Where objects are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageConfig {
    /// `file://PATH`.
    pub url: String,
}

/// What may be taken in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IngestConfig {
    /// Directories below which files may be ingested where they lie.
    #[serde(deserialize_with = "list")]
    pub local_roots: Vec<PathBuf>,
    /// Largest video, in bytes.
    pub size_bytes_max: u64,
}

/// What may be reached.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboundSection {
    /// Networks beside the public ones that callbacks and downloads may reach.
    #[serde(deserialize_with = "list")]
    pub allow: Vec<IpNet>,
    /// Most requests a second to one host.
    pub per_host_per_second_max: NonZeroU32,
}

/// Times of pull queues.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueConfig {
    /// How long a pulled event stays hidden, in milliseconds.
    pub visibility_timeout_ms: u64,
    /// How long an event waits to be pulled, in milliseconds.
    pub retention_ms: u64,
    /// Longest wait of a pull for an event, in milliseconds.
    pub long_poll_ms: u64,
}

impl QueueConfig {
    /// Accepted values of `visibility_timeout_ms`: up to 12 hours.
    const VISIBILITY_TIMEOUT_MS: RangeInclusive<u64> = 100..=12 * 3_600_000;
    /// Accepted values of `retention_ms`: up to 15 days.
    const RETENTION_MS: RangeInclusive<u64> = 1_000..=15 * 24 * 3_600_000;
    /// Accepted values of `long_poll_ms`; clients give up after 10 s or so.
    const LONG_POLL_MS: RangeInclusive<u64> = 0..=20_000;

    fn faults(&self) -> impl Iterator<Item = String> {
        let checks = [
            ("visibility_timeout_ms", self.visibility_timeout_ms, Self::VISIBILITY_TIMEOUT_MS),
            ("retention_ms", self.retention_ms, Self::RETENTION_MS),
            ("long_poll_ms", self.long_poll_ms, Self::LONG_POLL_MS),
        ];
        checks.into_iter().filter(|(_, value, range)| !range.contains(value)).map(|(name, _, range)| {
            format!("queue.{name}: expected {} to {} milliseconds", range.start(), range.end())
        })
    }
}

/// Settings of the first app, applied at each start.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppConfig {
    /// `off`, `push` or `pull`; empty leaves what is stored.
    pub tencent_mode: String,
    /// Base of picture URLs; empty leaves what is stored.
    pub media_base_url: String,
    /// `long`, `tencent` or `alibaba`; empty leaves what is stored.
    pub callback_policy: String,
    /// `middle` or `best`; empty leaves what is stored.
    pub cover_choice: String,
    /// Callbacks that are made unless they are there.
    pub endpoints: Vec<EndpointConfig>,
}

/// A callback of the first app.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointConfig {
    /// Where it goes.
    pub url: String,
    /// How bodies are written.
    #[serde(default = "native")]
    pub format: EventFormat,
    /// Whose jobs it hears of; empty means all.
    #[serde(default)]
    pub origins: Vec<Dialect>,
    /// When an answer counts, and when it is tried again.
    #[serde(default)]
    pub policy: PolicyName,
}

const fn native() -> EventFormat {
    EventFormat::Native
}

impl AppConfig {
    /// The mode that is set.
    pub fn mode(&self) -> Option<PullMode> {
        pull_mode(&self.tencent_mode).ok()
    }

    /// The policy that is set.
    pub fn policy(&self) -> Option<PolicyName> {
        PolicyName::parse(&self.callback_policy)
    }

    /// The choice of cover that is set.
    pub fn cover(&self) -> Option<CoverChoice> {
        CoverChoice::parse(&self.cover_choice)
    }
}

/// The policy of that name.
///
/// # Errors
/// Names the accepted ones.
pub fn policy_name(name: &str) -> Result<PolicyName, String> {
    PolicyName::parse(name).ok_or_else(|| "expected long, tencent or alibaba".to_owned())
}

/// The mode of that name.
///
/// # Errors
/// Names the accepted ones.
pub fn pull_mode(name: &str) -> Result<PullMode, String> {
    match name {
        "off" => Ok(PullMode::Off),
        "push" => Ok(PullMode::Push),
        "pull" => Ok(PullMode::Pull),
        _ => Err("expected off, push or pull".to_owned()),
    }
}

/// The choice of that name.
///
/// # Errors
/// Names the accepted ones.
pub fn cover_choice(name: &str) -> Result<CoverChoice, String> {
    CoverChoice::parse(name).ok_or_else(|| "expected middle or best".to_owned())
}

/// How work is done.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerConfig {
    /// Jobs at a time; 0 means one a processor.
    pub concurrency: usize,
}

/// What is logged.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// A filter such as `info` or `stillframe=debug`.
    pub filter: String,
    /// `text` or `json`.
    pub format: LogFormat,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// A JSON object a line.
    Json,
}

/// What flags set; empty fields leave the other layers alone.
#[derive(Debug, Clone, Default, clap::Args, Serialize)]
pub struct ConfigFlags {
    /// The settings file; `stillframe.toml` in the working directory is read when it is there.
    #[arg(long, value_name = "FILE", global = true)]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Sets the database and the object store below this directory.
    #[arg(long, value_name = "DIR", global = true)]
    #[serde(skip)]
    pub data_dir: Option<PathBuf>,
}

impl Config {
    /// Joins all layers.
    ///
    /// # Errors
    /// Names every key at fault: unknown, of another type, or out of range.
    pub fn load(flags: &ConfigFlags, listen: Option<SocketAddr>) -> anyhow::Result<Self> {
        let mut figment = Figment::from(Toml::string(DEFAULT));
        let file = Self::file(flags);
        if flags.config.is_some() && !file.is_file() {
            bail!("the settings file {} is not there", file.display());
        }
        figment = figment.merge(Toml::file(&file)).merge(Env::prefixed("STILLFRAME__").split("__"));
        if let Some(dir) = &flags.data_dir {
            figment = figment
                .merge(Serialized::global(
                    "database.url",
                    format!("sqlite://{}", below(dir, "stillframe.db")),
                ))
                .merge(Serialized::global("storage.url", format!("file://{}", below(dir, "objects"))));
        }
        if let Some(listen) = listen {
            figment = figment.merge(Serialized::global("server.listen", listen));
        }
        let config: Self = figment.extract().context("the settings cannot be used")?;
        config.validate()?;
        Ok(config)
    }

    /// The settings file, which need not be there unless it was named.
    pub fn file(flags: &ConfigFlags) -> PathBuf {
        flags.config.clone().unwrap_or_else(|| PathBuf::from("stillframe.toml"))
    }

    fn validate(&self) -> anyhow::Result<()> {
        let mut faults = Vec::new();
        if self.database_path().is_none() {
            faults
                .push("database.url: expected sqlite://PATH (this version has no other database)".to_owned());
        }
        if self.storage_path().is_none() {
            faults.push("storage.url: expected file://PATH (this version has no other store)".to_owned());
        }
        for root in self.ingest.local_roots.iter().filter(|root| !root.is_absolute()) {
            faults.push(format!("ingest.local_roots: {} is not an absolute path", root.display()));
        }
        let public = &self.server.public_url;
        if !public.is_empty() && !public.starts_with("http://") && !public.starts_with("https://") {
            faults.push("server.public_url: expected an http or https URL".to_owned());
        }
        let sandbox = &self.sandbox;
        if sandbox.calls_per_child == 0 || sandbox.cpu_s_max == 0 || sandbox.no_progress_ms < 2_000 {
            let expected = "calls_per_child and cpu_s_max above 0, no_progress_ms of 2,000 or more";
            faults.push(format!("sandbox: expected {expected}"));
        }
        if self.sandbox.memory_bytes_max < SANDBOX_MEMORY_BYTES_MIN {
            faults.push(format!("sandbox.memory_bytes_max: expected {SANDBOX_MEMORY_BYTES_MIN} or more"));
        }
        if !self.app.tencent_mode.is_empty() && self.app.mode().is_none() {
            faults.push("app.tencent_mode: expected off, push or pull".to_owned());
        }
        if !self.app.callback_policy.is_empty() && self.app.policy().is_none() {
            faults.push("app.callback_policy: expected long, tencent or alibaba".to_owned());
        }
        if !self.app.cover_choice.is_empty() && self.app.cover().is_none() {
            faults.push("app.cover_choice: expected middle or best".to_owned());
        }
        faults.extend(self.queue.faults());
        faults.extend(self.relay.faults());
        faults.extend(self.cleaner.faults());
        faults.extend(self.limits.faults());
        if self.server.tls.is_on() == self.server.tls.key_file.as_os_str().is_empty() {
            faults.push("server.tls: set both cert_file and key_file, or neither".to_owned());
        }
        if faults.is_empty() {
            Ok(())
        } else {
            bail!("the settings cannot be used:\n  {}", faults.join("\n  "))
        }
    }

    /// The SQLite file.
    pub fn database_path(&self) -> Option<&Path> {
        self.database.url.strip_prefix("sqlite://").filter(|path| !path.is_empty()).map(Path::new)
    }

    /// The directory of objects.
    pub fn storage_path(&self) -> Option<&Path> {
        self.storage.url.strip_prefix("file://").filter(|path| !path.is_empty()).map(Path::new)
    }

    /// Base of picture URLs of apps that set none, for a server that listens at `listen`.
    pub fn media_base_url(&self, listen: SocketAddr) -> String {
        match self.server.public_url.trim_end_matches('/') {
            "" => format!("{}://{listen}/media", self.scheme()),
            public => format!("{public}/media"),
        }
    }

    /// The name of this service among its receivers: the host of its public URL, or of where it listens.
    pub fn origin(&self, listen: SocketAddr) -> String {
        let public = url::Url::parse(&self.server.public_url).ok();
        let host = public.as_ref().and_then(url::Url::host_str).map(str::to_owned);
        host.unwrap_or_else(|| listen.ip().to_string())
    }

    /// What the public listener speaks.
    pub fn scheme(&self) -> &'static str {
        if self.server.tls.is_on() { "https" } else { "http" }
    }
}

/// The key of the default app for the first start, from the environment.
///
/// # Errors
/// When only one of the two variables is set.
#[expect(clippy::disallowed_methods, reason = "the one home of reading the environment")]
pub fn bootstrap_from_environment() -> anyhow::Result<Bootstrap> {
    let id = std::env::var("STILLFRAME_BOOTSTRAP_KEY_ID").ok();
    let secret = std::env::var("STILLFRAME_BOOTSTRAP_KEY_SECRET").ok();
    match (id, secret) {
        (Some(id), Some(secret)) => Ok(Bootstrap { key: Some((id, secret)) }),
        (None, None) => Ok(Bootstrap { key: None }),
        _ => bail!("set both STILLFRAME_BOOTSTRAP_KEY_ID and STILLFRAME_BOOTSTRAP_KEY_SECRET, or neither"),
    }
}

/// Where a debug build halts for the tests of what a kill may lose: checkpoint and marker file.
#[cfg(debug_assertions)]
#[expect(clippy::disallowed_methods, reason = "the one home of reading the environment")]
pub fn halt_from_environment() -> Option<(String, PathBuf)> {
    let text = std::env::var("STILLFRAME_TEST_HALT_AT").ok()?;
    let (point, marker) = text.split_once('=')?;
    Some((point.to_owned(), PathBuf::from(marker)))
}

/// What the environment tells other tools too, by their names for it; an empty variable counts as none.
#[expect(clippy::disallowed_methods, reason = "the one home of reading the environment")]
pub fn shared_variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn below(dir: &Path, name: &str) -> String {
    dir.join(name).display().to_string()
}

/// A list, as a TOML array or as text with commas (the environment's form).
fn list<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned + std::str::FromStr<Err: std::fmt::Display>,
{
    use serde::de::Error as _;
    match serde_json::Value::deserialize(from)? {
        serde_json::Value::String(text) => text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| part.parse().map_err(|error| D::Error::custom(format!("{part}: {error}"))))
            .collect(),
        value => serde_json::from_value(value).map_err(D::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_file_holds_every_key_and_is_valid() {
        let config: Config = Figment::from(Toml::string(DEFAULT)).extract().expect("every key has a default");
        config.validate().expect("the defaults are valid");
    }

    #[test]
    fn lists_come_as_arrays_and_as_text_with_commas() {
        let load = |toml: &str| -> Option<Config> {
            Figment::from(Toml::string(DEFAULT)).merge(Toml::string(toml)).extract().ok()
        };
        for form in ["[\"10.0.0.0/8\", \"127.0.0.0/8\"]", "\"10.0.0.0/8, 127.0.0.0/8\""] {
            let config = load(&format!("[outbound]\nallow = {form}")).expect("a list");
            assert_eq!(config.outbound.allow.len(), 2, "{form}");
        }
        assert!(load("[outbound]\nallow = \"10.0.0.0/99\"").is_none());
        assert!(load("[outbound]\nper_host_per_second_max = 0").is_none());
    }

    #[test]
    fn unknown_keys_are_errors() {
        let figment = Figment::from(Toml::string(DEFAULT)).merge(Toml::string("[server]\nlisten_port = 1"));
        let error = figment.extract::<Config>().expect_err("an unknown key");
        assert!(error.to_string().contains("listen_port"), "{error}");
    }

    #[test]
    fn all_faults_are_told_together() {
        let toml = "[database]\nurl = \"mysql://x\"\n[ingest]\nlocal_roots = [\"relative\"]\n\
                    [queue]\nvisibility_timeout_ms = 99\n[app]\ncallback_policy = \"never\"\ncover_choice = \"first\"";
        let figment = Figment::from(Toml::string(DEFAULT)).merge(Toml::string(toml));
        let error = figment.extract::<Config>().expect("well-formed").validate().expect_err("two faults");
        let text = error.to_string();
        let keys = [
            "database.url",
            "ingest.local_roots",
            "queue.visibility_timeout_ms",
            "app.callback_policy",
            "app.cover_choice",
        ];
        assert!(keys.iter().all(|key| text.contains(key)), "{text}");
    }
}
