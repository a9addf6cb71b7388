//! The authority over HTTP: refusals are answers of the protocol, codes speak of transport.

use super::{House, openssl, text};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

/// One request over a connection of its own; head and body of the answer.
fn send(house: &House, request: &[u8]) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(house.url.strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let at = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    (String::from_utf8_lossy(&answer[..at]).into_owned(), answer[at + 4..].to_vec())
}

fn post(house: &House, media_type: &str, body: &[u8]) -> (String, Vec<u8>) {
    let head = format!(
        "POST /tsa HTTP/1.1\r\nHost: localhost\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    send(house, &[head.as_bytes(), body].concat())
}

pub fn get(house: &House, path: &str) -> (String, Vec<u8>) {
    send(house, format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes())
}

const QUERY: &str = "application/timestamp-query";

#[test]
fn every_request_vector_is_answered_as_its_index_says() {
    let house = House::new("p256");
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors");
    let index = std::fs::read_to_string(vectors.join("requests.txt")).unwrap();
    let mut name = "";
    let mut asked = 0;
    for line in index.lines() {
        if let Some(inside) = line.strip_prefix('[') {
            name = inside.trim_end_matches(']');
        }
        let Some(answer) = line.strip_prefix("answer = ") else { continue };
        let request = std::fs::read(vectors.join(format!("requests/{name}.tsq"))).unwrap();
        let (head, body) = post(&house, QUERY, &request);
        assert!(head.starts_with("HTTP/1.1 200"), "{name}: {head}");
        assert!(head.contains("content-type: application/timestamp-reply"), "{name}: {head}");
        let reply = proof::tsp::TimeStampResp::parse(&body).unwrap();
        let said = reply.failures.first().map_or("granted", |f| f.name());
        assert_eq!(said, answer, "{name}");
        assert_eq!(reply.token.is_some(), answer == "granted", "{name}");
        assert!(answer == "granted" || !reply.status_strings.is_empty(), "{name}: no remedy");
        let path = house.write("reply.tsr", &body);
        let shown = openssl(&["ts", "-reply", "-in", path.to_str().unwrap(), "-text"], house.folder.path());
        let expected = if answer == "granted" { "Status: Granted." } else { "Status: Rejected." };
        assert!(text(&shown).contains(expected), "{name}: {}", text(&shown));
        asked += 1;
    }
    assert!(asked > 30, "{asked}");
}

#[test]
fn transport_faults_have_http_codes() {
    let house = House::new("p256");
    let (head, body) = post(&house, "text/plain", b"x");
    assert!(head.starts_with("HTTP/1.1 415"), "{head}");
    assert!(String::from_utf8_lossy(&body).contains(QUERY));
    let (head, _) = get(&house, "/tsa");
    assert!(head.starts_with("HTTP/1.1 405") && head.to_lowercase().contains("allow: post"), "{head}");
    assert!(get(&house, "/nothing").0.starts_with("HTTP/1.1 404"));
    assert!(get(&house, "/healthz").0.starts_with("HTTP/1.1 200"));
}

#[test]
fn a_body_over_the_limit_is_refused_in_the_protocol() {
    let house = House::new("p256");
    let (head, body) = post(&house, QUERY, &vec![0; 100_000]);
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let reply = proof::tsp::TimeStampResp::parse(&body).unwrap();
    assert_eq!(reply.failures.first().map(|f| f.name()), Some("badDataFormat"));
}

#[test]
fn too_many_requests_are_asked_to_wait() {
    let house = House::with("p256", &["--rate", "1"]);
    let heads: Vec<String> = (0..50).map(|_| post(&house, QUERY, b"x").0).collect();
    let refused = heads.iter().find(|h| h.starts_with("HTTP/1.1 429")).expect("one of fifty is refused");
    assert!(refused.to_lowercase().contains("retry-after: 1"), "{refused}");
}

#[test]
fn the_pages_stand_behind_the_protocols() {
    let house = House::new("p256");
    for (path, says) in [("/?lang=zh", "仅供试用"), ("/?lang=en", "for trying out only"), ("/verify", "id=\"desk\"")]
    {
        let (head, body) = get(&house, path);
        let page = String::from_utf8(body).unwrap();
        assert!(page.contains(says), "{path}: {page}");
        assert!(head.to_lowercase().contains("content-security-policy: default-src 'none'"), "{head}");
    }
    let (_, root) = get(&house, "/root.pem");
    assert_eq!(root, std::fs::read(house.root()).unwrap());
    let (_, file) = get(&house, "/verify.html");
    assert_eq!(super::shiyin().arg("verifier").output().unwrap().stdout, file, "the same bytes by both ways");
}

#[test]
fn a_head_without_end_is_refused() {
    let house = House::new("p256");
    let mut stream = TcpStream::connect(house.url.strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ").unwrap();
    let mut answer = Vec::new();
    // The server closes the connection; how much of this it takes before is its own affair.
    while stream.write_all(&[b'a'; 4096]).is_ok() {}
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert!(get(&house, "/healthz").0.starts_with("HTTP/1.1 200"));
}

#[test]
fn one_connection_serves_many_requests() {
    let house = House::new("p256");
    let request =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/requests/good-bare.tsq")).unwrap();
    let mut stream = TcpStream::connect(house.url.strip_prefix("http://").unwrap()).unwrap();
    let mut serials = std::collections::HashSet::new();
    for _ in 0..20 {
        let head = format!(
            "POST /tsa HTTP/1.1\r\nHost: localhost\r\nContent-Type: {QUERY}\r\nContent-Length: {}\r\n\r\n",
            request.len()
        );
        stream.write_all(&[head.as_bytes(), &request].concat()).unwrap();
        let body = read_one(&mut stream);
        let token = proof::tsp::TimeStampResp::parse(&body).unwrap().token.unwrap().to_vec();
        let signed = proof::cms::SignedData::parse(&token).unwrap();
        assert!(signed.certificates.is_empty(), "no certificate was asked for");
        serials.insert(proof::tsp::TstInfo::parse(signed.content).unwrap().serial.as_bytes().to_vec());
    }
    assert_eq!(serials.len(), 20, "serial numbers are unique");
}

fn read_one(stream: &mut TcpStream) -> Vec<u8> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")).unwrap().trim().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    body
}
