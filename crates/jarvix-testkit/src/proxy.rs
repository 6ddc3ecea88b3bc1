//! Proxies that write down what they were asked for: HTTP CONNECT and SOCKS5, with a login or
//! without. They connect to loopback addresses and to nothing else; a name is written down and
//! refused.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use crate::server_thread::{ServerThread, listen};

/// Longest head of a CONNECT request that is read.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// What a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxySpeech {
    /// HTTP CONNECT.
    Connect,
    /// SOCKS5.
    Socks5,
}

/// A proxy on a free port of 127.0.0.1.
pub struct TestProxy {
    addr: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    _server: ServerThread,
}

#[derive(Clone)]
struct Shared {
    speech: ProxySpeech,
    login: Option<(String, String)>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl TestProxy {
    /// Listens; with a `login` it lets nobody pass who does not give it.
    ///
    /// # Panics
    /// When it cannot listen.
    pub fn start(speech: ProxySpeech, login: Option<(&str, &str)>) -> Self {
        let (listener, addr) = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let login = login.map(|(user, password)| (user.to_owned(), password.to_owned()));
        let shared = Shared { speech, login, asked: Arc::clone(&asked) };
        let server = ServerThread::spawn("test-proxy", move || async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            loop {
                if let Ok((socket, _)) = listener.accept().await {
                    drop(socket.set_nodelay(true));
                    let shared = shared.clone();
                    // Clients hang up in the middle; that is not this proxy's failure.
                    tokio::spawn(async move { drop(shared.serve(socket).await) });
                }
            }
        });
        Self { addr, asked, _server: server }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What it was asked to connect to, word by word: `127.0.0.1:80`, `[::1]:80`, or a name.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Shared {
    async fn serve(self, mut client: TcpStream) -> io::Result<()> {
        let target = match self.speech {
            ProxySpeech::Connect => self.hear_connect(&mut client).await?,
            ProxySpeech::Socks5 => self.hear_socks5(&mut client).await?,
        };
        let Some(target) = target else { return client.shutdown().await };
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(target.clone());
        let server = match target.parse::<SocketAddr>() {
            Ok(addr) if addr.ip().is_loopback() => TcpStream::connect(addr).await.ok(),
            _ => None,
        };
        let answer: &[u8] = match (self.speech, server.is_some()) {
            (ProxySpeech::Connect, true) => b"HTTP/1.1 200 Connection established\r\n\r\n",
            (ProxySpeech::Connect, false) => b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
            (ProxySpeech::Socks5, true) => &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0],
            (ProxySpeech::Socks5, false) => &[5, 5, 0, 1, 0, 0, 0, 0, 0, 0],
        };
        client.write_all(answer).await?;
        let Some(mut server) = server else { return client.shutdown().await };
        copy_bidirectional(&mut client, &mut server).await.map(drop)
    }

    /// The target, or nothing if the client did not log in.
    async fn hear_connect(&self, client: &mut TcpStream) -> io::Result<Option<String>> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD_BYTES_MAX {
            head.push(client.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next());
        let wanted = self.login.as_ref().map(|(user, password)| {
            let coded = STANDARD.encode(format!("{user}:{password}"));
            format!("Proxy-Authorization: Basic {coded}\r\n")
        });
        if wanted.is_some_and(|line| !head.contains(&line)) {
            client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await?;
            return Ok(None);
        }
        Ok(target.map(str::to_owned))
    }

    /// The target, or nothing if the client did not log in.
    async fn hear_socks5(&self, client: &mut TcpStream) -> io::Result<Option<String>> {
        let (_, count) = (client.read_u8().await?, client.read_u8().await?);
        let methods = take(client, count).await?;
        let method = if self.login.is_some() { 2 } else { 0 };
        if !methods.contains(&method) {
            client.write_all(&[5, 0xff]).await?;
            return Ok(None);
        }
        client.write_all(&[5, method]).await?;
        if let Some((user, password)) = &self.login {
            client.read_u8().await?;
            let len = client.read_u8().await?;
            let given_user = take(client, len).await?;
            let len = client.read_u8().await?;
            let given_password = take(client, len).await?;
            let right = given_user == user.as_bytes() && given_password == password.as_bytes();
            client.write_all(&[1, u8::from(!right)]).await?;
            if !right {
                return Ok(None);
            }
        }
        let mut request = [0; 4];
        client.read_exact(&mut request).await?;
        let host = match request[3] {
            1 => {
                let mut ip = [0; 4];
                client.read_exact(&mut ip).await?;
                Ipv4Addr::from(ip).to_string()
            }
            4 => {
                let mut ip = [0; 16];
                client.read_exact(&mut ip).await?;
                format!("[{}]", Ipv6Addr::from(ip))
            }
            _ => {
                let len = client.read_u8().await?;
                String::from_utf8_lossy(&take(client, len).await?).into_owned()
            }
        };
        Ok(Some(format!("{host}:{}", client.read_u16().await?)))
    }
}

async fn take(client: &mut TcpStream, len: u8) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(len)];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}
