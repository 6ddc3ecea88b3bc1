//! A listener that nobody is to reach: the proof that a refused address was not connected to.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// A listening socket that counts who connected and never says a word.
#[derive(Debug)]
pub struct Forbidden {
    listener: TcpListener,
    addr: SocketAddr,
    seen: u64,
}

impl Forbidden {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// When no port can be had.
    pub fn listen() -> Self {
        Self::listen_on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }

    /// Listens on `addr`.
    ///
    /// # Panics
    /// When the address cannot be listened on.
    pub fn listen_on(addr: SocketAddr) -> Self {
        let (listener, addr) = crate::server_thread::listen(addr);
        Self { listener, addr, seen: 0 }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// How many connections were made so far. The system completes a handshake before anyone
    /// accepts it, so a connection counts even if its client has given up.
    ///
    /// # Panics
    /// When the listener fails.
    pub fn connections(&mut self) -> u64 {
        loop {
            match self.listener.accept() {
                Ok(_) => self.seen += 1,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return self.seen,
                Err(error) => panic!("the forbidden listener failed: {error}"),
            }
        }
    }
}
