//! What may be set about collecting. The fields of [`CollectSettings`] are the flags of the
//! command line; the structs inside it are tuning that nobody should have to touch and that tests
//! make small.
//!
//! Of these settings only the mode of rendering belongs to a run's identity; the others are
//! operational and may change when a run is continued.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use jarvix_core::{RunId, limits};
use serde::{Deserialize, Serialize};

pub use crate::content::{MediaRange, MediaRangeError};
pub use crate::guard::{AllowNet, AllowNetError};
pub use crate::proxy::{ProxySetting, ProxySettingError};
pub use crate::rendering::settings::{RenderMode, RenderModeError, Rendering};
pub use crate::secrets::{Credential, RequestHeader, Secret, SecretError};

/// The page that says what Jarvix is, for those who find it in their logs.
pub const PROJECT_PAGE: &str = env!("CARGO_PKG_REPOSITORY");
/// The name that Jarvix answers to in robots.txt.
pub const ROBOTS_TOKEN: &str = "jarvix";

/// How to collect: one field per flag of the command line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CollectSettings {
    /// Fetches under way at one time, in all.
    pub concurrent: usize,
    /// Fetches under way at one time, per host.
    pub per_host: usize,
    /// Most pages of one host, those that the input names first; 0 sets no limit. The one setting
    /// here that is part of a run's identity: its pages would depend on when it was changed.
    pub pages_per_host: u64,
    /// Fetches under way at one time, per address; `None` sets no limit.
    pub per_address: Option<usize>,
    /// Most requests per second and address; 0 sets no limit.
    pub rate_per_address: f64,
    /// One attempt from connect to last byte, redirects included, politeness waits not.
    #[serde(with = "seconds")]
    pub timeout: Duration,
    /// Further attempts after the first.
    pub retries: u32,
    /// Rows after which a part closes.
    pub chunk_rows: u64,
    /// Committed parts that the next stage may be behind before fetching waits for it.
    pub max_backlog: u64,
    /// Largest body that is received, in bytes; a longer one is cut.
    pub max_body: u64,
    /// Bytes that the process may have in memory; near it fewer fetches are begun. `None` is what
    /// the control group or the machine has.
    pub max_memory: Option<u64>,
    /// Most requests per second and host; 0 sets no fixed rate.
    pub rate_per_host: f64,
    /// Most requests per second in all; 0 sets no fixed rate.
    pub rate: f64,
    /// Where the limit per host follows the answers.
    pub adaptive: Adaptive,
    /// Failures of a host in a row, each of another URL, after which it is put aside for a while,
    /// and given up when that was no help; 0 never does that.
    pub host_failures: u32,
    /// Ranges that may be fetched although they are not public.
    pub allow_net: Vec<AllowNet>,
    /// Media types that are kept; empty keeps all that is text.
    pub accept: Vec<MediaRange>,
    /// Whether robots.txt is asked for and obeyed.
    pub robots: bool,
    /// The `User-Agent` header; `None` is `Jarvix/<version> (+<project page>; <contact>)`.
    pub user_agent: Option<String>,
    /// A page or mail address of whoever runs this, for the site's operator.
    pub contact: Option<String>,
    /// Name servers to ask instead of the system's.
    pub dns: Vec<DnsServer>,
    /// Time after which no more fetches are begun; the rest stays pending.
    #[serde(with = "optional_seconds")]
    pub max_time: Option<Duration>,
    /// Most pages that are found on one host; 0 sets no limit.
    pub crawl_pages_per_host: u64,
    /// Most queries with which one path is followed; 0 sets no limit.
    pub crawl_query_variants: u64,
    /// A PEM file of further certificate authorities to trust.
    pub ca_file: Option<PathBuf>,
    /// The earlier run whose unchanged pages need not be sent again.
    pub base: Option<RunId>,
    /// Headers of one's own, sent with every request; written down without their values.
    #[serde(deserialize_with = "hidden")]
    pub headers: Vec<RequestHeader>,
    /// Names and passwords or tokens for single origins; written down without them.
    #[serde(deserialize_with = "hidden")]
    pub credentials: Vec<Credential>,
    /// Whether cookies are kept and sent back.
    pub cookies: bool,
    /// The proxy that every connection goes through; written down without its password.
    #[serde(deserialize_with = "hidden")]
    pub proxy: Option<ProxySetting>,
    /// Time limits inside one attempt.
    pub phases: Phases,
    /// When to try again.
    pub backoff: Backoff,
    /// How long a failing host is put aside.
    pub breaker: BreakerSettings,
    /// Connections.
    pub pool: PoolSettings,
    /// Waiting for the disk, and stopping.
    pub patience: Patience,
    /// Pages that need a browser.
    pub rendering: Rendering,
}

impl Default for CollectSettings {
    fn default() -> Self {
        Self {
            concurrent: 100,
            per_host: 4,
            pages_per_host: 0,
            per_address: None,
            rate_per_address: 0.0,
            timeout: Duration::from_secs(30),
            retries: 2,
            chunk_rows: limits::PART_ROWS_MAX,
            max_backlog: limits::BACKLOG_PARTS_MAX,
            max_body: limits::BODY_BYTES_MAX,
            max_memory: None,
            rate_per_host: 0.0,
            rate: 0.0,
            adaptive: Adaptive::Public,
            host_failures: 5,
            allow_net: Vec::new(),
            accept: Vec::new(),
            robots: true,
            user_agent: None,
            contact: None,
            dns: Vec::new(),
            max_time: None,
            crawl_pages_per_host: limits::CRAWL_PAGES_PER_HOST,
            crawl_query_variants: limits::CRAWL_QUERY_VARIANTS,
            ca_file: None,
            base: None,
            headers: Vec::new(),
            credentials: Vec::new(),
            cookies: false,
            proxy: None,
            phases: Phases::default(),
            backoff: Backoff::default(),
            breaker: BreakerSettings::default(),
            pool: PoolSettings::default(),
            patience: Patience::default(),
            rendering: Rendering::default(),
        }
    }
}

impl CollectSettings {
    /// The `User-Agent` header that is sent.
    pub fn user_agent(&self) -> String {
        if let Some(text) = &self.user_agent {
            return text.clone();
        }
        let contact = self.contact.as_ref().map(|c| format!("; {c}")).unwrap_or_default();
        format!("Jarvix/{} (+{PROJECT_PAGE}{contact})", env!("CARGO_PKG_VERSION"))
    }
}

/// Where the limit per host rises and falls with the answers (invariant I5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Adaptive {
    /// On public addresses; in ranges opened by `allow_net` the limit starts at its maximum.
    #[default]
    Public,
    /// Everywhere (`--adaptive on`).
    On,
    /// Nowhere (`--adaptive off`): the limit is `per_host` from the start.
    Off,
}

/// Time limits inside one attempt; the total is [`CollectSettings::timeout`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Phases {
    /// Resolving the host's name.
    #[serde(with = "seconds")]
    pub dns: Duration,
    /// The TCP handshake, over all addresses of the host.
    #[serde(with = "seconds")]
    pub connect: Duration,
    /// The TLS handshake.
    #[serde(with = "seconds")]
    pub tls: Duration,
    /// From sending the request to the end of the answer's headers.
    #[serde(with = "seconds")]
    pub head: Duration,
    /// The window over which the body's rate is measured.
    #[serde(with = "seconds")]
    pub rate_window: Duration,
    /// Least bytes per second of a body, as the average of a window.
    pub rate_min: u64,
}

impl Default for Phases {
    fn default() -> Self {
        Self {
            dns: Duration::from_secs(10),
            connect: Duration::from_secs(10),
            tls: Duration::from_secs(10),
            head: Duration::from_secs(30),
            rate_window: Duration::from_secs(5),
            rate_min: 64,
        }
    }
}

/// When to try again: jittered, doubling from `base` to `cap`, unless the server says when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backoff {
    /// The wait before the second attempt, before jitter.
    #[serde(with = "seconds")]
    pub base: Duration,
    /// The longest wait that is chosen here.
    #[serde(with = "seconds")]
    pub cap: Duration,
    /// The longest `Retry-After` that is waited for; a longer one ends the URL with its status.
    #[serde(with = "seconds")]
    pub retry_after_max: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            base: Duration::from_millis(500),
            cap: Duration::from_secs(30),
            retry_after_max: Duration::from_secs(120),
        }
    }
}

/// How long a host that keeps failing is put aside (see [`CollectSettings::host_failures`]):
/// doubling from `aside` to `aside_max`, with one request to see whether it is well after each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerSettings {
    /// The first time.
    #[serde(with = "seconds")]
    pub aside: Duration,
    /// At most.
    #[serde(with = "seconds")]
    pub aside_max: Duration,
    /// How often, before the host is given up for the session.
    pub asides_max: u32,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { aside: Duration::from_secs(30), aside_max: Duration::from_secs(300), asides_max: 2 }
    }
}

/// Connections that are kept for the next request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PoolSettings {
    /// Open connections in all, unless `concurrent` is larger; the longest idle goes first.
    pub connections_max: usize,
    /// How long an idle connection is kept.
    #[serde(with = "seconds")]
    pub idle_max: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self { connections_max: 256, idle_max: Duration::from_secs(15) }
    }
}

/// How long to wait for what should come back, and for what is in flight when stopping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Patience {
    /// Free disk space below which fetching pauses, in bytes.
    pub free_space_min: u64,
    /// How long to pause for free disk space before giving up (the run can be continued).
    #[serde(with = "seconds")]
    pub free_space_wait: Duration,
    /// How long fetches in flight may take to finish after a stop.
    #[serde(with = "seconds")]
    pub drain: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            free_space_min: limits::FREE_SPACE_MIN,
            free_space_wait: Duration::from_secs(60),
            drain: Duration::from_secs(5),
        }
    }
}

/// A name server: an address, with a port where it is not 53.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DnsServer(pub SocketAddr);

/// The text is not the address of a name server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not the address of a name server: write 192.0.2.1 or 192.0.2.1:53")]
pub struct DnsServerError {
    text: String,
}

impl std::str::FromStr for DnsServer {
    type Err = DnsServerError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let alone = || text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53));
        let address = text.parse::<SocketAddr>().or_else(|_| alone());
        address.map(Self).map_err(|_| DnsServerError { text: text.to_owned() })
    }
}

impl TryFrom<String> for DnsServer {
    type Error = DnsServerError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<DnsServer> for String {
    fn from(server: DnsServer) -> Self {
        server.0.to_string()
    }
}

/// What was written down without its secret cannot be read back.
fn hidden<'de, D: serde::Deserializer<'de>, T: Default>(from: D) -> Result<T, D::Error> {
    serde::de::IgnoredAny::deserialize(from).map(|_| T::default())
}

pub(crate) mod seconds {
    use super::Duration;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(value.as_secs_f64())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(from)?).map_err(D::Error::custom)
    }
}

mod optional_seconds {
    use super::Duration;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        value: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => to.serialize_some(&value.as_secs_f64()),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Duration>, D::Error> {
        let seconds = Option::<f64>::deserialize(from)?;
        seconds.map(|s| Duration::try_from_secs_f64(s).map_err(D::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_being_written_down() {
        let settings = CollectSettings {
            allow_net: vec!["127.0.0.1:8080".parse().expect("valid")],
            dns: vec!["192.0.2.1".parse().expect("valid")],
            max_time: Some(Duration::from_millis(1500)),
            base: Some("before".parse().expect("valid")),
            cookies: true,
            ..CollectSettings::default()
        };
        let text = serde_json::to_string(&settings).expect("plain values");
        let back: CollectSettings = serde_json::from_str(&text).expect("what was written");
        assert_eq!(back, settings);
        let mut secretive = settings.clone();
        secretive.headers = vec![RequestHeader::new("X-Key", "s3cret").expect("valid")];
        secretive.proxy = Some("http://10.0.0.1:3128".parse().expect("valid"));
        let text = serde_json::to_string(&secretive).expect("plain values");
        let back: CollectSettings = serde_json::from_str(&text).expect("what was written");
        assert_eq!(back, settings, "what was hidden is gone, the rest is there");
        assert!(serde_json::from_str::<CollectSettings>(r#"{"timeut": 3}"#).is_err());
        assert!(serde_json::from_str::<CollectSettings>(r#"{"timeout": -3}"#).is_err());
    }

    #[test]
    fn the_user_agent_says_who_and_where() {
        let mut settings = CollectSettings::default();
        assert!(settings.user_agent().starts_with("Jarvix/"), "{}", settings.user_agent());
        settings.contact = Some("mailto:ops@example.org".to_owned());
        assert!(settings.user_agent().ends_with("; mailto:ops@example.org)"));
        settings.user_agent = Some("Other/1".to_owned());
        assert_eq!(settings.user_agent(), "Other/1");
    }
}
