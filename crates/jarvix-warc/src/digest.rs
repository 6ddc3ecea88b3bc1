//! Digests as archives write them: `sha1:` with base32, `sha256:` with base32 or hex, and the other
//! spellings that are found. Unknown algorithms are no error; they are just not checked.

use std::fmt;

use data_encoding::{BASE32_NOPAD, HEXLOWER_PERMISSIVE};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// SHA-1: what nearly every archive has. It tells damage, not forgery.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl Algorithm {
    fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }
}

/// A digest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Digest {
    /// How it is made.
    pub algorithm: Algorithm,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Digest {
    /// Reads `algorithm:value`; `None` for algorithms that are not known and for what is no digest.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, value) = text.trim().split_once(':')?;
        let algorithm = match name.trim().to_ascii_lowercase().as_str() {
            "sha1" | "sha-1" => Algorithm::Sha1,
            "sha256" | "sha-256" => Algorithm::Sha256,
            _ => return None,
        };
        let value = value.trim().trim_end_matches('=');
        let bytes = if value.len() == algorithm.bytes() * 2 {
            HEXLOWER_PERMISSIVE.decode(value.as_bytes()).ok()?
        } else {
            BASE32_NOPAD.decode(value.to_ascii_uppercase().as_bytes()).ok()?
        };
        (bytes.len() == algorithm.bytes()).then_some(Self { algorithm, bytes })
    }

    /// The SHA-1 of what the slices hold together.
    pub fn sha1(slices: &[&[u8]]) -> Self {
        let mut hasher = Hasher::new(Algorithm::Sha1);
        slices.iter().for_each(|slice| hasher.update(slice));
        hasher.finish()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), BASE32_NOPAD.encode(&self.bytes))
    }
}

/// Makes a digest.
#[derive(Debug, Clone)]
pub struct Hasher(State);

#[derive(Debug, Clone)]
enum State {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Hasher {
    /// Nothing hashed yet.
    pub fn new(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Sha1 => State::Sha1(Sha1::new()),
            Algorithm::Sha256 => State::Sha256(Sha256::new()),
        })
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha1(hasher) => hasher.update(bytes),
            State::Sha256(hasher) => hasher.update(bytes),
        }
    }

    /// The digest of everything added.
    pub fn finish(self) -> Digest {
        match self.0 {
            State::Sha1(hasher) => {
                Digest { algorithm: Algorithm::Sha1, bytes: hasher.finalize().to_vec() }
            }
            State::Sha256(hasher) => {
                Digest { algorithm: Algorithm::Sha256, bytes: hasher.finalize().to_vec() }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_digest_is_read() {
        let empty = Digest::sha1(&[]);
        assert_eq!(empty.to_string(), "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ");
        for spelling in [
            "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ",
            "SHA1:3i42h3s6nnfq2msvx7xzkyayscx5qbyj",
            " sha-1:da39a3ee5e6b4b0d3255bfef95601890afd80709 ",
            "sha1:DA39A3EE5E6B4B0D3255BFEF95601890AFD80709",
        ] {
            assert_eq!(Digest::parse(spelling), Some(empty.clone()), "{spelling}");
        }
        let wide = Hasher::new(Algorithm::Sha256).finish();
        let hex = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        for spelling in [wide.to_string(), format!("{wide}===="), hex.to_owned()] {
            assert_eq!(Digest::parse(&spelling), Some(wide.clone()), "{spelling}");
        }
        for none in ["", "sha1", "sha1:", "sha1:AAAA", "md5:d41d8cd98f00b204e9800998ecf8427e"] {
            assert_eq!(Digest::parse(none), None, "{none}");
        }
    }
}
