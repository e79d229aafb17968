//! Tells the crate which generation of libav it is built against, as `ffmpeg-sys-next` found it.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // In 6.1 the interlacing flags of frames and the side data of streams moved.
    println!("cargo:rustc-check-cfg=cfg(libav_6_1)");
    #[expect(clippy::disallowed_methods, reason = "build metadata, not a setting")]
    let found = std::env::var("DEP_FFMPEG_FFMPEG_6_1");
    if found.is_ok_and(|value| value == "true") {
        println!("cargo:rustc-cfg=libav_6_1");
    }
}
