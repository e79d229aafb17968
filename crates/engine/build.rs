//! Tells the crate which generation of libav it is built against, as `ffmpeg-sys-next` found it.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // The fields of frames and streams that moved: interlacing flags and coded side data in 6.1.
    for version in ["6_1"] {
        println!("cargo:rustc-check-cfg=cfg(libav_{version})");
        #[expect(clippy::disallowed_methods, reason = "build metadata, not a setting")]
        let found = std::env::var(format!("DEP_FFMPEG_FFMPEG_{version}"));
        if found.is_ok_and(|value| value == "true") {
            println!("cargo:rustc-cfg=libav_{version}");
        }
    }
}
