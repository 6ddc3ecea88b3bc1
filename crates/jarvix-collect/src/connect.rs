//! From a target to an open connection: resolve, vet, connect, TLS, each phase timed and limited.
//!
//! The guard looks at the address in the moment before it is connected to, and nothing is
//! resolved a second time in between: a name that changes its answer gains nothing.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use jarvix_core::{Outcome, Timings};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

use crate::failure::Failure;
use crate::guard::{self, AllowNet, Vetted};
use crate::net::{BoxStream, Net};
use crate::settings::Phases;
use crate::target::Target;
use crate::tls::Tls;
use crate::watch::Watch;
use crate::wire::{Meter, Metered};

/// Most addresses of one host that are tried.
const ADDRESSES_MAX: usize = 4;
/// How long an address is waited for before the next is tried beside it (RFC 8305, 5).
const STAGGER: Duration = Duration::from_millis(250);

/// Makes connections.
pub(crate) struct Connector {
    net: Arc<dyn Net>,
    tls: Tls,
    allow: Vec<AllowNet>,
    phases: Phases,
}

/// A connection's bytes.
pub(crate) enum Io {
    Plain(Metered),
    Tls(Box<TlsStream<Metered>>),
}

impl AsyncRead for Io {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_read(cx, buf),
            Self::Tls(io) => Pin::new(io).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_write(cx, buf),
            Self::Tls(io) => Pin::new(io).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_flush(cx),
            Self::Tls(io) => Pin::new(io).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_shutdown(cx),
            Self::Tls(io) => Pin::new(io).poll_shutdown(cx),
        }
    }
}

/// A new connection.
pub(crate) struct Dialed {
    pub(crate) io: Io,
    pub(crate) h2: bool,
    pub(crate) peer: Vetted,
    pub(crate) meter: Arc<Meter>,
}

impl Connector {
    pub(crate) fn new(net: Arc<dyn Net>, tls: Tls, allow: Vec<AllowNet>, phases: Phases) -> Self {
        Self { net, tls, allow, phases }
    }

    /// Opens a connection to `to`.
    pub(crate) async fn dial(
        &self,
        to: &Target,
        watch: &mut Watch,
        timings: &mut Timings,
    ) -> Result<Dialed, Failure> {
        let addresses = self.addresses(to, watch, timings).await?;
        let peers = self.vet(&addresses, to.origin.port)?;
        let started = Instant::now();
        let (stream, peer) = self.connect(&peers, watch).await?;
        add(&mut timings.connect_ms, started);
        let (metered, meter) = Metered::new(stream);
        if !to.origin.https {
            return Ok(Dialed { io: Io::Plain(metered), h2: false, peer, meter });
        }
        let started = Instant::now();
        let stream = self.shake_hands(to, metered, watch).await?;
        add(&mut timings.tls_ms, started);
        let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Dialed { io: Io::Tls(Box::new(stream)), h2, peer, meter })
    }

    async fn addresses(
        &self,
        to: &Target,
        watch: &mut Watch,
        timings: &mut Timings,
    ) -> Result<Vec<IpAddr>, Failure> {
        let name = match to.host() {
            Some(Host::Ipv4(ip)) => return Ok(vec![ip.into()]),
            Some(Host::Ipv6(ip)) => return Ok(vec![ip.into()]),
            Some(Host::Domain(name)) => name,
            None => return Err(Failure::last(Outcome::Dns, "the URL has no host")),
        };
        let started = Instant::now();
        let found = watch.within(self.phases.dns, self.net.resolve(name)).await;
        add(&mut timings.dns_ms, started);
        match found {
            Ok(Ok(addresses)) => Ok(addresses),
            Ok(Err(error)) => {
                let retry = error.is_temporary();
                Err(Failure { retry, ..Failure::last(Outcome::Dns, format!("{name}: {error}")) })
            }
            Err(_) => {
                let reason = format!("{name}: the name servers took too long");
                Err(Failure::passing(Outcome::Dns, reason))
            }
        }
    }

    /// The addresses that may be connected to; an error if there is none.
    fn vet(&self, addresses: &[IpAddr], port: u16) -> Result<Vec<Vetted>, Failure> {
        let mut passed = Vec::new();
        let mut refusal = None;
        for ip in addresses {
            match guard::vet(SocketAddr::new(*ip, port), &self.allow) {
                Ok(vetted) => passed.push(vetted),
                Err(error) => refusal = refusal.or(Some(error)),
            }
        }
        let mut passed = interleaved(passed);
        passed.truncate(ADDRESSES_MAX);
        match refusal {
            Some(refusal) if passed.is_empty() => {
                Err(Failure::last(Outcome::AddressDenied, refusal.to_string()))
            }
            _ if passed.is_empty() => Err(Failure::last(Outcome::Dns, "the name has no address")),
            _ => Ok(passed),
        }
    }

    /// The first address that can be connected to. The next is tried when one fails, or beside it
    /// when it takes long; a family that leads nowhere costs a moment and not the page.
    async fn connect(
        &self,
        peers: &[Vetted],
        watch: &mut Watch,
    ) -> Result<(BoxStream, Vetted), Failure> {
        let connected = match peers {
            // Most hosts: nothing to choose from.
            [peer] => watch.within(self.phases.connect, self.connect_to(*peer)).await,
            _ => watch.within(self.phases.connect, Box::pin(self.race(peers))).await,
        };
        connected.unwrap_or_else(|_| {
            let tried: Vec<String> = peers.iter().map(|peer| peer.addr.to_string()).collect();
            let reason = format!("{}: no answer to the attempt to connect", tried.join(", "));
            Err(Failure::passing(Outcome::Connect, reason))
        })
    }

    async fn connect_to(&self, peer: Vetted) -> Result<(BoxStream, Vetted), Failure> {
        match self.net.connect(peer.addr).await {
            Ok(stream) => Ok((stream, peer)),
            Err(error) => Err(Failure::of_connect(peer.addr, &error)),
        }
    }

    async fn race(&self, peers: &[Vetted]) -> Result<(BoxStream, Vetted), Failure> {
        let mut waiting = peers.iter();
        let mut tried = FuturesUnordered::new();
        let mut failure = Failure::passing(Outcome::Connect, "there is no address to connect to");
        loop {
            match waiting.next() {
                Some(peer) => tried.push(self.connect_to(*peer)),
                None if tried.is_empty() => return Err(failure),
                None => {}
            }
            let patience = if waiting.len() == 0 { self.phases.connect } else { STAGGER };
            match tokio::time::timeout(patience, tried.next()).await {
                Ok(Some(Ok(connected))) => return Ok(connected),
                Ok(Some(Err(error))) => failure = error,
                Ok(None) | Err(_) => {}
            }
        }
    }

    async fn shake_hands(
        &self,
        to: &Target,
        stream: Metered,
        watch: &mut Watch,
    ) -> Result<TlsStream<Metered>, Failure> {
        let name = match to.host() {
            Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).ok(),
            Some(Host::Ipv4(ip)) => Some(ServerName::from(IpAddr::from(ip))),
            Some(Host::Ipv6(ip)) => Some(ServerName::from(IpAddr::from(ip))),
            None => None,
        };
        let name = name.ok_or_else(|| {
            Failure::last(Outcome::Tls, "no certificate can be issued for this host name")
        })?;
        let config = watch.paused(self.tls.config()).await;
        let config = config.map_err(|why| Failure::last(Outcome::Internal, why))?;
        let handshake = TlsConnector::from(config).connect(name, stream);
        match watch.within(self.phases.tls, handshake).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(Failure::of_handshake(&error)),
            Err(late) => Err(Failure::late(late, "the TLS handshake")),
        }
    }
}

/// The two families by turns, beginning with that of the first address (RFC 8305, 4): if one of
/// them leads nowhere, the second attempt is of the other.
fn interleaved(peers: Vec<Vetted>) -> Vec<Vetted> {
    let Some(first) = peers.first().map(|peer| peer.addr.is_ipv6()) else { return peers };
    let (own, other): (Vec<_>, Vec<_>) =
        peers.into_iter().partition(|peer| peer.addr.is_ipv6() == first);
    let (mut own, mut other) = (own.into_iter(), other.into_iter());
    let mut by_turns = Vec::with_capacity(own.len() + other.len());
    while own.len() + other.len() > 0 {
        by_turns.extend(own.next());
        by_turns.extend(other.next());
    }
    by_turns
}

/// Milliseconds, as the timings have them.
pub(crate) fn ms(time: Duration) -> f32 {
    time.as_secs_f32() * 1000.0
}

/// Adds the time since `started` to a phase: a chain of redirects has several of each.
fn add(phase: &mut Option<f32>, started: Instant) {
    *phase = Some(phase.unwrap_or_default() + ms(started.elapsed()));
}

#[cfg(test)]
mod tests;
