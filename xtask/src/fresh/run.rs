//! Commands inside the bare Debian.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::root::{CLONE, Root};

/// Enters the root: mounts what programs expect, in namespaces that end with the command.
const ENTER: &str = r#"
set -eu
root=$1; shift
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
exec chroot "$root" /usr/bin/env -i "$@"
"#;
/// The environment there; nothing of this machine's but [`HANDED_IN`].
const OWN: [&str; 4] = [
    "HOME=/root",
    "LANG=C.UTF-8",
    "USER=root",
    "PATH=/root/.cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
];
/// Beginnings of the names of variables that tell how to reach the network, in either case.
const HANDED_IN: [&str; 17] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_",
    "CURL_CA_BUNDLE",
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_SOURCE_",
    "PIP_CERT",
    "PIP_EXTRA_INDEX_URL",
    "PIP_INDEX_URL",
    "PIP_TRUSTED_HOST",
    "REQUESTS_CA_BUNDLE",
    "RUSTUP_DIST_SERVER",
    "RUSTUP_UPDATE_ROOT",
];

/// Runs `./dev COMMAND` in the clone, without a terminal; gives whether it succeeded.
///
/// # Errors
/// When it cannot be started.
pub fn dev(root: &Root, command: &str) -> Result<bool> {
    let status = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--"])
        .args(["sh", "-c", ENTER, "enter"])
        .arg(&root.path)
        .args(OWN)
        .args(handed_in())
        .args(["sh", "-c", &format!("cd {CLONE} && exec ./dev {command}")])
        .stdin(Stdio::null())
        .status()
        .context("cannot run unshare")?;
    Ok(status.success())
}

/// `NAME=value` of the variables that are handed in.
#[expect(clippy::disallowed_methods, reason = "no settings of ours: what the shell knows of the network")]
fn handed_in() -> impl Iterator<Item = OsString> {
    std::env::vars_os().filter(|(name, _)| is_handed_in(&name.to_string_lossy())).map(|(mut pair, value)| {
        pair.push("=");
        pair.push(value);
        pair
    })
}

fn is_handed_in(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    // Tokens stay here: what is fetched is public.
    HANDED_IN.iter().any(|start| name.starts_with(start)) && !name.contains("TOKEN")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_the_network_is_handed_in_and_tokens_are_not() {
        for name in ["https_proxy", "SSL_CERT_FILE", "CARGO_HTTP_CAINFO", "CARGO_REGISTRIES_X_INDEX"] {
            assert!(is_handed_in(name), "{name}");
        }
        for name in ["CARGO_REGISTRIES_X_TOKEN", "CARGO_TARGET_DIR", "HOME"] {
            assert!(!is_handed_in(name), "{name}");
        }
    }
}
