//! Every limit that more than one crate must agree on, in one place, with units in the names.
//! A queue, retry, body, header, depth or batch without a number does not exist here.

use std::time::Duration;

/// Longest URL that is accepted, in bytes, before and after canonicalisation.
pub const URL_BYTES_MAX: usize = 8 * 1024;
/// Longest input line that is read, in bytes; the rest of a longer one is skipped.
pub const LINE_BYTES_MAX: usize = 1024 * 1024;
/// How much of a rejected line is kept, in characters after escaping.
pub const REJECT_TEXT_CHARS_MAX: usize = 200;
/// Largest `input_meta` of a line, in bytes; a larger one rejects the line.
pub const INPUT_META_BYTES_MAX: usize = 64 * 1024;

/// Rows after which a part closes (`--chunk-size`).
pub const PART_ROWS_MAX: u64 = 4_096;
/// Bytes after which a part closes.
pub const PART_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Time after which a part that has rows closes.
pub const PART_OPEN_MAX: Duration = Duration::from_secs(30);
/// Bytes of rows after which a row group is flushed: the writer's share of memory.
pub const ROW_GROUP_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// All bodies in flight or waiting for the writer, together, in bytes.
pub const BODY_BUDGET_BYTES: usize = 64 * 1024 * 1024;
/// Largest body that is received, in bytes (`--max-body`).
pub const BODY_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// Largest body after content decoding, in bytes.
pub const DECODED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Largest ratio of decoded to received bytes (beyond the first MiB).
pub const DECODED_RATIO_MAX: u64 = 200;
/// Most content codings on one body.
pub const CONTENT_CODINGS_MAX: usize = 3;
/// Bytes that are decoded to sniff a content type.
pub const SNIFF_BYTES: usize = 4 * 1024;
/// All header lines of one answer, in bytes.
pub const HEADER_BYTES_MAX: usize = 64 * 1024;
/// Most header lines of one answer.
pub const HEADERS_MAX: usize = 256;
/// Most redirects that are followed.
pub const REDIRECTS_MAX: usize = 10;
/// Most bytes of a robots.txt that are parsed (RFC 9309 asks for at least 500 KiB).
pub const ROBOTS_BYTES_MAX: usize = 512 * 1024;

/// Deepest nesting of elements that is handed to a tree builder.
pub const HTML_DEPTH_MAX: usize = 512;
/// Most links that are kept of one document.
pub const LINKS_MAX: usize = 2_000;
/// Most pages that a crawl finds on one host (`--crawl-pages-per-host`).
pub const CRAWL_PAGES_PER_HOST: u64 = 100_000;
/// Most queries with which a crawl follows one path (`--crawl-query-variants`).
pub const CRAWL_QUERY_VARIANTS: u64 = 1_000;
/// Longest path and query that a crawl follows, in bytes.
pub const CRAWL_PATH_BYTES_MAX: usize = 1024;
/// Most segments of a path that a crawl follows.
pub const CRAWL_SEGMENTS_MAX: usize = 24;
/// How often one segment may stand in a path that a crawl follows.
pub const CRAWL_SEGMENT_REPEATS_MAX: usize = 3;
/// Most addresses that are read from one sitemap (the protocol's limit).
pub const SITEMAP_URLS_MAX: usize = 50_000;
/// Largest sitemap after decoding, in bytes (the protocol's limit).
pub const SITEMAP_BYTES_MAX: u64 = 50 * 1024 * 1024;
/// How many sitemaps may lead to one another.
pub const SITEMAP_NESTING_MAX: u32 = 3;
/// Most sitemaps of one host.
pub const SITEMAPS_PER_HOST_MAX: u64 = 5_000;
/// Most sitemaps that a robots.txt names.
pub const ROBOTS_SITEMAPS_MAX: usize = 100;

/// Longest text of one document, in characters.
pub const TEXT_CHARS_MAX: usize = 4_000_000;

/// Least Jaccard similarity of the word 5-grams of near duplicates. It is what FineWeb aimed at
/// (Penedo et al. 2024) with the same bands: of the pairs at 0.75 these find 77%, at 0.85 98.8%, at
/// 0.4 0.9%, and those are dropped when the texts are compared.
pub const NEAR_SIMILARITY_MIN: f64 = 0.75;
/// Most earlier runs that a run is compared with (`--dedupe-against`).
pub const DEDUPE_RUNS_MAX: usize = 255;

/// Events that one lane of one subscriber holds.
pub const BUS_LANE_EVENTS: usize = 1_024;
/// Work hints that the embedded queue holds.
pub const QUEUE_HINTS: usize = 256;
/// Finished parts that a stage may wait for, before the one above it slows down.
pub const BACKLOG_PARTS_MAX: u64 = 64;
/// Free disk space below which collect pauses, in bytes.
pub const FREE_SPACE_MIN: u64 = 256 * 1024 * 1024;
