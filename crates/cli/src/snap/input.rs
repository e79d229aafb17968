//! Opens INPUT: a file, a URL or an object where it is; standard input or a pipe by way of a temporary file.

mod s3;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use stillframe_domain::{ByteSource, ErrorCode, Failure};
use stillframe_engine::EngineError;
use stillframe_outbound::{Outbound, OutboundConfig, RangeLimits, RemoteConfig, RemoteError};
use stillframe_storage::FileSource;
use tokio::runtime::Runtime;

use crate::config::shared_variable;

/// Most bytes that are taken from standard input or a pipe: 64 GiB.
const SPOOLED_BYTES_MAX: u64 = 64 << 30;

/// A video that is ready to be read.
pub struct Input {
    /// Its bytes.
    pub source: Arc<dyn ByteSource>,
    /// As the arguments name it.
    pub name: String,
    /// Fetches what is read of a URL.
    runtime: Option<Runtime>,
}

/// Why INPUT could not be opened.
#[derive(Debug)]
pub enum InputError {
    /// Whatever stands there, this kind of INPUT is not taken.
    Usage(String),
    /// The bytes cannot be had.
    Failure(Failure),
}

/// What the engine could not read, with the name that the caller gave it.
pub fn engine_failure(input: &str, error: &EngineError) -> Failure {
    let name = if input == "-" { "standard input" } else { input };
    let Failure { code, message } = error.failure();
    Failure::new(code, format!("{name}: {message}"))
}

/// What the names of an INPUT's pictures begin with; known before it is opened.
pub fn stem_of(input: &str) -> String {
    if input == "-" {
        return "stdin".to_owned();
    }
    let path = match scheme_of(input) {
        Some("s3") => s3::key_of(input).to_owned(),
        Some(_) => percent_decoded(path_of_url(input)),
        None => input.to_owned(),
    };
    let stem = Path::new(&path).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    stem.map_or_else(|| "video".to_owned(), |stem| stem.replace(char::is_control, "_"))
}

/// Opens INPUT as the arguments name it.
///
/// # Errors
/// [`InputError`], in words for the caller.
pub fn open(input: &str) -> Result<Input, InputError> {
    let mut runtime = None;
    let source: Arc<dyn ByteSource> = match scheme_of(input) {
        None if input == "-" => Arc::new(spool(io::stdin().lock(), "standard input")?),
        None => Arc::new(open_path(Path::new(input))?),
        Some("http" | "https") => open_url(input, runtime.insert(transfers(input)?))?,
        Some("s3") => open_object(input, runtime.insert(transfers(input)?))?,
        Some(scheme) => {
            return Err(InputError::Usage(format!("{scheme}:// is not supported: {input}")));
        }
    };
    Ok(Input { source, name: input.to_owned(), runtime })
}

impl Drop for Input {
    fn drop(&mut self) {
        // Whatever is still on its way is not wanted any more.
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

/// The scheme of a URL; `None` for paths.
fn scheme_of(input: &str) -> Option<&str> {
    let (scheme, _) = input.split_once("://")?;
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric());
    is_scheme.then_some(scheme)
}

fn path_of_url(url: &str) -> &str {
    let whole = url.split(['?', '#']).next().unwrap_or_default();
    let after_scheme = whole.split_once("://").map_or(whole, |(_, rest)| rest);
    after_scheme.split_once('/').map_or("", |(_, path)| path)
}

fn open_path(path: &Path) -> Result<FileSource, InputError> {
    let failed = |error: io::Error| {
        let (code, why) = match error.kind() {
            io::ErrorKind::NotFound => (ErrorCode::SourceMissing, "there is no such file".to_owned()),
            io::ErrorKind::PermissionDenied => {
                (ErrorCode::SourceUnreadable, "the file may not be read".to_owned())
            }
            _ => (ErrorCode::SourceUnreadable, error.to_string()),
        };
        failure(code, format!("{}: {why}", path.display()))
    };
    let facts = path.metadata().map_err(failed)?;
    if facts.is_dir() {
        let message = format!("{}: is a folder, not a video", path.display());
        return Err(failure(ErrorCode::SourceUnreadable, message));
    }
    let file = File::open(path).map_err(failed)?;
    if facts.is_file() { FileSource::of(file).map_err(failed) } else { spool(file, &path.to_string_lossy()) }
}

/// Copies what can be read only once into a temporary file that vanishes with the process.
fn spool(reader: impl Read, name: &str) -> Result<FileSource, InputError> {
    let failed = |error: io::Error| failure(ErrorCode::SourceUnreadable, format!("{name}: {error}"));
    let mut file = tempfile::tempfile().map_err(failed)?;
    let copied = io::copy(&mut reader.take(SPOOLED_BYTES_MAX + 1), &mut file).map_err(failed)?;
    if SPOOLED_BYTES_MAX < copied {
        let message = format!("{name}: more than {SPOOLED_BYTES_MAX} bytes");
        return Err(failure(ErrorCode::SourceTooLarge, message));
    }
    FileSource::of(file).map_err(failed)
}

/// A thread that fetches while the engine reads.
fn transfers(url: &str) -> Result<Runtime, InputError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.map_err(|error| failure(ErrorCode::Internal, format!("{url}: {error}")))
}

/// Opens a URL to be read by ranges.
fn open_url(url: &str, runtime: &Runtime) -> Result<Arc<dyn ByteSource>, InputError> {
    let opened = runtime.block_on(client(url)?.open(url, &remote_config()));
    opened.map_err(|RemoteError(Failure { code, message })| failure(code, format!("{url}: {message}")))
}

/// Opens an object of a store to be read by ranges.
fn open_object(name: &str, runtime: &Runtime) -> Result<Arc<dyn ByteSource>, InputError> {
    let object = s3::Object::named(name, &shared_variable).map_err(InputError::Usage)?;
    let opened = runtime.block_on(object.open(&client(name)?, &remote_config()));
    opened.map_err(|Failure { code, message }| failure(code, format!("{name}: {message}")))
}

/// A client that reaches private and local addresses too: whoever types an address here may reach it anyway.
fn client(name: &str) -> Result<Outbound, InputError> {
    let everywhere = ["0.0.0.0/0", "::/0"].map(|net| net.parse().expect("a network"));
    let config = OutboundConfig { allow: everywhere.to_vec(), ..OutboundConfig::default() };
    Outbound::new(&config).map_err(|error| failure(ErrorCode::Internal, format!("{name}: {error}")))
}

fn remote_config() -> RemoteConfig {
    RemoteConfig { limits: RangeLimits::default(), spool_dir: std::env::temp_dir() }
}

fn failure(code: ErrorCode, message: String) -> InputError {
    InputError::Failure(Failure::new(code, message))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = (*first == b'%').then(|| tail.get(..2)).flatten();
        let byte = escaped.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_come_from_the_last_part_of_a_path_or_url() {
        for (input, stem) in [
            ("holiday.mp4", "holiday"),
            ("/films/two.parts.mkv", "two.parts"),
            ("https://example.com/a/my%20film.mp4?token=x.y#t", "my film"),
            ("https://example.com/", "video"),
            ("https://example.com/a%2Fb%2e%2e.mp4", "b.."),
            ("https://example.com/a%0Ab%00.mp4", "a_b_"),
            ("s3://films/a/my film.mp4", "my film"),
            ("s3://films/a b+c%20.mp4", "a b+c%20"),
            ("s3://films/what?#1.mp4", "what?#1"),
            ("s3://films/folder/", "folder"),
            ("s3://films", "video"),
            ("-", "stdin"),
        ] {
            assert_eq!(stem_of(input), stem, "{input}");
        }
    }

    #[test]
    fn a_path_with_colons_is_a_path() {
        assert_eq!(scheme_of("clips/a:b.mp4"), None);
        assert_eq!(scheme_of("./x://y"), None);
        assert_eq!(scheme_of("s3://bucket/key"), Some("s3"));
    }
}
