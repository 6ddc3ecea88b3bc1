//! Reads requests, as little of them as the scripts need.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::hostile::Seen;

/// Longest request head that is read.
const HEAD_BYTES_MAX: usize = 256 * 1024;

/// The next request of a connection; `None` when the client has hung up. `rest` keeps what was
/// read beyond it.
pub(super) async fn read<S: AsyncRead + Unpin>(
    stream: &mut S,
    rest: &mut Vec<u8>,
    connection: u64,
) -> io::Result<Option<Seen>> {
    let end = loop {
        if let Some(at) = rest.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        if rest.len() > HEAD_BYTES_MAX {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if stream.read_buf(rest).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&rest[..end]).into_owned();
    rest.drain(..end + 4);
    let mut lines = head.split("\r\n");
    let target = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or("/").to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let host = headers.iter().find(|(name, _)| name == "host").map_or("", |(_, v)| v.as_str());
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name.to_owned(),
        _ => host.to_owned(),
    };
    Ok(Some(Seen { host, target, headers, connection, at: Duration::ZERO }))
}
