//! Servers that lie, hang or send junk: a clear message, its own exit code, no file left.

use super::{House, ended, names, text};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Output;
use std::thread::JoinHandle;

/// A server on loopback that does the same to each of `connections` connections.
pub fn fake(connections: usize, act: impl Fn(TcpStream) + Send + 'static) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        for stream in listener.incoming().take(connections) {
            act(stream.unwrap());
        }
    });
    (url, thread)
}

/// Reads the request and returns its body.
pub fn request(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).unwrap();
        bytes.extend_from_slice(&buffer[..read]);
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..at]).to_lowercase();
            let length: usize =
                head.lines().find_map(|l| l.strip_prefix("content-length: ")).unwrap().trim().parse().unwrap();
            if bytes.len() >= at + 4 + length {
                return bytes[at + 4..].to_vec();
            }
        }
        assert!(read > 0, "the request ended early");
    }
}

pub fn reply(stream: &mut TcpStream, status: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/timestamp-reply\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(&[head.as_bytes(), body].concat());
}

/// Stamps a file with a server that answers every request like this.
fn stamped_by(house: &House, status: &'static str, body: Vec<u8>) -> Output {
    let (url, thread) = fake(1, move |mut stream| {
        request(&mut stream);
        reply(&mut stream, status, &body);
    });
    let output = house.run("stamp", &["a.txt", "--data", "data", "--server", &url]);
    thread.join().unwrap();
    output
}

/// What the server at `address` answers to this request.
pub fn forwarded(address: &str, body: &[u8]) -> Vec<u8> {
    let mut server = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /tsa HTTP/1.1\r\nHost: x\r\nContent-Type: application/timestamp-query\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    server.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).unwrap();
    let at = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    answer.split_off(at)
}

fn house() -> House {
    let house = House::new("p256");
    house.write("a.txt", b"a");
    house
}

#[track_caller]
fn refused(house: &House, output: &Output, code: i32, word: &str) {
    ended(output, code);
    assert!(text(output).contains(word), "{word}: {}", text(output));
    assert_eq!(names(house.folder.path()), ["a.txt", "data"], "nothing is left behind");
}

#[test]
fn junk_is_no_timestamp() {
    let house = house();
    refused(&house, &stamped_by(&house, "200 OK", b"<html>".to_vec()), 8, "reply-malformed");
    refused(&house, &stamped_by(&house, "200 OK", Vec::new()), 8, "reply-malformed");
    refused(&house, &stamped_by(&house, "200 OK", vec![0x30; 300_000]), 8, "reply-malformed");
    refused(&house, &stamped_by(&house, "404 Not Found", b"no".to_vec()), 8, "HTTP 404");
    refused(&house, &stamped_by(&house, "302 Found", b"".to_vec()), 8, "HTTP 302");
    refused(&house, &stamped_by(&house, "429 Too Many Requests", b"".to_vec()), 7, "asks to wait");
}

#[test]
fn an_answer_without_end_is_cut_off() {
    let house = house();
    let (url, thread) = fake(1, |mut stream| {
        request(&mut stream);
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n";
        let _ = stream.write_all(head.as_bytes());
        // Until the client hangs up, which its own bound makes it do.
        while stream.write_all(&[0x30; 65_536]).is_ok() {}
    });
    let output = house.run("stamp", &["a.txt", "--data", "data", "--server", &url]);
    thread.join().unwrap();
    refused(&house, &output, 8, "more than a timestamp can have");
}

#[test]
fn a_web_page_is_named_as_such() {
    let house = house();
    let (url, thread) = fake(1, |mut stream| {
        request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>");
    });
    let output = house.run("stamp", &["a.txt", "--data", "data", "--server", &url]);
    thread.join().unwrap();
    refused(&house, &output, 8, "a web page");
}

#[test]
fn a_busy_server_is_asked_again() {
    let house = house();
    let upstream = house.url.strip_prefix("http://").unwrap().to_owned();
    let asked = std::sync::atomic::AtomicU32::new(0);
    let (url, thread) = fake(2, move |mut stream| {
        let body = request(&mut stream);
        if asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 {
            let head =
                "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            stream.write_all(head.as_bytes()).unwrap();
        } else {
            reply(&mut stream, "200 OK", &forwarded(&upstream, &body));
        }
    });
    let output = house.run("stamp", &["a.txt", "--data", "data", "--server", &url]);
    thread.join().unwrap();
    ended(&output, 0);
}

#[test]
fn when_all_servers_fail_each_is_named() {
    let house = house();
    let (first, one) = fake(1, |mut stream| drop(request(&mut stream)));
    let (second, two) = fake(1, |mut stream| {
        request(&mut stream);
        reply(&mut stream, "404 Not Found", b"");
    });
    let output = house.run("stamp", &["a.txt", "--data", "data", "--server", &first, "--server", &second]);
    one.join().unwrap();
    two.join().unwrap();
    refused(&house, &output, 8, "HTTP 404");
    assert!(text(&output).contains(&first), "{}", text(&output));
}

#[test]
fn a_server_that_hangs_or_hangs_up_is_given_up() {
    let house = house();
    let (url, thread) = fake(1, |mut stream| {
        request(&mut stream);
        // Holds the connection until the client gives up and closes it.
        let _ = stream.read(&mut [0; 16]);
    });
    let output = house.run("stamp", &["a.txt", "--data", "data", "--server", &url, "--timeout", "1"]);
    thread.join().unwrap();
    refused(&house, &output, 7, "was not reached");
    let (url, thread) = fake(1, |mut stream| drop(request(&mut stream)));
    let output = house.run("stamp", &["a.txt", "--data", "data", "--server", &url]);
    thread.join().unwrap();
    refused(&house, &output, 7, "was not reached");
    let (url, thread) = fake(0, |_| {});
    thread.join().unwrap();
    refused(&house, &house.run("stamp", &["a.txt", "--data", "data", "--server", &url]), 7, "Is it running?");
}

#[test]
fn an_old_answer_or_one_to_something_else_is_a_lie() {
    let house = house();
    // A genuine response of the trusted authority, to an earlier request for the same content.
    ended(&house.stamp(&["a.txt"]), 0);
    let old = std::fs::read(house.path("a.txt.tsr")).unwrap();
    std::fs::remove_file(house.path("a.txt.tsr")).unwrap();
    refused(&house, &stamped_by(&house, "200 OK", old.clone()), 8, "nonce-wrong");
    house.write("a.txt", b"something else");
    refused(&house, &stamped_by(&house, "200 OK", old), 8, "imprint-mismatch");
}

/// A reply of the real server with one bit changed, `at` bytes from the start of the log proof.
fn altered(house: &House, at: isize) -> Output {
    let upstream = house.url.strip_prefix("http://").unwrap().to_owned();
    let (url, thread) = fake(1, move |mut stream| {
        let body = request(&mut stream);
        let mut answer = forwarded(&upstream, &body);
        let oid = proof::oid::LOG_PROOF.as_bytes();
        let start = answer.windows(oid.len()).position(|w| w == oid).unwrap();
        answer[start.checked_add_signed(at).unwrap()] ^= 1;
        reply(&mut stream, "200 OK", &answer);
    });
    let output = house.run("stamp", &["a.txt", "--data", "data", "--server", &url]);
    thread.join().unwrap();
    output
}

#[test]
fn an_altered_answer_is_noticed() {
    let house = house();
    // The last byte of the signature stands before the headers of attributes and attribute.
    refused(&house, &altered(&house, -11), 8, "signature-wrong");
    // The index of the entry, and a hash of the proof's checkpoint.
    refused(&house, &altered(&house, 80), 8, "log-proof-wrong");
}

#[test]
fn a_refusal_is_passed_on_with_its_reason() {
    let house = house();
    let sentence = "use SHA-256";
    let body = proof::tsp::TimeStampResp::encode_rejection(proof::tsp::FailureInfo::BadAlg, sentence);
    refused(&house, &stamped_by(&house, "200 OK", body), 8, "badAlg use SHA-256");
}

#[test]
fn when_one_server_fails_the_next_is_asked() {
    let house = house();
    let (url, thread) = fake(1, |mut stream| drop(request(&mut stream)));
    let output = house.stamp(&["a.txt", "--server", &url]);
    thread.join().unwrap();
    ended(&output, 0);
    ended(&house.verify(&["a.txt"]), 0);
}
