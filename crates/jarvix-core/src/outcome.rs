//! How fetching one distinct URL ended: a closed list. Every line of input ends in exactly one of
//! these, in a reject, or in a counted duplicate; the table below feeds the schema, the report, the
//! help and the exit code.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! outcomes {
    ($($variant:ident $name:literal $failure:literal $about:literal;)*) => {
        /// How fetching one distinct URL ended.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Outcome {
            $(#[doc = $about] $variant,)*
        }

        impl Outcome {
            /// Every outcome, in the order of the tables that show them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word in datasets, reports and on the command line.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// One sentence for people.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }

            /// Whether it counts towards `--max-failed` (robots, budgets and what is not text do not).
            pub const fn is_failure(self) -> bool {
                match self { $(Self::$variant => $failure,)* }
            }
        }
    };
}

outcomes! {
    Fetched "fetched" false "The server answered with success (2xx).";
    NotModified "not_modified" false "The server said that the page has not changed since the base run.";
    HttpError "http_error" true "The server answered with an error status (4xx or 5xx).";
    NotContent "not_content" false "The answer is not text: an image, an archive, a programme.";
    RobotsDenied "robots_denied" false "The site's robots.txt asks not to fetch this address.";
    AddressDenied "address_denied" true "The name leads to a private, loopback, link-local or metadata address.";
    SchemeDenied "scheme_denied" true "Only http and https are fetched.";
    Dns "dns" true "The host's name could not be resolved.";
    Connect "connect" true "No connection could be made.";
    Tls "tls" true "The secure connection could not be set up or the certificate is not valid.";
    Timeout "timeout" true "The answer did not arrive in time.";
    Protocol "protocol" true "The answer is not valid HTTP.";
    Incomplete "incomplete" true "The connection ended before the answer was complete.";
    RedirectLimit "redirect_limit" true "The redirects are too many or go in a circle.";
    HostSuspended "host_suspended" true "The host kept failing and was put aside.";
    Budget "budget" false "A limit of the run was reached before this address had its turn.";
    Internal "internal" true "Jarvix itself failed on this address.";
}

impl Outcome {
    /// Reads what [`as_str`](Self::as_str) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|o| o.as_str() == text)
    }

    /// Whether a page with this outcome gives a document.
    pub const fn gives_document(self) -> bool {
        matches!(self, Self::Fetched | Self::NotModified)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_read_back() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()), Some(*outcome));
        }
        assert!(Outcome::ALL.iter().filter(|o| o.gives_document()).all(|o| !o.is_failure()));
    }
}
