//! A client of one connection, as plain as the tests need it.

use std::net::SocketAddr;

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{HeaderMap, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

pub struct Client {
    sender: SendRequest<Empty<Bytes>>,
}

impl Client {
    pub async fn connect(addr: SocketAddr) -> Self {
        let socket = TcpStream::connect(addr).await.expect("a connection");
        let (sender, connection) = handshake(TokioIo::new(socket)).await.expect("a handshake");
        tokio::spawn(connection);
        Self { sender }
    }

    pub async fn get(&mut self, host: &str, path: &str, accept: Option<&str>) -> Answer {
        self.try_get(host, path, accept).await.expect("an answer")
    }

    pub async fn try_get(
        &mut self,
        host: &str,
        path: &str,
        accept: Option<&str>,
    ) -> Result<Answer, hyper::Error> {
        let mut request = Request::get(path).header("host", host).header("user-agent", "test");
        if let Some(accept) = accept {
            request = request.header("accept-encoding", accept);
        }
        self.sender.ready().await?;
        let response = self.sender.send_request(request.body(Empty::new()).expect("a request"));
        let (head, body) = response.await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }
}

pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}
