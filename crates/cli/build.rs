//! Has the program's own addresses packed (`DT_RELR`) where the C library can unpack them: 30 kB to read at each
//! start in the place of 765.

use std::process::Command;

/// The first glibc that unpacks them.
const GLIBC_MIN: (u32, u32) = (2, 36);

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    #[expect(clippy::disallowed_methods, reason = "cargo tells build scripts by variables")]
    let is_native = std::env::var("HOST") == std::env::var("TARGET");
    if is_native && glibc_version().is_some_and(|version| GLIBC_MIN <= version) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Of the system that builds; `None` where it has another C library.
fn glibc_version() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
