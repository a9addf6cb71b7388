//! A receiver on loopback, which answers as it is told and keeps what came.

use super::super::signature::Secret;
use base64ct::{Base64, Encoding as _};
use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use zeroize::Zeroizing;

/// What came.
#[derive(Clone, Debug)]
pub(super) struct Came {
    pub line: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Came {
    /// Whether this secret signed it; how many signatures there are.
    pub(super) fn is_signed_by(&self, secret: &str) -> (bool, usize) {
        let secret = Base64::decode_vec(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let time_s: i64 = self.headers["webhook-timestamp"].parse().unwrap();
        let signed = Secret::of(Zeroizing::new(secret)).sign(&self.headers["webhook-id"], time_s, self.body.as_bytes());
        let given: Vec<&str> = self.headers["webhook-signature"].split(' ').collect();
        (given.contains(&signed.as_str()), given.len())
    }

    pub(super) fn event(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Default)]
struct Told {
    answers: VecDeque<String>,
    came: Vec<Came>,
}

/// The receiver; its thread ends with the test.
#[derive(Clone)]
pub(super) struct Receiver {
    pub address: SocketAddr,
    told: Arc<Mutex<Told>>,
    more: Arc<Condvar>,
}

fn read(stream: &TcpStream) -> Option<Came> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        match header.trim().split_once(": ") {
            Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.to_owned()),
            None => break,
        };
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    Some(Came { line: line.trim().to_owned(), headers, body: String::from_utf8(body).ok()? })
}

impl Receiver {
    pub(super) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let told: Arc<Mutex<Told>> = Arc::default();
        let more: Arc<Condvar> = Arc::default();
        let receiver = Self { address, told: Arc::clone(&told), more: Arc::clone(&more) };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let (told, more) = (Arc::clone(&told), Arc::clone(&more));
                std::thread::spawn(move || {
                    let Some(came) = read(&stream) else { return };
                    let answer = {
                        let mut told = told.lock().unwrap();
                        told.came.push(came);
                        more.notify_all();
                        told.answers.pop_front().unwrap_or_else(|| "HTTP/1.1 204 No Content\r\n\r\n".to_owned())
                    };
                    let _ = stream.write_all(answer.as_bytes());
                });
            }
        });
        receiver
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hooks?a=b", self.address.port())
    }

    /// The next answers have these statuses.
    pub(super) fn answers(&self, statuses: &[u16]) {
        for status in statuses {
            self.answers_with(&format!("HTTP/1.1 {status} X\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"));
        }
    }

    /// The next answer is this.
    pub(super) fn answers_with(&self, text: &str) {
        self.told.lock().unwrap().answers.push_back(text.to_owned());
    }

    /// Waits until so many came.
    pub(super) async fn wait(&self, count: usize) {
        let (told, more) = (Arc::clone(&self.told), Arc::clone(&self.more));
        let waited = tokio::task::spawn_blocking(move || {
            let told = told.lock().unwrap();
            let (told, _) =
                more.wait_timeout_while(told, Duration::from_secs(60), |told| told.came.len() < count).unwrap();
            told.came.len()
        });
        assert_eq!(waited.await.unwrap(), count);
    }

    /// What came since the last time.
    pub(super) fn came(&self) -> Vec<Came> {
        std::mem::take(&mut self.told.lock().unwrap().came)
    }
}
