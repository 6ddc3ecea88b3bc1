//! The socket under a connection, with a way to misbehave below HTTP: once a connection is marked,
//! what goes out is no longer what the server wrote.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A mark on a connection: its next answer is not HTTP.
#[derive(Clone, Default)]
pub(crate) struct Garble(Arc<AtomicBool>);

impl Garble {
    pub(crate) fn mark(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_marked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A TCP stream that turns every byte upside down once its connection is marked.
pub(crate) struct Wire {
    socket: TokioIo<TcpStream>,
    garble: Garble,
}

impl Wire {
    pub(crate) fn new(socket: TcpStream, garble: Garble) -> Self {
        Self { socket: TokioIo::new(socket), garble }
    }

    fn socket(self: Pin<&mut Self>) -> Pin<&mut TokioIo<TcpStream>> {
        Pin::new(&mut self.get_mut().socket)
    }
}

impl Read for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.socket().poll_read(context, buffer)
    }
}

impl Write for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.garble.is_marked() {
            let garbled: Vec<u8> = bytes.iter().map(|b| !b).collect();
            return self.socket().poll_write(context, &garbled);
        }
        self.socket().poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket().poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.garble.is_marked() {
            let first = buffers.iter().find(|b| !b.is_empty()).map_or(&[][..], |b| &b[..]);
            return self.poll_write(context, first);
        }
        self.socket().poll_write_vectored(context, buffers)
    }
}
