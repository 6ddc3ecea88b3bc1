//! The door to the network: resolve a name, connect to an address. Everything above speaks to
//! [`Net`], so that a test can be the network; the guard stands between the two calls and is not
//! part of it.
//!
//! [`SystemNet`] is the real one. Its names come from the system's name servers, or those it was
//! given, through a bounded cache in which a name is asked for once however many wait for it.
//! Names under `localhost` and `invalid` are answered without asking anyone (RFC 6761).

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::time::Duration;

use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::{ResolverBuilder, TokioResolver};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::cache::FlightCache;
use crate::settings::CollectSettings;

/// A future in a box.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A connection's two directions.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection in a box.
pub type BoxStream = Box<dyn Stream>;

/// The network.
pub trait Net: Send + Sync {
    /// The addresses of `host`, at least one.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>>;
    /// A connection to `addr`, which the caller has vetted.
    fn connect(&self, addr: SocketAddr) -> BoxFuture<'_, io::Result<BoxStream>>;
}

/// Why a name has no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The name servers say that there is no such name.
    #[error("the name does not exist")]
    NoSuchName,
    /// The name is there, but has no address.
    #[error("the name has no address")]
    NoAddress,
    /// The text cannot be a name.
    #[error("not a name that can be looked up")]
    Invalid,
    /// No name server answered, or the answer was not usable; it may pass.
    #[error("the name servers gave no answer ({0})")]
    Unanswered(String),
    /// There is no name server to ask.
    #[error("no name server is known ({0}); name one with --dns")]
    NoServer(String),
}

impl ResolveError {
    /// Whether asking again can help.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unanswered(_))
    }
}

type Answer = Result<Vec<IpAddr>, ResolveError>;

/// Names that are kept.
const NAMES_MAX: usize = 20_000;
/// However short a server says, an answer holds this long ...
const TTL_MIN: Duration = Duration::from_secs(10);
/// ... and however long it says, not longer than this.
const TTL_MAX: Duration = Duration::from_secs(3600);
/// How long "there is no such name" holds.
const TTL_NEGATIVE: Duration = Duration::from_secs(60);
/// How long "no answer" holds: just long enough for those who wait for the same name.
const TTL_UNANSWERED: Duration = Duration::from_secs(1);

/// The machine's network.
pub struct SystemNet {
    resolver: Result<TokioResolver, String>,
    names: FlightCache<String, Answer>,
    patience: Duration,
}

impl SystemNet {
    /// A network with the name servers of `settings`, or the system's. A machine without any is
    /// an error only for the names that would need one.
    pub fn new(settings: &CollectSettings) -> Self {
        let builder = if settings.dns.is_empty() {
            TokioResolver::builder_tokio().map_err(|error| error.to_string())
        } else {
            Ok(builder_for(settings.dns.iter().map(|server| server.0)))
        };
        let resolver = builder.and_then(|mut builder| {
            // One cache is enough, and it is the one below.
            builder.options_mut().cache_size = 0;
            builder.options_mut().timeout = settings.phases.dns.div_f32(3.0);
            builder.build().map_err(|error| error.to_string())
        });
        Self { resolver, names: FlightCache::new(NAMES_MAX, |_| 1), patience: settings.phases.dns }
    }

    async fn look_up(&self, host: &str) -> (Answer, Duration) {
        let resolver = match &self.resolver {
            Ok(resolver) => resolver,
            Err(why) => return (Err(ResolveError::NoServer(why.clone())), TTL_MAX),
        };
        // The final dot keeps the machine's search domains out of it.
        let query = resolver.lookup_ip(format!("{host}."));
        match tokio::time::timeout(self.patience, query).await {
            Ok(Ok(found)) => {
                let mut addresses: Vec<IpAddr> = found.iter().collect();
                // Many machines have no way out over IPv6: what surely works goes first.
                addresses.sort_by_key(IpAddr::is_ipv6);
                let records = found.as_lookup().answers();
                let ttl = records.iter().map(|record| record.ttl).min().unwrap_or_default();
                let holds = Duration::from_secs(u64::from(ttl)).clamp(TTL_MIN, TTL_MAX);
                if addresses.is_empty() {
                    return (Err(ResolveError::NoAddress), TTL_NEGATIVE);
                }
                (Ok(addresses), holds)
            }
            Ok(Err(error)) => {
                let error = reason(&error);
                let holds = if error.is_temporary() { TTL_UNANSWERED } else { TTL_NEGATIVE };
                (Err(error), holds)
            }
            Err(_) => (Err(ResolveError::Unanswered("timed out".to_owned())), TTL_UNANSWERED),
        }
    }
}

fn builder_for(servers: impl Iterator<Item = SocketAddr>) -> ResolverBuilder<TokioRuntimeProvider> {
    let servers = servers.map(|server| {
        let mut config = NameServerConfig::udp_and_tcp(server.ip());
        for connection in &mut config.connections {
            connection.port = server.port();
        }
        config
    });
    let config = ResolverConfig::from_parts(None, Vec::new(), servers.collect());
    TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
}

fn reason(error: &NetError) -> ResolveError {
    match error {
        error if error.is_nx_domain() => ResolveError::NoSuchName,
        error if error.is_no_records_found() => ResolveError::NoAddress,
        NetError::Proto(_) => ResolveError::Invalid,
        NetError::NoConnections => ResolveError::Unanswered("no connections".to_owned()),
        NetError::Timeout => ResolveError::Unanswered("timed out".to_owned()),
        NetError::Io(io) => ResolveError::Unanswered(io.kind().to_string()),
        other => ResolveError::Unanswered(other.as_metrics_label().to_owned()),
    }
}

/// Whether `host` is `top` or a name under it.
fn is_under(host: &str, top: &str) -> bool {
    host.strip_suffix(top).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

impl Net for SystemNet {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            if is_under(host, "localhost") {
                return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
            }
            if is_under(host, "invalid") {
                return Err(ResolveError::NoSuchName);
            }
            self.names.get(&host.to_owned(), self.look_up(host)).await
        })
    }

    fn connect(&self, addr: SocketAddr) -> BoxFuture<'_, io::Result<BoxStream>> {
        Box::pin(async move {
            let stream = TcpStream::connect(addr).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as BoxStream)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn special_names_are_answered_without_a_name_server() {
        let dns = vec!["127.0.0.1:9".parse().expect("an address")];
        let net = SystemNet::new(&CollectSettings { dns, ..CollectSettings::default() });
        for name in ["localhost", "h17.localhost"] {
            let addresses = net.resolve(name).await.expect("this machine");
            assert!(addresses.iter().all(IpAddr::is_loopback), "{name}: {addresses:?}");
        }
        for name in ["invalid", "nowhere.invalid"] {
            assert_eq!(net.resolve(name).await, Err(ResolveError::NoSuchName), "{name}");
        }
        assert!(!is_under("notlocalhost", "localhost"));
    }

    /// A name server that knows no name, and how often it was asked.
    async fn ignorant_server() -> (SocketAddr, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let addr = socket.local_addr().expect("its address");
        let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let count = std::sync::Arc::clone(&asked);
        tokio::spawn(async move {
            let mut query = [0; 512];
            while let Ok((len, from)) = socket.recv_from(&mut query).await {
                count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                // The same again, as an answer: there is no such name (RFC 1035, 4.1.1).
                let mut answer = query[..len].to_vec();
                answer[2] |= 0x80;
                answer[3] = 0x83;
                answer[10..12].fill(0);
                let question = 12 + answer[12..].iter().position(|b| *b == 0).unwrap_or(0) + 5;
                answer.truncate(question);
                drop(socket.send_to(&answer, from).await);
            }
        });
        (addr, asked)
    }

    #[tokio::test]
    async fn a_name_that_is_not_there_is_asked_for_once() {
        let (addr, asked) = ignorant_server().await;
        let dns = vec![crate::settings::DnsServer(addr)];
        let net = SystemNet::new(&CollectSettings { dns, ..CollectSettings::default() });
        let asked = || asked.load(std::sync::atomic::Ordering::SeqCst);
        let all = futures::future::join_all((0..50).map(|_| net.resolve("gone.example"))).await;
        assert!(all.iter().all(|answer| *answer == Err(ResolveError::NoSuchName)), "{all:?}");
        let first = asked();
        // Both families, and perhaps once more for each.
        assert!((1..=4).contains(&first), "asked {first} times for 50 who waited");
        assert_eq!(net.resolve("gone.example").await, Err(ResolveError::NoSuchName));
        assert_eq!(asked(), first, "what is not there is remembered too");
        assert_eq!(net.resolve("other.example").await, Err(ResolveError::NoSuchName));
        assert!(asked() > first);
    }

    #[tokio::test]
    async fn a_silent_name_server_is_given_up_and_asked_once_for_all_who_wait() {
        let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let dns = vec![crate::settings::DnsServer(silent.local_addr().expect("its address"))];
        let mut settings = CollectSettings { dns, ..CollectSettings::default() };
        settings.phases.dns = Duration::from_millis(300);
        let net = SystemNet::new(&settings);
        let answers = futures::future::join_all((0..20).map(|_| net.resolve("example.org"))).await;
        for answer in answers {
            assert!(answer.as_ref().is_err_and(ResolveError::is_temporary), "{answer:?}");
        }
    }
}
