//! Temporary data and the listener that nobody is to reach.

use std::net::TcpStream;

use jarvix_testkit::{Forbidden, TempData};

#[test]
fn data_is_there_while_it_is_needed_and_gone_afterwards() {
    let data = TempData::new();
    let list = data.list_file(["http://a.example/", "http://b.example/"]);
    let text = std::fs::read_to_string(&list).expect("urls.txt");
    assert_eq!(text, "http://a.example/\nhttp://b.example/\n");
    assert!(data.store().root().starts_with(data.path()));
    let path = data.path().to_owned();
    drop(data);
    assert!(!path.exists());
}

#[test]
fn whoever_reaches_the_forbidden_listener_is_counted() {
    let mut forbidden = Forbidden::listen();
    assert_eq!(forbidden.connections(), 0);
    let first = TcpStream::connect(forbidden.addr()).expect("a connection");
    let second = TcpStream::connect(forbidden.addr()).expect("a connection");
    drop(first);
    assert_eq!(forbidden.connections(), 2);
    assert_eq!(forbidden.connections(), 2);
    drop(second);
}
