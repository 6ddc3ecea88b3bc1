//! An answer on its way out: the body type that hyper polls, and the few headers that go with it.
//!
//! A whole page is one reference-counted buffer, so that sending it costs no copy. The other kind
//! of body breaks off on purpose: it promises more than it sends.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use hyper::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, VARY,
};
use hyper::{Response, StatusCode};
use tokio::time::Sleep;

use crate::log::InFlight;

/// How long a body that breaks off waits before it does: the bytes before the break have left.
const BREAK_AFTER: Duration = Duration::from_millis(50);

pub(crate) const HTML: HeaderValue = HeaderValue::from_static("text/html");
pub(crate) const HTML_UTF8: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
pub(crate) const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
pub(crate) const GZIP: HeaderValue = HeaderValue::from_static("gzip");

/// A response body; holds the request's place in the access log until it is sent or dropped.
pub(crate) struct Body {
    kind: Kind,
    in_flight: Option<InFlight>,
}

enum Kind {
    Whole(Option<Bytes>),
    Broken { start: Option<Bytes>, promised: u64, pause: Pin<Box<Sleep>> },
}

impl Body {
    fn whole(bytes: Bytes) -> Self {
        Self { kind: Kind::Whole(Some(bytes).filter(|b| !b.is_empty())), in_flight: None }
    }

    /// Promises `promised` bytes, sends `start` and then closes the connection.
    pub(crate) fn broken(start: Bytes, promised: u64) -> Self {
        let pause = Box::pin(tokio::time::sleep(BREAK_AFTER));
        Self { kind: Kind::Broken { start: Some(start), promised, pause }, in_flight: None }
    }

    pub(crate) fn hold(&mut self, in_flight: Option<InFlight>) {
        self.in_flight = in_flight;
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match &mut self.kind {
            Kind::Whole(bytes) => Poll::Ready(bytes.take().map(|b| Ok(Frame::data(b)))),
            Kind::Broken { start, pause, .. } => {
                if let Some(bytes) = start.take() {
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                pause.as_mut().poll(context).map(|()| Some(Err(io::ErrorKind::BrokenPipe.into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.kind, Kind::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match &self.kind {
            Kind::Whole(bytes) => bytes.as_ref().map_or(0, |b| b.len() as u64),
            Kind::Broken { promised, .. } => *promised,
        })
    }
}

/// A 200 with these bytes.
pub(crate) fn page(bytes: Bytes, content_type: HeaderValue, gzip: bool) -> Response<Body> {
    let mut response = Response::new(Body::whole(bytes));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    if gzip {
        headers.insert(CONTENT_ENCODING, GZIP);
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}

/// A short text with any status.
pub(crate) fn text(status: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    let mut response = page(text.into(), TEXT, false);
    *response.status_mut() = status;
    response
}

/// A redirect; a target that does not fit into a header becomes a 500.
pub(crate) fn redirect(status: StatusCode, target: &str) -> Response<Body> {
    let Ok(location) = HeaderValue::from_str(target) else {
        return text(StatusCode::INTERNAL_SERVER_ERROR, "the redirect has no usable target\n");
    };
    let mut response = text(status, "this page has moved\n");
    response.headers_mut().insert(LOCATION, location);
    response
}

/// Whether the client reads gzip.
pub(crate) fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT_ENCODING).iter().any(|value| {
        let Ok(value) = value.to_str() else { return false };
        value.split(',').any(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let name = name.trim();
            let refused = matches!(weight.replace(' ', "").as_str(), "q=0" | "q=0.0");
            (name.eq_ignore_ascii_case("gzip") || name == "*") && !refused
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_only_to_those_who_read_it() {
        let cases = [
            ("gzip, br", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("*", true),
            ("gzip; q=0", false),
            ("identity", false),
            ("", false),
        ];
        for (value, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_str(value).expect("a header value"));
            assert_eq!(accepts_gzip(&headers), expected, "{value:?}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
