//! Certificates that are wrong are wrong in exactly the way that is said.

use std::sync::Arc;
use std::time::Duration;

use jarvix_testkit::{Behaviour, TestCa, TlsBehaviour, TlsOrigin, TlsProtocols};
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

fn client(ca: &TestCa, protocol: &str) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS versions")
        .with_root_certificates(ca.roots())
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    Arc::new(config)
}

type Stream = tokio_rustls::client::TlsStream<TcpStream>;

async fn connect(config: &Arc<ClientConfig>, origin: &TlsOrigin) -> std::io::Result<Stream> {
    let socket = TcpStream::connect(origin.addr()).await.expect("a connection");
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::clone(config)).connect(name, socket).await
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

#[test]
fn a_valid_server_plays_its_scripts_and_resumes() {
    let ca = TestCa::new();
    let origin = TlsOrigin::start(&ca, TlsBehaviour::Valid, TlsProtocols::Both);
    origin.set("/page", Behaviour::Page);
    let config = client(&ca, "http/1.1");
    block_on(async {
        for _ in 0..2 {
            let mut stream = connect(&config, &origin).await.expect("a handshake");
            let request = b"GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n";
            stream.write_all(request).await.expect("a sent request");
            let mut answer = vec![0; 15];
            stream.read_exact(&mut answer).await.expect("an answer");
            assert_eq!(answer, b"HTTP/1.1 200 OK");
        }
    });
    assert_eq!(origin.seen().len(), 2);
    assert_eq!(origin.handshakes(), (2, 1));
}

#[test]
fn a_server_speaks_http2_to_those_who_ask_for_it() {
    let ca = TestCa::new();
    let origin = TlsOrigin::start(&ca, TlsBehaviour::Valid, TlsProtocols::Both);
    let config = client(&ca, "h2");
    block_on(async {
        let stream = connect(&config, &origin).await.expect("a handshake");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let io = hyper_util::rt::TokioIo::new(stream);
        let executor = hyper_util::rt::TokioExecutor::new();
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(executor, io).await.expect("a preface");
        tokio::spawn(connection);
        let body = http_body_util::Empty::<bytes::Bytes>::new();
        let request = hyper::Request::get(origin.url("/")).body(body).expect("a request");
        assert_eq!(sender.send_request(request).await.expect("an answer").status(), 200);
    });
    assert_eq!(origin.http2_requests(), 1);
}

/// The certificate error that a client of `ca` meets.
fn refusal(behaviour: TlsBehaviour) -> CertificateError {
    let ca = TestCa::new();
    let origin = TlsOrigin::start(&ca, behaviour, TlsProtocols::Http1);
    let error = block_on(connect(&client(&ca, "http/1.1"), &origin)).expect_err("a refusal");
    match error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(error)) => error.clone(),
        _ => panic!("{behaviour:?}: {error}"),
    }
}

#[test]
fn wrong_certificates_are_refused_for_their_own_reason() {
    use CertificateError as Refusal;
    let expired = refusal(TlsBehaviour::Expired);
    assert!(matches!(expired, Refusal::Expired | Refusal::ExpiredContext { .. }), "{expired:?}");
    let early = refusal(TlsBehaviour::NotYetValid);
    assert!(
        matches!(early, Refusal::NotValidYet | Refusal::NotValidYetContext { .. }),
        "{early:?}"
    );
    let other = refusal(TlsBehaviour::WrongHost);
    let wrong_name =
        matches!(other, Refusal::NotValidForName | Refusal::NotValidForNameContext { .. });
    assert!(wrong_name, "{other:?}");
    assert_eq!(refusal(TlsBehaviour::SelfSigned), Refusal::UnknownIssuer);
}

#[test]
fn handshakes_that_do_not_end_do_not_end() {
    let ca = TestCa::new();
    let config = client(&ca, "http/1.1");
    block_on(async {
        let stalled = TlsOrigin::start(&ca, TlsBehaviour::StallInHandshake, TlsProtocols::Http1);
        let handshake = connect(&config, &stalled);
        let waited = tokio::time::timeout(Duration::from_millis(300), handshake).await;
        assert!(waited.is_err(), "the handshake ended");
        for behaviour in [TlsBehaviour::CloseInHandshake, TlsBehaviour::HugeChain] {
            let origin = TlsOrigin::start(&ca, behaviour, TlsProtocols::Http1);
            assert!(connect(&config, &origin).await.is_err(), "{behaviour:?} was accepted");
            assert_eq!(origin.handshakes().0, 0, "{behaviour:?}");
        }
    });
}
