//! The lowest layer of a connection: counts what comes from the network, below TLS, and ends an
//! answer whose headers never do.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::net::BoxStream;

/// What an answer may send before its headers are complete: the headers themselves, interim
/// answers, and what of the body arrived in the same read.
const HEAD_BYTES_MAX: u64 = 1024 * 1024;
/// No limit: no answer is awaited.
const UNLIMITED: u64 = u64::MAX;

/// Counts the bytes of one connection.
#[derive(Debug)]
pub(crate) struct Meter {
    received: AtomicU64,
    taken: AtomicU64,
    limit: AtomicU64,
}

impl Meter {
    fn new() -> Self {
        Self {
            received: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            limit: AtomicU64::new(UNLIMITED),
        }
    }

    /// Bytes received since this was last asked. Fetches that share a connection share them by
    /// when they ask: the sum is exact, the share of each is not.
    pub(crate) fn take(&self) -> u64 {
        let received = self.received.load(Ordering::Relaxed);
        received.saturating_sub(self.taken.swap(received, Ordering::Relaxed))
    }

    /// An answer is awaited: it has [`HEAD_BYTES_MAX`] to complete its headers.
    pub(crate) fn await_head(&self) {
        let end = self.received.load(Ordering::Relaxed) + HEAD_BYTES_MAX;
        self.limit.store(end, Ordering::Relaxed);
    }

    /// The headers are complete.
    pub(crate) fn head_complete(&self) {
        self.limit.store(UNLIMITED, Ordering::Relaxed);
    }
}

/// The headers of an answer did not end within [`HEAD_BYTES_MAX`].
#[derive(Debug, thiserror::Error)]
#[error("the headers did not end within 1 MiB")]
pub(crate) struct EndlessHead;

/// A stream that counts.
pub(crate) struct Metered {
    stream: BoxStream,
    meter: Arc<Meter>,
}

impl Metered {
    /// Counts what `stream` receives from now on.
    pub(crate) fn new(stream: BoxStream) -> (Self, Arc<Meter>) {
        let meter = Arc::new(Meter::new());
        (Self { stream, meter: Arc::clone(&meter) }, meter)
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let received = self.meter.received.load(Ordering::Relaxed);
        if received >= self.meter.limit.load(Ordering::Relaxed) {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, EndlessHead)));
        }
        let before = buf.filled().len();
        std::task::ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let came = (buf.filled().len() - before) as u64;
        self.meter.received.store(received + came, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn counts_once_and_ends_a_head_without_end() {
        let (mut far, near) = tokio::io::duplex(64 * 1024);
        let (mut metered, meter) = Metered::new(Box::new(near));
        far.write_all(&[0; 100]).await.expect("room");
        let mut buf = [0; 100];
        metered.read_exact(&mut buf).await.expect("bytes");
        assert_eq!((meter.take(), meter.take()), (100, 0));

        meter.await_head();
        let flood =
            tokio::spawn(async move { while far.write_all(&[b'x'; 4096]).await.is_ok() {} });
        let mut sink = Vec::new();
        let error = metered.read_to_end(&mut sink).await.expect_err("a limit");
        assert!(error.get_ref().is_some_and(|e| e.is::<EndlessHead>()), "{error}");
        assert!(meter.take() <= HEAD_BYTES_MAX + 64 * 1024);
        drop(metered);
        flood.await.expect("the flood ends with the connection");
    }
}
