//! The head of an HTTP answer as it stands in a record: names, order and repeats as they are there.

use std::fmt;
use std::io::{self, BufRead, Read};

use crate::fields::{Fields, without_end};
use crate::limits::Limits;

/// Empty lines that may stand before the status line.
const BLANK_LINES_MAX: usize = 4;

/// The head of an HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpHead {
    /// What stands before the status: `HTTP/1.1`.
    pub version: String,
    /// The status code.
    pub status: u16,
    /// What stands after it; often nothing.
    pub reason: String,
    /// The header lines.
    pub fields: Fields,
}

/// Why there is no head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpHeadError {
    /// The block does not begin like an HTTP answer.
    NotHttp,
    /// The head is longer or has more lines than is allowed.
    TooLarge,
}

impl fmt::Display for HttpHeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotHttp => "the record holds no HTTP answer",
            Self::TooLarge => "the headers of the answer are too large",
        })
    }
}

/// Reads the head of an answer; what follows it is the body. A head that ends with its record is
/// taken as it is.
pub fn read_http_head(
    from: &mut impl BufRead,
    limits: &Limits,
) -> io::Result<Result<HttpHead, HttpHeadError>> {
    let mut left = limits.http_head_bytes_max;
    let mut line = Vec::new();
    let mut head = None;
    for _ in 0..=BLANK_LINES_MAX {
        if !next_line(from, &mut line, &mut left)? {
            return Ok(Err(HttpHeadError::TooLarge));
        }
        head = status_line(without_end(&line));
        if head.is_some() || !without_end(&line).is_empty() || line.is_empty() {
            break;
        }
    }
    let Some(mut head) = head else { return Ok(Err(HttpHeadError::NotHttp)) };
    loop {
        if !next_line(from, &mut line, &mut left)? {
            return Ok(Err(HttpHeadError::TooLarge));
        }
        let text = without_end(&line);
        if text.is_empty() {
            return Ok(Ok(head));
        }
        if head.fields.add_line(text, limits.http_fields_max).is_err() {
            return Ok(Err(HttpHeadError::TooLarge));
        }
    }
}

/// Reads a line with its end, nothing at the end of the block; false if it is too long.
fn next_line(from: &mut impl BufRead, line: &mut Vec<u8>, left: &mut usize) -> io::Result<bool> {
    line.clear();
    let read = from.take(*left as u64).read_until(b'\n', line)?;
    *left -= read;
    Ok(line.ends_with(b"\n") || *left > 0)
}

fn status_line(line: &[u8]) -> Option<HttpHead> {
    let text = String::from_utf8_lossy(line);
    let mut words = text.trim_start().splitn(3, ' ');
    let version = words
        .next()
        .filter(|word| word.get(..5).is_some_and(|begin| begin.eq_ignore_ascii_case("HTTP/")))?;
    let status = words.next()?.trim();
    let status: u16 = status.parse().ok().filter(|s| (100..1000).contains(s))?;
    let reason = words.next().unwrap_or_default().trim().to_owned();
    Some(HttpHead { version: version.to_owned(), status, reason, fields: Fields::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Result<HttpHead, HttpHeadError>, String) {
        let limits = Limits { http_head_bytes_max: 200, http_fields_max: 3, ..Limits::default() };
        let mut from = text.as_bytes();
        let head = read_http_head(&mut from, &limits).expect("memory can be read");
        (head, String::from_utf8_lossy(from).into_owned())
    }

    #[test]
    fn heads_are_read_however_they_are_ended() {
        for (text, status, fields, body) in [
            ("HTTP/1.1 200 OK\r\nA: 1\r\nb: 2\r\n\r\nbody", 200, 2, "body"),
            ("HTTP/1.0 404\nA: 1\n\nbody\n", 404, 1, "body\n"),
            ("\r\n\nHTTP/2 204 \r\n\r\n", 204, 0, ""),
            ("HTTP/1.1 301 Moved Permanently\r\nLocation: /", 301, 1, ""),
            ("http/1.1 200 OK", 200, 0, ""),
        ] {
            let (head, rest) = read(text);
            let head = head.expect(text);
            assert_eq!((head.status, head.fields.0.len(), rest.as_str()), (status, fields, body));
        }
    }

    #[test]
    fn what_is_no_head_is_told_from_what_is_too_large() {
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(4));
        let long = format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "b".repeat(300));
        for (text, error) in [
            ("", HttpHeadError::NotHttp),
            ("\n\n\n\n\n\n\n\nHTTP/1.1 200 OK\n\n", HttpHeadError::NotHttp),
            ("<html>", HttpHeadError::NotHttp),
            ("HTTP/1.1 2000 OK\n\n", HttpHeadError::NotHttp),
            ("HTTP/1.1 99 OK\n\n", HttpHeadError::NotHttp),
            (&many, HttpHeadError::TooLarge),
            (&long, HttpHeadError::TooLarge),
        ] {
            assert_eq!(read(text).0, Err(error), "{text:?}");
        }
    }
}
