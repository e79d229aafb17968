//! The file system of a bare Debian.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{SUITE, call};

/// Where apt's own sources stand.
const APT_SOURCES: &str = "/etc/apt/sources.list.d";
/// Where the clone stands in the new root.
pub const CLONE: &str = "/root/stillframe";
/// What this machine needs to reach its registries, where it exists.
const NETWORK_FILES: [&str; 8] = [
    "/etc/resolv.conf",
    "/etc/hosts",
    "/usr/local/share/ca-certificates",
    "/etc/ssl/certs/ca-certificates.crt",
    "/root/.cargo/config.toml",
    "/etc/pip.conf",
    "/root/.config/pip/pip.conf",
    "/etc/apt/apt.conf",
];

/// A root file system.
pub struct Root {
    /// Its folder on this machine.
    pub path: PathBuf,
}

impl Root {
    /// Makes it: the smallest Debian, the network settings, the toolchain, a clone of HEAD.
    ///
    /// # Errors
    /// When a part cannot be made.
    pub fn make(&self, repository: &Path) -> Result<()> {
        let source = AptSource::of_this_machine()?;
        println!("fresh: debootstrap {SUITE}");
        let mut debootstrap = Command::new("debootstrap");
        debootstrap.arg("--variant=minbase");
        if let Some(keyring) = &source.keyring {
            debootstrap.arg(format!("--keyring={keyring}"));
        }
        // Its progress would fill the screen; its own log says what went wrong.
        debootstrap.stdout(std::process::Stdio::null());
        call(debootstrap.arg(SUITE).arg(&self.path).arg(&source.uri))?;
        self.write_apt_settings(&source)?;
        for path in NETWORK_FILES {
            self.copy(Path::new(path), Path::new(path))?;
        }
        self.copy_toolchain(repository)?;
        let clone = Command::new("git")
            .args(["clone", "--quiet", "--no-hardlinks"])
            .arg(repository)
            .arg(self.inside(Path::new(CLONE)))
            .status()
            .context("cannot run git")?;
        ensure!(clone.success(), "cannot clone the repository");
        Ok(())
    }

    /// The place on this machine of a path in the new root.
    pub fn inside(&self, path: &Path) -> PathBuf {
        self.path.join(path.strip_prefix("/").unwrap_or(path))
    }

    fn write_apt_settings(&self, source: &AptSource) -> Result<()> {
        let list = format!("deb {} {SUITE} main\n", source.uri);
        fs::write(self.path.join("etc/apt/sources.list"), list).context("cannot write apt's sources")?;
        for entry in fs::read_dir("/etc/apt/apt.conf.d").context("cannot list apt's settings")? {
            let path = entry?.path();
            let text = fs::read_to_string(&path).unwrap_or_default();
            // Those about fetching; hooks of other packages would fail there.
            if text.contains("Acquire::") && !text.contains("Acquire::IndexTargets") {
                self.copy(&path, &path)?;
            }
        }
        Ok(())
    }

    /// The pinned toolchain and rustup itself, not the registry's cache.
    fn copy_toolchain(&self, repository: &Path) -> Result<()> {
        let path = repository.join("rust-toolchain.toml");
        let pinned: toml::Table = fs::read_to_string(path).context("cannot read the pin")?.parse()?;
        let channel = pinned.get("toolchain").and_then(|table| table.get("channel"));
        let channel = channel.and_then(toml::Value::as_str).context("rust-toolchain.toml has no channel")?;
        let home = home::of_tools()?;
        let toolchains = home.rustup.join("toolchains");
        let named = |name: &String| name.starts_with(&format!("{channel}-"));
        let names =
            fs::read_dir(&toolchains).with_context(|| format!("cannot list {}", toolchains.display()))?;
        let names = names.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()));
        let name =
            names.into_iter().find(named).with_context(|| format!("Rust {channel} is not installed"))?;
        println!("fresh: copying {name}");
        self.copy(&toolchains.join(&name), &Path::new("/root/.rustup/toolchains").join(&name))?;
        self.copy(&home.cargo.join("bin"), Path::new("/root/.cargo/bin"))
    }

    /// Copies a file or folder, following the outermost link, if it is there.
    fn copy(&self, from: &Path, to: &Path) -> Result<()> {
        let from = match fs::canonicalize(from) {
            Ok(from) => from,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", from.display())),
        };
        let to = self.inside(to);
        let parent = to.parent().context("a path in the root has a parent")?;
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        // `-T`: onto the place itself, also where debootstrap made that folder before.
        call(Command::new("cp").args(["-a", "-T"]).arg(from).arg(to))
    }
}

/// The mirror that this machine's apt uses for Debian itself.
struct AptSource {
    uri: String,
    keyring: Option<String>,
}

impl AptSource {
    fn of_this_machine() -> Result<Self> {
        let mut texts = Vec::new();
        for entry in fs::read_dir(APT_SOURCES).into_iter().flatten() {
            texts.push(fs::read_to_string(entry?.path()).unwrap_or_default());
        }
        texts.push(fs::read_to_string("/etc/apt/sources.list").unwrap_or_default());
        let found = texts.iter().find_map(|text| Self::parse_deb822(text).or_else(|| Self::parse_list(text)));
        found.with_context(|| {
            format!("apt has no source for Debian {SUITE}: fresh needs a Debian of that release")
        })
    }

    /// The stanza of the release in the form of `*.sources`.
    fn parse_deb822(text: &str) -> Option<Self> {
        text.split("\n\n").find_map(|stanza| {
            let field = |name: &str| stanza.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            let has_suite = field("Suites:")?.split_whitespace().any(|suite| suite == SUITE);
            let uri = field("URIs:")?.split_whitespace().next()?.to_owned();
            let keyring = field("Signed-By:").filter(|path| path.starts_with('/')).map(str::to_owned);
            has_suite.then_some(Self { uri, keyring })
        })
    }

    /// The line of the release in the form of `sources.list`, with or without options.
    fn parse_list(text: &str) -> Option<Self> {
        text.lines().find_map(|line| {
            let rest = line.trim().strip_prefix("deb ")?.trim_start();
            let (options, rest) = match rest.strip_prefix('[') {
                Some(rest) => rest.split_once(']')?,
                None => ("", rest),
            };
            let keyring = options.split_whitespace().find_map(|option| option.strip_prefix("signed-by="));
            let mut words = rest.split_whitespace();
            let (uri, suite) = (words.next()?, words.next()?);
            (suite == SUITE).then(|| Self { uri: uri.to_owned(), keyring: keyring.map(str::to_owned) })
        })
    }
}

/// Where cargo and rustup keep their things.
mod home {
    use std::path::PathBuf;

    use anyhow::{Context, Result};

    pub struct Tools {
        pub cargo: PathBuf,
        pub rustup: PathBuf,
    }

    /// As cargo and rustup find them: their own variable, else below the home.
    #[expect(
        clippy::disallowed_methods,
        reason = "tasks have no settings file; these are cargo's own variables"
    )]
    pub fn of_tools() -> Result<Tools> {
        let home = std::env::var_os("HOME").map(PathBuf::from).context("HOME is not set")?;
        let place = |name, below| std::env::var_os(name).map_or_else(|| home.join(below), PathBuf::from);
        Ok(Tools { cargo: place("CARGO_HOME", ".cargo"), rustup: place("RUSTUP_HOME", ".rustup") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_found_in_both_forms_of_apt_sources() {
        let stanzas = "Types: deb\nURIs: http://security.invalid/d\nSuites: bookworm-security\n\n\
            Types: deb\n# a comment\nURIs: http://mirror.invalid/debian\nSuites: bookworm bookworm-updates\n\
            Components: main\nSigned-By: /usr/share/keyrings/k.gpg\n";
        let found = AptSource::parse_deb822(stanzas).expect("a stanza");
        assert_eq!(found.uri, "http://mirror.invalid/debian");
        assert_eq!(found.keyring.as_deref(), Some("/usr/share/keyrings/k.gpg"));

        let list = "# deb http://old.invalid/ bookworm main\ndeb http://other.invalid/ sid main\n\
            deb [arch=amd64 signed-by=/k.gpg] http://mirror.invalid/debian bookworm main contrib\n";
        let found = AptSource::parse_list(list).expect("a line");
        assert_eq!(
            (found.uri.as_str(), found.keyring.as_deref()),
            ("http://mirror.invalid/debian", Some("/k.gpg"))
        );
        assert!(AptSource::parse_list("deb http://mirror.invalid/ bookworm-updates main").is_none());
    }
}
