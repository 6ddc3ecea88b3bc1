//! What a reader allows, with a number for each: nothing in an archive can make it take more memory
//! than these and the pieces' own windows.

/// Limits of one reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// All header lines of one record, in bytes.
    pub head_bytes_max: usize,
    /// Most header lines of one record.
    pub fields_max: usize,
    /// The head of an HTTP answer, in bytes.
    pub http_head_bytes_max: usize,
    /// Most header lines of an HTTP answer.
    pub http_fields_max: usize,
    /// Most bytes of a payload that are kept; the rest is read, counted and hashed.
    pub payload_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes_max: 64 * 1024,
            fields_max: 256,
            http_head_bytes_max: 64 * 1024,
            http_fields_max: 256,
            payload_bytes_max: 10 * 1024 * 1024,
        }
    }
}

/// Bytes that are read from a file at once.
pub(crate) const RAW_BYTES: usize = 64 * 1024;
/// Bytes that are unpacked at once.
pub(crate) const UNPACKED_BYTES: usize = 64 * 1024;
/// Largest window of a zstd frame, as a power of two (32 MiB): level 19 takes 8 MiB.
pub(crate) const ZSTD_WINDOW_LOG_MAX: u32 = 25;
/// Longest line that says how large a chunk is, extensions included.
pub(crate) const CHUNK_LINE_BYTES_MAX: usize = 4 * 1024;
/// Most bytes of trailers after the last chunk; they are not kept.
pub(crate) const TRAILER_BYTES_MAX: u64 = 64 * 1024;
