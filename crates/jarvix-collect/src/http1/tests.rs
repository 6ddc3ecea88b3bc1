//! What a client makes of answers, whole, cut, and cut into pieces of every size.

use super::*;
use crate::net::BoxStream;
use crate::wire::Metered;
use proptest::prelude::*;
use tokio::io::DuplexStream;

/// What a client makes of these bytes, which come in pieces of `piece` bytes before the end.
struct Told {
    head: Result<Head, Http1Error>,
    body: Vec<u8>,
    end: Result<(), Http1Error>,
    can_serve: bool,
}

fn connection() -> (DuplexStream, Http1) {
    let (far, near) = tokio::io::duplex(1024 * 1024);
    let near: BoxStream = Box::new(near);
    (far, Http1::new(Io::Plain(Metered::new(near).0)))
}

fn tell(sent: &[u8], piece: usize) -> Told {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let (mut far, mut http) = connection();
        let sent = sent.to_vec();
        let server = tokio::spawn(async move {
            for piece in sent.chunks(piece) {
                // The client may have had enough.
                if far.write_all(piece).await.is_err() {
                    return;
                }
                tokio::task::yield_now().await;
            }
        });
        let head = http.ask(b"GET / HTTP/1.1\r\n\r\n").await;
        let (mut body, mut end) = (Vec::new(), Ok(()));
        while head.is_ok() {
            match http.more().await {
                Ok(0) => break,
                Ok(count) => {
                    body.extend_from_slice(http.data(count));
                    http.done_with(count);
                }
                Err(error) => {
                    end = Err(error);
                    break;
                }
            }
        }
        let can_serve = http.can_serve();
        drop(http);
        server.await.expect("the server ends");
        Told { head, body, end, can_serve }
    })
}

/// `Ok` with the body and whether the connection serves again, or the words of the error.
fn outcome(sent: &str, piece: usize) -> Result<(String, bool), String> {
    let told = tell(sent.as_bytes(), piece);
    told.head.map_err(|error| error.to_string())?;
    told.end.map_err(|error| error.to_string())?;
    Ok((String::from_utf8(told.body).expect("text"), told.can_serve))
}

#[test]
fn bodies_end_where_the_head_says() {
    let cases = [
        ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", "abc", true),
        ("HTTP/1.1 200\r\ncontent-length: 3\r\n\r\nabc", "abc", true),
        ("\r\n\r\nHTTP/1.1 200 OK\ncontent-length: 3\n\nabc", "abc", true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 3, 3\r\nContent-Length: 3\r\n\r\nabc", "abc", true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: x, Close\r\n\r\nabc", "abc", false),
        ("HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\nabc", "abc", false),
        ("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 3\r\n\r\nabc", "abc", true),
        ("HTTP/1.1 200 OK\r\n\r\nto the end", "to the end", false),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: identity\r\n\r\nto the end", "to the end", false),
        ("HTTP/1.1 204 No Content\r\ncontent-length: 3\r\n\r\n", "", true),
        ("HTTP/1.1 304 Not Modified\r\ncontent-length: 3\r\n\r\n", "", true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "", true),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na",
            "a",
            true,
        ),
        ("HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n", "", true),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
            "abc0123456789",
            true,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: , chunked,\r\n\r\n1 ;x\r\na\r\n000\r\nt: x\r\nu: y\r\n\r\n",
            "a",
            true,
        ),
    ];
    for (sent, body, again) in cases {
        for piece in [1, 2, 7, 4096] {
            assert_eq!(outcome(sent, piece), Ok((body.to_owned(), again)), "{sent:?} by {piece}");
        }
    }
}

#[test]
fn what_leaves_the_end_in_doubt_is_an_error() {
    let chunked =
        |rest: &str| format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{rest}");
    let coded = |codings: &str| format!("HTTP/1.1 200 OK\r\ntransfer-encoding: {codings}\r\n\r\n");
    let length = |value: &str| format!("HTTP/1.1 200 OK\r\ncontent-length: {value}\r\n\r\nabc");
    let cases = [
        (String::new(), "was closed before"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 3".to_owned(), "in the middle"),
        ("HTTP/1.1 100 Continue\r\n\r\n".to_owned(), "in the middle"),
        (length("4"), "in the middle"),
        (chunked("3\r\nab"), "in the middle"),
        (chunked("3\r\nabc\r\n"), "in the middle"),
        (chunked("3\r\nabc\r\n0\r\n"), "in the middle"),
        (length("+3"), "content-length"),
        (length("3,4"), "content-length"),
        (length(""), "content-length"),
        (length("0x3"), "content-length"),
        (length("99999999999999999999"), "content-length"),
        (chunked("3\nabc\r\n0\r\n\r\n"), "without a carriage return"),
        (chunked("3\r\nabcd\r\n0\r\n\r\n"), "longer than its size"),
        (chunked("-3\r\nabc\r\n"), "size of a chunk"),
        (chunked("\r\nabc\r\n"), "size of a chunk"),
        (chunked("3 3\r\nabc\r\n"), "size of a chunk"),
        (chunked("3\rx\r\nabc\r\n"), "size of a chunk"),
        (chunked("11111111111111111\r\nabc\r\n"), "size of a chunk"),
        (chunked(&format!("3;{}\r\nabc\r\n", "x".repeat(5_000))), "has no end"),
        (chunked(&format!("0\r\n{}\r\n", "t: x\r\n".repeat(5_000))), "too much between"),
        (chunked(&"1;x=yyyyyyy\r\na\r\n".repeat(5_000)), "too much between"),
        (coded("gzip"), "transfer-encoding"),
        (coded("gzip, chunked"), "transfer-encoding"),
        (coded("chunked, chunked"), "transfer-encoding"),
        (coded("chunked, identity"), "transfer-encoding"),
        (coded("chunked").replace("HTTP/1.1", "HTTP/1.0"), "transfer-encoding"),
        (format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "b".repeat(70_000)), "are larger than"),
        ("HTTP/2.0 200 OK\r\n\r\n".to_owned(), "status line"),
        ("\0\u{1} SSH-2.0, and nothing more".to_owned(), "status line"),
        ("HTTP/1.1 20 OK\r\n\r\n".to_owned(), "status line"),
        ("<html>\r\n\r\n".to_owned(), "status line"),
        ("HTTP/1.1 200 OK\r\na b: c\r\n\r\n".to_owned(), "name of a header"),
        ("HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n".to_owned(), "header"),
        ("HTTP/1.1 200 OK\r\na: b\0c\r\n\r\n".to_owned(), "value of a header"),
        (format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(300)), "more than 256 headers"),
        (format!("HTTP/1.1 200 OK\r\na: {}", "b".repeat(100_000)), "are larger than"),
    ];
    for (sent, words) in &cases {
        for piece in [1, 3, 65_536] {
            let error = outcome(sent, piece).expect_err(sent);
            assert!(error.contains(words), "{error}: {:.200} by {piece}", format!("{sent:?}"));
        }
    }
}

#[test]
fn more_than_was_asked_for_spoils_the_connection() {
    let sent = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcHTTP/1.1";
    assert_eq!(outcome(sent, 4096), Ok(("abc".to_owned(), false)));
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_not_quiet() {
    let (mut far, mut http) = connection();
    assert!(http.is_quiet() && http.can_serve());
    far.write_all(b"HTTP/1.1 408 Request Timeout\r\n\r\n").await.expect("room");
    assert!(!http.is_quiet(), "an answer to no question");
    let (far, mut http) = connection();
    drop(far);
    assert!(!http.is_quiet(), "it is closed");
}

#[tokio::test]
async fn a_question_that_was_given_up_spoils_the_connection() {
    let (_far, mut http) = connection();
    let patience = std::time::Duration::from_millis(1);
    let asked = tokio::time::timeout(patience, http.ask(b"GET / HTTP/1.1\r\n\r\n")).await;
    assert!(asked.is_err() && !http.can_serve());
}

proptest! {
    /// However the bytes are cut and whatever they are, it ends, and chunks come out as they went in.
    #[test]
    fn chunks_come_out_as_they_went_in(
        chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..200), 0..8),
        piece in 1_usize..300,
    ) {
        let mut sent = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
        for chunk in &chunks {
            sent.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            sent.extend_from_slice(chunk);
            sent.extend_from_slice(b"\r\n");
        }
        sent.extend_from_slice(b"0\r\n\r\n");
        let told = tell(&sent, piece);
        prop_assert!(told.head.is_ok() && told.end.is_ok() && told.can_serve);
        prop_assert_eq!(told.body, chunks.concat());
    }

    #[test]
    fn noise_ends_in_an_error_or_a_body(noise in proptest::collection::vec(any::<u8>(), 0..400)) {
        let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
        let told = tell(&[chunked, noise.clone()].concat(), 64);
        prop_assert!(told.body.len() <= noise.len());
        let told = tell(&noise, 64);
        prop_assert!(told.head.is_err() || told.body.len() <= noise.len());
    }
}
