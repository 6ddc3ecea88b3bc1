//! Taking the HTTP answer out of a record: its head, its payload after transfer decoding up to a
//! cap, and whether the digests hold.
//!
//! `WARC-Payload-Digest` is of the payload after transfer decoding; many writers have taken it of the
//! body with its chunks. Either is accepted: both tell that the bytes are the archived ones.

use std::fmt;
use std::io::{self, BufRead, Read};

use crate::archive::Archive;
use crate::chunked::{Chunked, Chunks};
use crate::digest::{Digest, Hasher};
use crate::http::{HttpHead, HttpHeadError, read_http_head};
use crate::record::RecordHead;

/// Bytes that are taken at once.
const STEP: usize = 64 * 1024;

/// What a record says was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The head; `None` for a `resource`, which has none.
    pub head: Option<HttpHead>,
    /// The payload after transfer decoding, content coding kept; at most what the limits allow.
    pub payload: Vec<u8>,
    /// Whether there was more.
    pub capped: bool,
    /// What is wrong with the record, worst first.
    pub damage: Option<Damage>,
}

/// What is wrong with a record that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// Bytes are missing at its end.
    Cut {
        /// How many.
        missing: u64,
    },
    /// The packing is damaged.
    Packing {
        /// The unpacker's words.
        reason: String,
    },
    /// The digest of the block is another.
    BlockDigest,
    /// The digest of the payload is another.
    PayloadDigest,
    /// The chunks of the body end or break before the last one.
    Chunks,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut { missing } => write!(f, "the record is {missing} bytes too short"),
            Self::Packing { reason } => write!(f, "the archive is damaged here: {reason}"),
            Self::BlockDigest => f.write_str("the record is not what its block digest says"),
            Self::PayloadDigest => f.write_str("the payload is not what its digest says"),
            Self::Chunks => f.write_str("the chunks of the body break off"),
        }
    }
}

/// Takes the answer out of the archive's current record, whose head is `record`. A record that is
/// not HTTP is taken as it stands.
pub fn take_response<R: Read>(
    archive: &mut Archive<R>,
    record: &RecordHead,
) -> io::Result<Result<Response, HttpHeadError>> {
    let limits = *archive.limits();
    let mut block = Hashed::new(archive.block(), record.block_digest());
    let head = match record.is_http() {
        true => match read_http_head(&mut block, &limits)? {
            Ok(head) => Some(head),
            Err(error) => return Ok(Err(error)),
        },
        false => None,
    };
    let is_chunked = head.as_ref().is_some_and(is_chunked);
    let digest = record.payload_digest();
    let mut kept = Kept::new(limits.payload_bytes_max, digest.clone().filter(|_| is_chunked));
    let mut raw = Hashed::new(&mut block, digest);
    let mut chunks = Chunks::Absent;
    if is_chunked {
        let mut chunked = Chunked::new(&mut raw);
        kept.take_all(&mut chunked)?;
        chunks = chunked.chunks();
        io::copy(&mut raw, &mut io::sink())?;
    } else {
        kept.take_all(&mut raw)?;
    }
    let payload_holds = raw.holds() || (is_chunked && kept.holds());
    let block_holds = block.holds();
    let cut = block.inner.is_cut().then(|| block.inner.missing());
    let packing = block.inner.damage().map(str::to_owned);
    drop(block);
    let packing = match packing {
        None if cut.is_none() => archive.check_end()?,
        other => other,
    };
    let damage = match (packing, cut) {
        (Some(reason), _) => Some(Damage::Packing { reason }),
        (None, Some(missing)) => Some(Damage::Cut { missing }),
        (None, None) if !block_holds => Some(Damage::BlockDigest),
        (None, None) if !payload_holds => Some(Damage::PayloadDigest),
        (None, None) if chunks == Chunks::Broken => Some(Damage::Chunks),
        (None, None) => None,
    };
    Ok(Ok(Response { head, payload: kept.bytes, capped: kept.capped, damage }))
}

fn is_chunked(head: &HttpHead) -> bool {
    head.fields
        .all("Transfer-Encoding")
        .flat_map(|value| value.split(','))
        .any(|coding| coding.trim().eq_ignore_ascii_case("chunked"))
}

/// The payload as far as it is kept.
struct Kept {
    bytes: Vec<u8>,
    bytes_max: usize,
    capped: bool,
    digest: Option<(Digest, Hasher)>,
}

impl Kept {
    fn new(bytes_max: usize, digest: Option<Digest>) -> Self {
        let digest = digest.map(with_hasher);
        Self { bytes: Vec::new(), bytes_max, capped: false, digest }
    }

    fn take_all(&mut self, from: &mut impl Read) -> io::Result<()> {
        let mut buffer = vec![0; STEP];
        loop {
            let count = match from.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let bytes = &buffer[..count];
            if let Some((_, hasher)) = &mut self.digest {
                hasher.update(bytes);
            }
            let room = self.bytes_max - self.bytes.len();
            self.capped |= bytes.len() > room;
            self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }

    fn holds(&mut self) -> bool {
        holds(self.digest.take())
    }
}

fn with_hasher(digest: Digest) -> (Digest, Hasher) {
    let hasher = Hasher::new(digest.algorithm);
    (digest, hasher)
}

fn holds(digest: Option<(Digest, Hasher)>) -> bool {
    digest.is_none_or(|(wanted, hasher)| hasher.finish() == wanted)
}

/// Hashes what is taken.
struct Hashed<R> {
    inner: R,
    digest: Option<(Digest, Hasher)>,
}

impl<R: BufRead> Hashed<R> {
    fn new(inner: R, digest: Option<Digest>) -> Self {
        Self { inner, digest: digest.map(with_hasher) }
    }

    /// Whether the digest is the one that was promised; true where none was.
    fn holds(&mut self) -> bool {
        holds(self.digest.take())
    }
}

impl<R: BufRead> BufRead for Hashed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if let Some((_, hasher)) = &mut self.digest
            && let Ok(bytes) = self.inner.fill_buf()
        {
            hasher.update(&bytes[..amount.min(bytes.len())]);
        }
        self.inner.consume(amount);
    }
}

impl<R: BufRead> Read for Hashed<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buf)?;
        self.consume(count);
        Ok(count)
    }
}
