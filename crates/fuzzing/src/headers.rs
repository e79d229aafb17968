//! Headers of coded frames, without a container around them.

/// A configuration record and packets of AV1, each behind its length in two bytes: what is planned of them
/// keeps to the bytes that are there.
pub fn av1(data: &[u8]) {
    stillframe_engine::fuzzing::plan_av1(data);
}

/// The same of H.265.
pub fn hevc(data: &[u8]) {
    stillframe_engine::fuzzing::plan_hevc(data);
}

/// A packet of VP8 or VP9, which is looked at before libvpx does.
pub fn vpx(data: &[u8]) {
    stillframe_engine::fuzzing::guard_vpx(data);
}
