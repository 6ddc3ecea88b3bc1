//! Receiving a body: as it comes, up to the cap, no slower than the minimum rate, and never beyond
//! the byte budget. The first bytes may end it early.

use std::time::Duration;

use jarvix_core::{Outcome, limits};
use tokio::time::Instant;

use crate::budget::Lease;
use crate::client::Answer;
use crate::failure::Failure;
use crate::settings::Phases;
use crate::watch::{Late, Watch};

/// Room that is made at first for a body of unknown length.
const ROOM_FIRST: usize = 16 * 1024;
/// Room that is made at once on the server's word for the length.
const ROOM_DECLARED_MAX: usize = 256 * 1024;
/// A body that nobody needs is read to its end if it is at most this long: it saves a connection.
const DISCARD_MAX: u64 = 16 * 1024;
/// How long that may take.
const DISCARD_WAIT: Duration = Duration::from_millis(500);

/// How a body ended.
#[derive(Debug)]
pub(crate) enum End {
    /// It is complete.
    Whole,
    /// It was cut at the cap.
    Cut,
    /// The first bytes were not what was wanted; the reason.
    Unwanted(String),
    /// It broke off or was too slow.
    Failed(Failure),
}

/// Looks at the first bytes; a reason ends the body.
pub(crate) type Sniff<'a> = dyn Fn(&[u8]) -> Option<String> + Send + Sync + 'a;

/// How to receive.
pub(crate) struct Intake<'a> {
    /// Most bytes to receive.
    pub(crate) bytes_max: u64,
    /// The limits on its speed.
    pub(crate) phases: &'a Phases,
    /// What the lease must cover besides the body.
    pub(crate) overhead: usize,
    /// Called once, with the first [`limits::SNIFF_BYTES`] or all there is.
    pub(crate) sniff: Option<&'a Sniff<'a>>,
}

impl Intake<'_> {
    /// Receives the body of `answer`.
    pub(crate) async fn receive(
        &self,
        answer: &mut Answer,
        lease: &mut Lease,
        watch: &mut Watch,
    ) -> (Vec<u8>, End) {
        let cap = usize::try_from(self.bytes_max).unwrap_or(usize::MAX);
        let declared = answer.length().and_then(|n| usize::try_from(n).ok());
        let mut room = Room { overhead: self.overhead, declared: declared.unwrap_or(0), cap };
        let mut body = Vec::new();
        let mut unseen = self.sniff;
        let mut rate = Rate::new(self.phases);
        let end = loop {
            if answer.is_end() {
                break End::Whole;
            }
            let came = match more(answer, &mut rate, watch).await {
                Ok(0) => break End::Whole,
                Ok(came) => came,
                Err(failure) => break End::Failed(failure),
            };
            let taken = came.min(cap - body.len());
            if room.make(&mut body, taken, lease, watch).await {
                rate.restart();
            }
            body.extend_from_slice(answer.data(taken));
            answer.done_with(taken);
            if body.len() >= limits::SNIFF_BYTES
                && let Some(reason) = unseen.take().and_then(|s| s(&body[..limits::SNIFF_BYTES]))
            {
                break End::Unwanted(reason);
            }
            if taken < came {
                break End::Cut;
            }
        };
        match (end, unseen) {
            (end @ (End::Whole | End::Cut), Some(sniff)) if !body.is_empty() => {
                let unwanted = sniff(&body).map(End::Unwanted);
                (body, unwanted.unwrap_or(end))
            }
            (end, _) => (body, end),
        }
    }
}

/// Where the bytes of a body go: memory that the lease covers before it is taken.
struct Room {
    overhead: usize,
    declared: usize,
    cap: usize,
}

impl Room {
    /// Makes room for `more` bytes; whether that meant waiting.
    async fn make(
        &mut self,
        body: &mut Vec<u8>,
        more: usize,
        lease: &mut Lease,
        watch: &mut Watch,
    ) -> bool {
        let needed = body.len() + more;
        if needed <= body.capacity() {
            return false;
        }
        let expected = self.declared.min(ROOM_DECLARED_MAX).max(ROOM_FIRST.min(self.cap));
        let doubled = if body.capacity() == 0 { expected } else { body.capacity() * 2 };
        // A body does not outgrow its declared length; where it is not declared, the cap.
        let most = if self.declared >= needed { self.declared } else { self.cap };
        let capacity = doubled.min(most).max(needed);
        let waited = !lease.try_cover(self.overhead + capacity);
        if waited {
            watch.paused(lease.cover(self.overhead + capacity)).await;
        }
        body.reserve_exact(capacity - body.len());
        waited
    }
}

/// The minimum rate, as the average of windows.
struct Rate {
    window: Duration,
    least: u64,
    end: Instant,
    received: u64,
}

impl Rate {
    fn new(phases: &Phases) -> Self {
        let window = phases.rate_window;
        let least = phases.rate_min.saturating_mul(window.as_secs().max(1));
        Self { window, least, end: Instant::now() + window, received: 0 }
    }

    fn restart(&mut self) {
        self.end = Instant::now() + self.window;
        self.received = 0;
    }
}

/// Waits until bytes of a body are at hand, and says how many; 0 at its end.
async fn more(answer: &mut Answer, rate: &mut Rate, watch: &mut Watch) -> Result<usize, Failure> {
    loop {
        match watch.until(rate.end, answer.more()).await {
            Ok(Ok(came)) => {
                rate.received += came as u64;
                return Ok(came);
            }
            Ok(Err(failure)) => return Err(failure),
            Err(late @ Late::Total) => return Err(Failure::late(late, "receiving the body")),
            Err(Late::Phase) if rate.received < rate.least => {
                let reason = "the body came slower than the minimum rate";
                return Err(Failure::passing(Outcome::Timeout, reason));
            }
            Err(Late::Phase) => rate.restart(),
        }
    }
}

/// Reads a short body that nobody needs; whether the connection can serve again.
pub(crate) async fn discard(answer: &mut Answer, phases: &Phases, watch: &mut Watch) -> bool {
    if answer.is_end() {
        return true;
    }
    let mut left = answer.length().unwrap_or(DISCARD_MAX);
    let end = Instant::now() + DISCARD_WAIT;
    let mut rate = Rate { end, ..Rate::new(phases) };
    rate.least = u64::MAX;
    while left <= DISCARD_MAX {
        match more(answer, &mut rate, watch).await {
            Ok(0) => return true,
            Ok(came) => {
                answer.done_with(came);
                match left.checked_sub(came as u64) {
                    Some(less) => left = less,
                    None => return false,
                }
            }
            Err(_) => return false,
        }
    }
    false
}
