//! A plain load generator: bodies over keep-alive connections, one after the other on each, nothing looked at but the
//! status. It calls itself as the program does: `serve` keeps what that wrote apart from what others wrote.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Posts bodies to `/Users` and gives the time that it took.
pub fn post(url: &str, token: &str, connections: usize, bodies: &[String]) -> Duration {
    let rest = url.strip_prefix("http://").expect("plain http");
    let (host, path) = rest.split_once('/').expect("an address with a path");
    let next = AtomicUsize::new(0);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..connections {
            scope.spawn(|| {
                let mut stream = TcpStream::connect(host).expect("the server can be reached");
                stream.set_nodelay(true).expect("the socket takes options");
                let mut buffer = vec![0; 64 << 10];
                while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let request = format!(
                        "POST /{path}/Users HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
                         User-Agent: rosterctl/bench\r\nContent-Type: application/scim+json\r\nAccept: application/scim+json\r\n\
                         Content-Length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    stream.write_all(request.as_bytes()).expect("the server listens");
                    let status = answer(&mut stream, &mut buffer);
                    assert_eq!(status, 201, "the server creates");
                }
            });
        }
    });
    start.elapsed()
}

/// Reads one answer and gives its status.
fn answer(stream: &mut TcpStream, buffer: &mut [u8]) -> u16 {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).expect("the server answers");
        assert!(read > 0, "the server keeps the connection");
        filled += read;
        let text = String::from_utf8_lossy(&buffer[..filled]);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        if body.len() >= length.expect("the answer says its length") {
            return head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("the answer has a status");
        }
    }
}
