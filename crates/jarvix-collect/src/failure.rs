//! How a request can fail, as an outcome and one line of reason. This is the one place that reads
//! the errors of the network stack.
//!
//! The reasons name no measured figures and no moment: two fetches of the same answers give the
//! same rows (invariant I3).

use std::error::Error;
use std::io;

use jarvix_core::{Outcome, limits};

use crate::http1::Http1Error;
use crate::proxy::ProxyError;
use crate::watch::Late;
use crate::wire::EndlessHead;

/// A failed request.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// How the URL ends if nothing better comes of trying again.
    pub(crate) outcome: Outcome,
    /// One line for people.
    pub(crate) reason: String,
    /// Whether trying again can help.
    pub(crate) retry: bool,
    /// Whether it looks like a kept connection that the server had already closed.
    pub(crate) stale: bool,
    /// Whether this machine is to blame, not the host.
    pub(crate) ours: bool,
}

impl Failure {
    /// A failure that trying again does not mend.
    pub(crate) fn last(outcome: Outcome, reason: impl Into<String>) -> Self {
        Self { outcome, reason: reason.into(), retry: false, stale: false, ours: false }
    }

    /// A failure that may pass.
    pub(crate) fn passing(outcome: Outcome, reason: impl Into<String>) -> Self {
        Self { outcome, reason: reason.into(), retry: true, stale: false, ours: false }
    }

    /// A limit was reached while `doing`.
    pub(crate) fn late(late: Late, doing: &str) -> Self {
        let reason = match late {
            Late::Phase => format!("{doing} took too long"),
            Late::Total => format!("the attempt's time was over while {doing}"),
        };
        Self::passing(Outcome::Timeout, reason)
    }

    /// The connection ended, or what came over it was not HTTP/1.1.
    pub(crate) fn of_http1(error: &Http1Error) -> Self {
        match error {
            Http1Error::Io(error) => Self::of_stream(error),
            Http1Error::Closed | Http1Error::Cut => {
                let stale = matches!(error, Http1Error::Closed);
                Self { stale, ..Self::passing(Outcome::Incomplete, error.to_string()) }
            }
            Http1Error::HeadTooLarge | Http1Error::TooManyHeaders | Http1Error::Malformed(_) => {
                Self::last(Outcome::Protocol, error.to_string())
            }
        }
    }

    /// The same of HTTP/2.
    pub(crate) fn of_exchange(error: &hyper::Error) -> Self {
        if error.is_parse_too_large() {
            let reason = format!("the headers are larger than {} bytes", limits::HEADER_BYTES_MAX);
            return Self::last(Outcome::Protocol, reason);
        }
        if error.is_parse() {
            return Self::last(Outcome::Protocol, format!("not valid HTTP: {}", innermost(error)));
        }
        if let Some(error) = find::<h2::Error>(error) {
            return Self::of_h2(error);
        }
        if let Some(error) = find::<io::Error>(error) {
            return Self::of_stream(error);
        }
        let closed = error.is_incomplete_message() || error.is_canceled() || error.is_closed();
        let reason = if closed {
            "the connection was closed before the answer was complete".to_owned()
        } else {
            format!("the answer broke off: {}", innermost(error))
        };
        Self { stale: closed, ..Self::passing(Outcome::Incomplete, reason) }
    }

    fn of_h2(error: &h2::Error) -> Self {
        if let Some(error) = error.get_io() {
            return Self::of_stream(error);
        }
        let reason = format!("HTTP/2: {error}");
        // What our side found wrong will be wrong again; what the server took back may pass. Both
        // can end the whole connection.
        if error.is_library() {
            return Self::last(Outcome::Protocol, reason);
        }
        let refused = error.reason() == Some(h2::Reason::REFUSED_STREAM);
        let stale = refused || error.is_go_away();
        Self { stale, ..Self::passing(Outcome::Incomplete, reason) }
    }

    fn of_stream(error: &io::Error) -> Self {
        let Some(inner) = error.get_ref() else { return Self::of_io(error) };
        if inner.is::<EndlessHead>() {
            return Self::last(Outcome::Protocol, inner.to_string());
        }
        if let Some(inner) = find::<rustls::Error>(inner) {
            return Self::of_tls(inner);
        }
        Self::of_io(error)
    }

    fn of_io(error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            // What the libraries call bytes that break a protocol.
            Kind::InvalidInput | Kind::InvalidData => {
                Self::last(Outcome::Protocol, format!("not valid HTTP: {}", innermost(error)))
            }
            Kind::UnexpectedEof => Self {
                stale: true,
                ..Self::passing(
                    Outcome::Incomplete,
                    "the connection ended in the middle of the answer",
                )
            },
            kind => Self {
                stale: matches!(
                    kind,
                    Kind::ConnectionReset | Kind::BrokenPipe | Kind::ConnectionAborted
                ),
                ..Self::passing(Outcome::Incomplete, format!("the connection failed: {kind}"))
            },
        }
    }

    /// The TLS handshake failed.
    pub(crate) fn of_handshake(error: &io::Error) -> Self {
        match error.get_ref().and_then(|inner| find::<rustls::Error>(inner)) {
            Some(error) => Self::of_tls(error),
            None => Self::passing(
                Outcome::Tls,
                format!("the connection failed during the TLS handshake: {}", error.kind()),
            ),
        }
    }

    fn of_tls(error: &rustls::Error) -> Self {
        Self::last(Outcome::Tls, error.to_string())
    }

    /// No connection could be made to `addr`.
    pub(crate) fn of_connect(addr: std::net::SocketAddr, error: &io::Error) -> Self {
        if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<ProxyError>()) {
            let (retry, ours) = (error.passing, error.own);
            let reason = format!("{addr}: {error}");
            return Self { retry, ours, ..Self::last(Outcome::Connect, reason) };
        }
        // EMFILE and ENFILE have no kind of their own.
        let no_files = matches!(error.raw_os_error(), Some(23 | 24));
        let no_network =
            matches!(error.kind(), io::ErrorKind::NetworkDown | io::ErrorKind::NetworkUnreachable);
        let reason = if no_files {
            "this machine has no more files to open".to_owned()
        } else {
            format!("{addr}: {}", error.kind())
        };
        let ours = no_files || no_network;
        Self { ours, ..Self::passing(Outcome::Connect, reason) }
    }
}

/// The first error of type `E` among `error` and its sources.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut at = Some(error);
    while let Some(error) = at {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        at = error.source();
    }
    None
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut at = error;
    while let Some(source) = at.source() {
        at = source;
    }
    at.to_string()
}
