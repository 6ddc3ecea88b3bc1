//! From a target to an open connection: resolve, vet, connect, TLS, each phase timed and limited.
//!
//! The guard looks at the address in the moment before it is connected to, and nothing is
//! resolved a second time in between: a name that changes its answer gains nothing.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use jarvix_core::{Outcome, Timings};
use rustls::pki_types::ServerName;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

use crate::failure::Failure;
use crate::guard::{self, AllowNet, Vetted};
use crate::net::Net;
use crate::settings::Phases;
use crate::target::Target;
use crate::tls::Tls;
use crate::watch::Watch;
use crate::wire::{Meter, Metered};

/// Most addresses of one host that are tried.
const ADDRESSES_MAX: usize = 4;

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
        passed.truncate(ADDRESSES_MAX);
        match refusal {
            Some(refusal) if passed.is_empty() => {
                Err(Failure::last(Outcome::AddressDenied, refusal.to_string()))
            }
            _ if passed.is_empty() => Err(Failure::last(Outcome::Dns, "the name has no address")),
            _ => Ok(passed),
        }
    }

    /// One address after the other; each gets its share of the time that is left.
    async fn connect(
        &self,
        peers: &[Vetted],
        watch: &mut Watch,
    ) -> Result<(crate::net::BoxStream, Vetted), Failure> {
        let end = Instant::now() + self.phases.connect;
        let mut failure = Failure::passing(Outcome::Connect, "there is no address to connect to");
        for (i, peer) in peers.iter().enumerate() {
            let left = end.saturating_duration_since(Instant::now());
            let share = left / u32::try_from(peers.len() - i).unwrap_or(1);
            failure = match watch.within(share, self.net.connect(peer.addr)).await {
                Ok(Ok(stream)) => return Ok((stream, *peer)),
                Ok(Err(error)) => Failure::of_connect(peer.addr, &error),
                Err(_) => {
                    let reason = format!("{}: no answer to the attempt to connect", peer.addr);
                    Failure::passing(Outcome::Connect, reason)
                }
            };
        }
        Err(failure)
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

/// Milliseconds, as the timings have them.
pub(crate) fn ms(time: Duration) -> f32 {
    time.as_secs_f32() * 1000.0
}

/// Adds the time since `started` to a phase: a chain of redirects has several of each.
fn add(phase: &mut Option<f32>, started: Instant) {
    *phase = Some(phase.unwrap_or_default() + ms(started.elapsed()));
}
