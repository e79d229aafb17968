//! Makes the program start sooner, where it is built for the system that builds.
//!
//! Its own addresses are packed (`DT_RELR`) where the C library can unpack them: 30 kB to read at each start in
//! the place of 765. And libraries that libav needs are named in an order that makes their symbols found
//! sooner.

use std::path::Path;
use std::process::Command;

/// The first glibc that unpacks addresses.
const GLIBC_MIN: (u32, u32) = (2, 36);

/// The libraries that most symbols are found in. The loader looks for each of some 25,000 in one library after
/// the other, in the order of a search by breadth, and libav needs 130; these lie deep in it. Their symbols
/// have versions or names of their own, so that another order changes nothing but the time.
const SEARCHED_FIRST: [&str; 6] = [
    "libstdc++.so.6",
    "libcrypto.so.3",
    "libglib-2.0.so.0",
    "libgnutls.so.30",
    "libnettle.so.8",
    "libgio-2.0.so.0",
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    #[expect(clippy::disallowed_methods, reason = "cargo tells build scripts by variables")]
    let is_native = std::env::var("HOST") == std::env::var("TARGET");
    let Some(version) = glibc_version().filter(|_| is_native) else { return };
    if GLIBC_MIN <= version {
        link("-z,pack-relative-relocs");
    }
    let needed = needed_by_libav().unwrap_or_default();
    let found: Vec<_> =
        SEARCHED_FIRST.into_iter().filter(|library| needed.iter().any(|other| other == library)).collect();
    link("--push-state,--no-as-needed");
    for library in found {
        link(&format!("-l:{library}"));
    }
    link("--pop-state");
}

fn link(arguments: &str) {
    println!("cargo:rustc-link-arg-bins=-Wl,{arguments}");
}

/// Of the system that builds; `None` where it has another C library.
fn glibc_version() -> Option<(u32, u32)> {
    let text = said_by(Command::new("getconf").arg("GNU_LIBC_VERSION"))?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// The names of all libraries that are loaded for libav anyway; no other may be named, since the program would
/// not start without it.
fn needed_by_libav() -> Option<Vec<String>> {
    let folder = said_by(Command::new("pkg-config").args(["--variable=libdir", "libavformat"]))?;
    let text = said_by(Command::new("ldd").arg(Path::new(folder.trim()).join("libavformat.so")))?;
    let names = text.lines().filter_map(|line| line.split_whitespace().next());
    Some(names.map(str::to_owned).collect())
}

fn said_by(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}
