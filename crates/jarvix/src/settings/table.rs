//! The table of settings. Flags, environment variables, files, help and `config show` all derive
//! from it: a setting is listed here or does not exist.

use super::Kind;

/// One setting.
#[derive(Debug)]
pub struct Key {
    /// Its name in files and in `config show`: `section.key`, or `key` for global ones.
    pub name: &'static str,
    /// Its flag, without dashes.
    pub flag: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// The default, as one would write it; empty for "none".
    pub default: &'static str,
    /// One line for people.
    pub about: &'static str,
    /// The commands that have its flag; empty for flags that every command has.
    pub commands: &'static [&'static str],
}

impl Key {
    /// The environment variable: `JARVIX_` and the flag in capitals, without the `no-` of a flag
    /// that switches off.
    pub fn variable(&self) -> String {
        let flag = match self.kind {
            Kind::Off => self.flag.trim_start_matches("no-"),
            _ => self.flag,
        };
        format!("JARVIX_{}", flag.to_ascii_uppercase().replace('-', "_"))
    }
}

const COLLECT: &[&str] = &["run", "collect"];
const OBEY: &[&str] = &["obey", "ignore"];
const SCORE: &[&str] = &["run", "demo", "score"];
const GLOBAL: &[&str] = &[];

const fn key(
    name: &'static str,
    flag: &'static str,
    kind: Kind,
    default: &'static str,
    commands: &'static [&'static str],
    about: &'static str,
) -> Key {
    Key { name, flag, kind, default, about, commands }
}

/// Every setting.
pub const KEYS: &[Key] = &[
    key("data", "data", Kind::Text, "data", GLOBAL, "Folder that holds every run"),
    key(
        "threads",
        "threads",
        Kind::Threads,
        "auto",
        GLOBAL,
        "Threads for CPU work: a number, or auto for all cores",
    ),
    key(
        "log_format",
        "log-format",
        Kind::Choice(&["text", "json"]),
        "text",
        GLOBAL,
        "How log lines on stderr are written: text or json",
    ),
    key(
        "color",
        "color",
        Kind::Choice(&["auto", "always", "never"]),
        "auto",
        GLOBAL,
        "Colour in the terminal: auto, always or never",
    ),
    key(
        "collect.concurrent",
        "concurrent",
        Kind::Count { min: 1, max: 100_000 },
        "100",
        COLLECT,
        "Most fetches at the same time",
    ),
    key(
        "collect.timeout",
        "timeout",
        Kind::SomeSeconds,
        "30",
        COLLECT,
        "Seconds for one attempt, from connect to last byte, redirects included",
    ),
    key(
        "collect.retries",
        "retries",
        Kind::Count { min: 0, max: 20 },
        "2",
        COLLECT,
        "Further attempts after the first",
    ),
    key(
        "collect.chunk_size",
        "chunk-size",
        Kind::Count { min: 1, max: 1_000_000 },
        "4096",
        COLLECT,
        "Rows after which a part is closed",
    ),
    key(
        "collect.max_backlog",
        "max-backlog",
        Kind::Count { min: 1, max: 1_000_000 },
        "64",
        COLLECT,
        "Parts that curation may be behind before fetching waits for it",
    ),
    key(
        "collect.per_host",
        "per-host",
        Kind::Count { min: 1, max: 10_000 },
        "4",
        COLLECT,
        "Most connections to one host",
    ),
    key(
        "collect.per_address",
        "per-address",
        Kind::Count { min: 0, max: 100_000 },
        "0",
        COLLECT,
        "Most fetches at the same time from one IP address, over all hosts behind it; 0 sets no limit",
    ),
    key(
        "collect.rate_per_address",
        "rate-per-address",
        Kind::Number,
        "0",
        COLLECT,
        "Most requests per second to one IP address; 0 sets no fixed rate",
    ),
    key(
        "collect.pages_per_host",
        "pages-per-host",
        Kind::Count { min: 0, max: 1_000_000_000 },
        "0",
        COLLECT,
        "Most pages of one host, the first of the input; 0 is no limit",
    ),
    key(
        "collect.rate_per_host",
        "rate-per-host",
        Kind::Number,
        "0",
        COLLECT,
        "Most requests per second to one host; 0 sets no fixed rate",
    ),
    key(
        "collect.rate",
        "rate",
        Kind::Number,
        "0",
        COLLECT,
        "Most requests per second in all; 0 sets no fixed rate",
    ),
    key(
        "collect.adaptive",
        "adaptive",
        Kind::Choice(&["auto", "on", "off"]),
        "auto",
        COLLECT,
        "Start slowly and follow each host's health: auto (on for public hosts), on or off",
    ),
    key(
        "collect.host_failures",
        "host-failures",
        Kind::Count { min: 0, max: 1_000_000 },
        "5",
        COLLECT,
        "Failures in a row after which a host is put aside, and given up if that is no help; 0 is never",
    ),
    key(
        "collect.max_body",
        "max-body",
        Kind::SomeBytes,
        "10MiB",
        COLLECT,
        "Largest body that is kept; a longer one is cut",
    ),
    key(
        "collect.max_memory",
        "max-memory",
        Kind::Bytes,
        "0",
        COLLECT,
        "Memory near which fewer fetches are begun; 0 is what the control group or machine has",
    ),
    key(
        "collect.max_time",
        "max-time",
        Kind::Seconds,
        "0",
        COLLECT,
        "Seconds after which collecting stops, resumable; 0 is no limit",
    ),
    key(
        "collect.allow_net",
        "allow-net",
        Kind::List,
        "",
        COLLECT,
        "Private range that may be fetched, as CIDR[:PORT]; may be repeated",
    ),
    key(
        "collect.accept",
        "accept",
        Kind::List,
        "",
        COLLECT,
        "Media types to keep, such as text/html or text/*; others are not received [default: all text]",
    ),
    key("collect.robots", "no-robots", Kind::Off, "on", COLLECT, "Do not ask robots.txt"),
    key(
        "collect.user_agent",
        "user-agent",
        Kind::Text,
        "",
        COLLECT,
        "User-Agent header [default: Jarvix/<version> and the project's page]",
    ),
    key(
        "collect.contact",
        "contact",
        Kind::Text,
        "",
        COLLECT,
        "Web or mail address that sites can turn to; joins the User-Agent",
    ),
    key(
        "collect.dns",
        "dns",
        Kind::List,
        "",
        COLLECT,
        "Name server to ask instead of the system's; may be repeated",
    ),
    key(
        "collect.ca_file",
        "ca-file",
        Kind::Text,
        "",
        COLLECT,
        "File of further trusted certificates (PEM)",
    ),
    key(
        "collect.base",
        "base",
        Kind::Text,
        "",
        COLLECT,
        "Earlier run, or latest for the newest finished one of the same input, whose unchanged pages are copied instead of sent again",
    ),
    key(
        "collect.headers",
        "header",
        Kind::HiddenHeaders,
        "",
        COLLECT,
        "Header to send with every request; the value may be env:NAME or @FILE; may be repeated",
    ),
    key(
        "collect.auth",
        "auth",
        Kind::HiddenLogins,
        "",
        COLLECT,
        "Name and password for one host, HOST=USER:PASSWORD, or HOST=env:NAME or HOST=@FILE; http://HOST sends them unencrypted; may be repeated",
    ),
    key(
        "collect.bearer",
        "bearer",
        Kind::HiddenLogins,
        "",
        COLLECT,
        "Token for one host, HOST=TOKEN, as with --auth; may be repeated",
    ),
    key(
        "collect.cookies",
        "cookies",
        Kind::On,
        "off",
        COLLECT,
        "Keep the cookies of each site while the command runs, and send them back",
    ),
    key(
        "collect.proxy",
        "proxy",
        Kind::HiddenAddress,
        "",
        COLLECT,
        "Proxy for every connection: http://HOST:PORT (CONNECT) or socks5://[USER:PASSWORD@]HOST:PORT, or env:NAME or @FILE with that",
    ),
    key(
        "collect.url_column",
        "url-column",
        Kind::Text,
        "",
        COLLECT,
        "Column of a CSV, TSV, JSONL or Parquet list that holds the URLs",
    ),
    key(
        "collect.include",
        "include",
        Kind::Texts,
        "",
        COLLECT,
        "Take only URLs that match this regular expression; may be repeated",
    ),
    key(
        "collect.exclude",
        "exclude",
        Kind::Texts,
        "",
        COLLECT,
        "Leave out URLs that match this regular expression; may be repeated",
    ),
    key(
        "collect.depth",
        "depth",
        Kind::Count { min: 0, max: 1_000 },
        "0",
        COLLECT,
        "Follow links so many steps away from the input",
    ),
    key(
        "collect.scope",
        "scope",
        Kind::Choice(&["host", "domain", "prefix", "any"]),
        "host",
        COLLECT,
        "Where links may lead, seen from the input: the same host (www. aside), domain, prefix (its folder) or any",
    ),
    key(
        "collect.nofollow",
        "nofollow",
        Kind::Choice(OBEY),
        "obey",
        COLLECT,
        "Links and pages that ask not to be followed: obey or ignore",
    ),
    key(
        "collect.canonical",
        "canonical",
        Kind::Choice(OBEY),
        "ignore",
        COLLECT,
        "A page that names another address as its own: obey (follow that and no other link of it) or ignore",
    ),
    key(
        "collect.sitemaps",
        "sitemaps",
        Kind::On,
        "off",
        COLLECT,
        "Look for sitemaps of the input's hosts and take what they list as input too",
    ),
    key(
        "collect.crawl_pages_per_host",
        "crawl-pages-per-host",
        Kind::Count { min: 0, max: 100_000_000 },
        "100000",
        COLLECT,
        "Most pages that are found on one host, beside the input; 0 is no limit",
    ),
    key(
        "collect.crawl_query_variants",
        "crawl-query-variants",
        Kind::Count { min: 0, max: 100_000_000 },
        "1000",
        COLLECT,
        "Most queries (?...) with which one path is followed; 0 is no limit",
    ),
    key(
        "run.max_failed",
        "max-failed",
        Kind::Fraction,
        "0.5",
        COLLECT,
        "Share of failed pages above which the exit code is 3",
    ),
    key(
        "score.profile",
        "profile",
        Kind::Text,
        "default",
        SCORE,
        "Scoring profile: a built-in name (default, classic) or a TOML file",
    ),
    key(
        "report.formats",
        "report",
        Kind::List,
        "html,json,csv",
        &["run", "demo"],
        "Report formats to write: html, json, csv",
    ),
    key(
        "report.top",
        "top",
        Kind::Count { min: 0, max: 10_000 },
        "10",
        &["run", "demo", "score"],
        "Rows of the ranking shown in the terminal",
    ),
];
