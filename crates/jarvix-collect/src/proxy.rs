//! A proxy between us and every server: HTTP CONNECT or SOCKS5 (`--proxy`).
//!
//! It is another [`Net`] around the first, so nothing changes for what stands above: names are
//! resolved here, the guard judges the address of the server, and the proxy is told that address
//! and never a name. TLS and the `Host` header keep the name. The proxy itself is the user's own
//! choice and may have a private address. Name and password of the proxy are shown to nobody else.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::{Host, Url};

use crate::net::{BoxFuture, BoxStream, Net, ResolveError};
use crate::secrets::Secret;

/// Longest answer of a proxy before the connection stands, in bytes.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// Longest name or password that SOCKS5 can carry (RFC 1929).
const SOCKS_TEXT_MAX: usize = 255;

/// How to speak to the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speech {
    Connect,
    Socks5,
}

/// A proxy, as the settings name it.
#[derive(Clone, PartialEq)]
pub struct ProxySetting {
    speech: Speech,
    host: Host<String>,
    port: u16,
    login: Option<(Secret, Secret)>,
}

/// The text names no proxy. It is not shown: there may be a password in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a proxy is written http://HOST:PORT or socks5://HOST:PORT, with USER:PASSWORD@ before the host where it asks for them"
)]
pub struct ProxySettingError;

impl std::str::FromStr for ProxySetting {
    type Err = ProxySettingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text.trim()).map_err(|_| ProxySettingError)?;
        let (speech, port) = match url.scheme() {
            "http" => (Speech::Connect, 80),
            // With `socks5h` others let the proxy resolve the name; here it never does.
            "socks5" => (Speech::Socks5, 1080),
            _ => return Err(ProxySettingError),
        };
        // Hosts of schemes that are not the web's are not parsed as addresses by themselves.
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(ProxySettingError)?;
        let host = Host::parse(host).map_err(|_| ProxySettingError)?;
        let plain = |text: &str| {
            let bytes = percent_decoded(text);
            String::from_utf8(bytes).map_err(|_| ProxySettingError)
        };
        let (user, password) = (plain(url.username())?, plain(url.password().unwrap_or(""))?);
        let fits = match speech {
            Speech::Connect => !user.contains(':'),
            Speech::Socks5 => user.len() <= SOCKS_TEXT_MAX && password.len() <= SOCKS_TEXT_MAX,
        };
        if !fits || !matches!(url.path(), "" | "/") || url.query().is_some() {
            return Err(ProxySettingError);
        }
        let login = (!user.is_empty()).then(|| (Secret::new(user), Secret::new(password)));
        Ok(Self { speech, host, port: url.port().unwrap_or(port), login })
    }
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|b| char::from(*b).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            _ => {
                decoded.push(first);
                rest = after;
            }
        }
    }
    decoded
}

impl fmt::Display for ProxySetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.speech {
            Speech::Connect => "http",
            Speech::Socks5 => "socks5",
        };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for ProxySetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}{}", if self.login.is_some() { " with a login" } else { "" })
    }
}

impl Serialize for ProxySetting {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{self:?}"))
    }
}

/// The proxy did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[error("the proxy {proxy} {what}")]
pub(crate) struct ProxyError {
    proxy: String,
    what: String,
    /// Whether it may do it another time.
    pub(crate) passing: bool,
    /// Whether it is the proxy's fault alone, and not that of whom it was to connect to.
    pub(crate) own: bool,
}

/// The network behind a proxy.
pub(crate) struct ProxyNet {
    net: Arc<dyn Net>,
    proxy: ProxySetting,
}

/// What went wrong while speaking to the proxy.
enum Trouble {
    /// The connection to it.
    Io(io::Error),
    /// It does not want to; asking again does not help.
    Refused(String),
    /// It cannot be reached itself.
    Away(String),
    /// It could not connect this time.
    Failed(String),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl ProxyNet {
    pub(crate) fn new(net: Arc<dyn Net>, proxy: ProxySetting) -> Self {
        Self { net, proxy }
    }

    async fn tunnel(&self, to: SocketAddr) -> Result<BoxStream, Trouble> {
        let mut stream = self.reach().await?;
        match self.proxy.speech {
            Speech::Connect => self.ask_connect(&mut stream, to).await?,
            Speech::Socks5 => self.ask_socks5(&mut stream, to).await?,
        }
        Ok(stream)
    }

    /// A connection to the proxy itself.
    async fn reach(&self) -> Result<BoxStream, Trouble> {
        let addresses: Vec<IpAddr> = match &self.proxy.host {
            Host::Ipv4(ip) => vec![(*ip).into()],
            Host::Ipv6(ip) => vec![(*ip).into()],
            Host::Domain(name) => {
                let found = self.net.resolve(name).await;
                found.map_err(|error| Trouble::Away(format!("has no address: {error}")))?
            }
        };
        let mut last = Trouble::Away("has no address".to_owned());
        for ip in addresses {
            match self.net.connect(SocketAddr::new(ip, self.proxy.port)).await {
                Ok(stream) => return Ok(stream),
                Err(error) => {
                    last = Trouble::Away(format!("cannot be reached: {}", error.kind()));
                }
            }
        }
        Err(last)
    }

    /// RFC 9110, 9.3.6.
    async fn ask_connect(&self, stream: &mut BoxStream, to: SocketAddr) -> Result<(), Trouble> {
        let mut request = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n");
        if let Some((user, password)) = &self.proxy.login {
            let login = STANDARD.encode(format!("{}:{}", user.reveal(), password.reveal()));
            request.push_str(&format!("Proxy-Authorization: Basic {login}\r\n"));
        }
        request.push_str("\r\n");
        stream.write_all(request.as_bytes()).await?;
        stream.flush().await?;
        // Byte by byte at the end: what comes after the head belongs to the tunnel.
        let mut head = Vec::with_capacity(256);
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() >= ANSWER_BYTES_MAX {
                return Err(Trouble::Refused("gave an answer without an end".to_owned()));
            }
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return Err(Trouble::Failed("hung up instead of connecting".to_owned())),
            }
        }
        match status_of(&head) {
            Some(200..=299) => Ok(()),
            Some(407) if self.proxy.login.is_some() => {
                Err(Trouble::Refused("did not accept the name and password (407)".to_owned()))
            }
            Some(407) => Err(Trouble::Refused("asks for a name and password (407)".to_owned())),
            Some(status @ 500..) => Err(Trouble::Failed(format!("could not connect ({status})"))),
            Some(status) => Err(Trouble::Refused(format!("refused to connect ({status})"))),
            None => Err(Trouble::Refused("does not speak HTTP".to_owned())),
        }
    }

    /// RFC 1928, with names and passwords as in RFC 1929.
    async fn ask_socks5(&self, stream: &mut BoxStream, to: SocketAddr) -> Result<(), Trouble> {
        let method = if self.proxy.login.is_some() { 2 } else { 0 };
        stream.write_all(&[5, 1, method]).await?;
        stream.flush().await?;
        match read(stream).await? {
            [5, 0] => {}
            [5, 2] => self.log_in(stream).await?,
            [5, _] if method == 0 => {
                return Err(Trouble::Refused("asks for a name and password".to_owned()));
            }
            [5, _] => return Err(Trouble::Refused("takes no name and password".to_owned())),
            _ => return Err(Trouble::Refused("does not speak SOCKS5".to_owned())),
        }
        let mut request = vec![5, 1, 0];
        match to.ip() {
            IpAddr::V4(ip) => {
                request.push(1);
                request.extend_from_slice(&ip.octets());
            }
            IpAddr::V6(ip) => {
                request.push(4);
                request.extend_from_slice(&ip.octets());
            }
        }
        request.extend_from_slice(&to.port().to_be_bytes());
        stream.write_all(&request).await?;
        stream.flush().await?;
        let [version, reply, _, kind] = read(stream).await?;
        if version != 5 {
            return Err(Trouble::Refused("does not speak SOCKS5".to_owned()));
        }
        if reply != 0 {
            return Err(refused_by_socks(reply));
        }
        let bound = match kind {
            1 => 4,
            4 => 16,
            3 => usize::from(stream.read_u8().await?),
            _ => return Err(Trouble::Refused("does not speak SOCKS5".to_owned())),
        };
        let mut ignored = [0; 255 + 2];
        stream.read_exact(&mut ignored[..bound + 2]).await?;
        Ok(())
    }

    async fn log_in(&self, stream: &mut BoxStream) -> Result<(), Trouble> {
        let Some((user, password)) = &self.proxy.login else {
            return Err(Trouble::Refused("asks for a name and password".to_owned()));
        };
        let mut request = vec![1];
        for text in [user.reveal(), password.reveal()] {
            request.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
            request.extend_from_slice(text.as_bytes());
        }
        stream.write_all(&request).await?;
        stream.flush().await?;
        match read(stream).await? {
            [_, 0] => Ok(()),
            [_, _] => Err(Trouble::Refused("did not accept the name and password".to_owned())),
        }
    }
}

async fn read<const N: usize>(stream: &mut BoxStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

fn status_of(head: &[u8]) -> Option<u16> {
    let line = head.split(|b| *b == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    words.next().filter(|word| word.starts_with("HTTP/1."))?;
    words.next()?.parse().ok()
}

/// RFC 1928, 6.
fn refused_by_socks(reply: u8) -> Trouble {
    match reply {
        2 => Trouble::Refused("does not allow this connection".to_owned()),
        3 => Trouble::Failed("says that the network cannot be reached".to_owned()),
        4 => Trouble::Failed("says that the host cannot be reached".to_owned()),
        5 => Trouble::Failed("says that the connection was refused".to_owned()),
        6 => Trouble::Failed("says that the connection took too long".to_owned()),
        7 | 8 => Trouble::Refused("does not know how to do this".to_owned()),
        other => Trouble::Failed(format!("could not connect (reply {other})")),
    }
}

impl Net for ProxyNet {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
        self.net.resolve(host)
    }

    fn connect(&self, addr: SocketAddr) -> BoxFuture<'_, io::Result<BoxStream>> {
        Box::pin(async move {
            let (what, passing, own) = match self.tunnel(addr).await {
                Ok(stream) => return Ok(stream),
                Err(Trouble::Io(error)) => {
                    (format!("broke the connection off: {}", error.kind()), true, true)
                }
                Err(Trouble::Away(what)) => (what, true, true),
                Err(Trouble::Failed(what)) => (what, true, false),
                Err(Trouble::Refused(what)) => (what, false, true),
            };
            let proxy = self.proxy.to_string();
            Err(io::Error::other(ProxyError { proxy, what, passing, own }))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_read_and_shown_without_their_passwords() {
        let read = |text: &str| text.parse::<ProxySetting>();
        let plain = read("http://10.0.0.1:3128").expect("a proxy");
        assert_eq!((plain.to_string().as_str(), &plain.login), ("http://10.0.0.1:3128", &None));
        assert_eq!(plain.host, Host::<String>::Ipv4([10, 0, 0, 1].into()));
        assert_eq!(read("http://proxy.example").expect("a proxy").port, 80);
        let socks = read("socks5://me:s3%40cret@[::1]").expect("a proxy");
        assert_eq!(socks.to_string(), "socks5://[::1]:1080");
        let (user, password) = socks.login.clone().expect("a login");
        assert_eq!((user.reveal(), password.reveal()), ("me", "s3@cret"));
        let shown = format!("{socks:?} {}", serde_json::to_string(&socks).expect("a text"));
        assert!(!shown.contains("cret") && shown.contains("with a login"), "{shown}");
        for wrong in ["", "10.0.0.1:3128", "https://p:1", "ftp://p", "http://p/x", "socks5://"] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
        let error = read("ftp://me:s3cret@p").expect_err("no proxy").to_string();
        assert!(!error.contains("s3cret"), "{error}");
    }
}
