//! The one door to the world: clock, randomness and disk come in through [`Env`], so that a test
//! can turn the clock, repeat the dice and fail the n-th write. The network has its own door in
//! the collector, shaped the same way.
//!
//! Three exceptions, by name: SQLite, the query engine's reads and spill, and the nameless file that the
//! rows of an exported workbook wait in. The faults of the first two are injected below them.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Wall clock and monotonic clock.
pub trait Clock: Send + Sync {
    /// Microseconds since 1970-01-01 UTC; may jump. For what people read, never for durations.
    fn now_us(&self) -> i64;
    /// Time since some fixed moment; never goes back. For timeouts and durations.
    fn monotonic(&self) -> Duration;
}

/// Randomness for jitter and names; not for secrets.
pub trait Entropy: Send + Sync {
    /// The next 64 random bits.
    fn next_u64(&self) -> u64;

    /// A fraction in `0.0..1.0`.
    fn fraction(&self) -> f64 {
        // 53 bits: every value is exact in a double.
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A file that is being written. Dropping it without [`sync`](DiskWrite::sync) promises nothing.
pub trait DiskWrite: io::Write + Send {
    /// Makes everything written so far durable. After an error the file is lost: never try again.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file that is read at any position, from any thread.
pub trait DiskRead: Send + Sync {
    /// Size in bytes.
    fn size(&self) -> u64;
    /// Reads at most `buf.len()` bytes from `offset`; 0 at the end.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;
}

/// An entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskEntry {
    /// Its name, without the folder.
    pub name: String,
    /// Whether it is a folder (links are neither followed nor listed).
    pub is_dir: bool,
    /// Size in bytes; 0 for folders.
    pub bytes: u64,
}

/// The file system, as far as Jarvix needs it.
pub trait Disk: Send + Sync {
    /// Makes a new, empty file; fails with `AlreadyExists` if there is one.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskWrite>>;
    /// Opens a file for reading.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskRead>>;
    /// Renames a file or folder; replaces a file, atomically.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Exchanges two existing folders, atomically; `Unsupported` where the system cannot.
    fn exchange(&self, a: &Path, b: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Makes a folder and those above it.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Removes a folder and everything in it.
    fn remove_dir_all(&self, path: &Path) -> io::Result<()>;
    /// The entries of a folder, sorted by name; empty if the folder is not there.
    fn list(&self, path: &Path) -> io::Result<Vec<DiskEntry>>;
    /// Whether anything has this name.
    fn exists(&self, path: &Path) -> bool;
    /// Bytes that may still be written to the file system of `path`.
    fn free_bytes(&self, path: &Path) -> io::Result<u64>;

    /// The whole content of a small file, at most `bytes_max`.
    fn read(&self, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
        let file = self.open(path)?;
        if file.size() > bytes_max {
            let text = format!("the file is larger than {bytes_max} bytes");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
        }
        let mut content = vec![0; usize::try_from(file.size()).unwrap_or(usize::MAX)];
        let mut done = 0;
        while done < content.len() {
            match file.read_at(&mut content[done..], done as u64)? {
                0 => break,
                n => done += n,
            }
        }
        content.truncate(done);
        Ok(content)
    }

    /// Writes a small file so that after a crash there is the old content or the new, never a mix:
    /// temporary name, fsync, rename, fsync of the folder.
    fn replace(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(".tmp");
        let temporary: PathBuf = path.with_file_name(name);
        if self.exists(&temporary) {
            self.remove_file(&temporary)?;
        }
        let mut file = self.create(&temporary)?;
        file.write_all(content)?;
        file.sync()?;
        drop(file);
        self.rename(&temporary, path)?;
        path.parent().map_or(Ok(()), |folder| self.sync_dir(folder))
    }
}

/// Clock, randomness and disk, cheap to clone.
#[derive(Clone)]
pub struct Env {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The dice.
    pub entropy: Arc<dyn Entropy>,
    /// The file system.
    pub disk: Arc<dyn Disk>,
}

impl Env {
    /// The real clock and real randomness around `disk`.
    pub fn system(disk: Arc<dyn Disk>) -> Self {
        Self {
            clock: Arc::new(SystemClock::default()),
            entropy: Arc::new(SeededEntropy::new(system_seed())),
            disk,
        }
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Env")
    }
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        // The one place that reads the machine's clock.
        #[expect(clippy::disallowed_methods, reason = "this is the door")]
        let start = Instant::now();
        Self { start }
    }
}

impl Clock for SystemClock {
    fn now_us(&self) -> i64 {
        #[expect(clippy::disallowed_methods, reason = "this is the door")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |d| i64::try_from(d.as_micros()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same seed gives the same row of numbers.
#[derive(Debug)]
pub struct SeededEntropy {
    state: AtomicU64,
}

impl SeededEntropy {
    /// Dice that begin at `seed`.
    pub fn new(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }
}

impl Entropy for SeededEntropy {
    fn next_u64(&self) -> u64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut z = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

fn system_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    // The standard library seeds this from the system's randomness.
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}
