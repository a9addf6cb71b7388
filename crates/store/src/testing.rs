//! Real servers for tests, started by the tests and ended with them.
//!
//! A server is started by a shell that waits for its standard input to close and
//! then ends the server by its pid: also where the test was killed, nothing stays.

use crate::Location;
use crate::blobs::S3;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A server that ends when this goes out of scope, or with the process.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Runs `command` (for `sh`) until the pipe closes, then ends it with `signal`; returns when it
/// has printed a line with `ready`.
fn start(command: &str, ready: &str, signal: &str) -> Server {
    let script = format!("{command} & pid=$!; exec >/dev/null; cat; kill -{signal} $pid; wait $pid");
    let mut command = Command::new("sh");
    command.args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = Server(command.spawn().expect("sh"));
    let mut lines = BufReader::new(server.0.stdout.take().expect("a pipe")).lines();
    let found = lines.find(|line| line.as_ref().is_ok_and(|l| l.contains(ready)));
    assert!(found.is_some(), "the server ended before it was ready: {script}");
    // What it prints from now on must not fill the pipe.
    std::thread::spawn(move || lines.for_each(drop));
    server
}

struct Cluster {
    folder: tempfile::TempDir,
    _server: Server,
}

/// The folder of PostgreSQL's programs.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is missing: run scripts/peers");
    let mut found: Vec<PathBuf> = versions.map(|v| v.expect("a folder").path().join("bin")).collect();
    found.sort();
    found.pop().expect("PostgreSQL is missing: run scripts/peers")
}

/// PostgreSQL refuses to run as root.
fn as_its_user(folder: &Path) -> String {
    let root = std::fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0);
    if !root {
        return String::new();
    }
    let changed = Command::new("chown").arg("postgres").arg(folder).status();
    assert!(changed.is_ok_and(|s| s.success()), "chown postgres");
    "setpriv --reuid=postgres --regid=postgres --clear-groups ".to_owned()
}

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, user, bin) = (folder.path().display(), as_its_user(folder.path()), programs());
        let bin = bin.display();
        let init =
            format!("{user}{bin}/initdb -D {path}/db -U shiyin -A trust -E UTF8 --locale=C --no-sync >/dev/null");
        assert!(Command::new("sh").args(["-c", &init]).status().is_ok_and(|s| s.success()), "initdb");
        let serve = format!(
            "{user}{bin}/postgres -D {path}/db -k {path} -c listen_addresses= -c max_connections=200 \
             -c log_destination=stderr -c logging_collector=off 2>&1"
        );
        let server = start(&serve, "ready to accept connections", "INT");
        Cluster { folder, _server: server }
    })
}

/// A new, empty PostgreSQL database on a server of this process.
#[must_use]
pub fn postgres() -> Location {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let cluster = cluster();
    let name = format!("test{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut command = Command::new(programs().join("createdb"));
    command.arg("-h").arg(cluster.folder.path()).args(["-U", "shiyin", &name]);
    assert!(command.status().is_ok_and(|s| s.success()), "createdb");
    Location::Postgres(format!("postgres://shiyin@localhost/{name}?host={}", cluster.folder.path().display()))
}

/// An S3-compatible service with one bucket, over loopback.
pub struct S3Server {
    /// How to reach it.
    pub s3: S3,
    /// Where it keeps its files.
    pub folder: tempfile::TempDir,
    _server: Server,
}

/// Starts an S3-compatible service.
#[must_use]
pub fn s3() -> S3Server {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("bucket")).expect("a folder");
    let peers = std::env::var("SHIYIN_PEERS").expect("SHIYIN_PEERS names the folder of peers; make test sets it");
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    let command = format!(
        "RUST_LOG=info {peers}/bin/s3s-fs --host 127.0.0.1 --port {port} --access-key KEYID --secret-key SECRET {} 2>&1",
        folder.path().display()
    );
    let server = start(&command, "server is running", "TERM");
    let s3 = S3 {
        endpoint: format!("http://127.0.0.1:{port}"),
        region: "us-east-1".to_owned(),
        bucket: "bucket".to_owned(),
        prefix: "shiyin/".to_owned(),
        key_id: "KEYID".to_owned(),
        secret: "SECRET".to_owned(),
    };
    S3Server { s3, folder, _server: server }
}
