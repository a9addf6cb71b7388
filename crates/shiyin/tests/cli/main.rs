//! The program as its users meet it: the real binary, a real server on loopback,
//! real peers. Every process that a test starts, it ends by its pid.

mod hostile;
mod http;
mod ledger;
mod node;
mod originals;
mod peers;
mod production;
mod protecting;
mod rehearsal;
mod seal;
mod stamping;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A folder with an instance, and its server; both end with the test.
struct House {
    folder: tempfile::TempDir,
    url: String,
    server: Child,
}

impl House {
    fn new(algorithm: &str) -> Self {
        Self::with(algorithm, &[])
    }

    fn with(algorithm: &str, serve: &[&str]) -> Self {
        Self::made(&["--algorithm", algorithm], serve)
    }

    /// With these arguments for `init` and for `serve`.
    fn made(init: &[&str], serve: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let init = shiyin().args(["init", "--evaluation", "--data"]).arg(&data).args(init).output().unwrap();
        ended(&init, 0);
        let (server, url) = served(&data, serve);
        Self { folder, url, server }
    }

    /// Ends the server as a power cut would.
    fn kill(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }

    /// Tells the server to look at its keys again, and waits until it has.
    fn look_again(&self) {
        let pid = self.server.id().to_string();
        let before = self.looks();
        assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
        while self.looks() == before {
            assert!(Command::new("kill").args(["-0", &pid]).status().unwrap().success(), "the server ended");
            std::thread::yield_now();
        }
    }

    /// How often the server has said that it looked at its keys, where it writes messages to a folder.
    fn looks(&self) -> usize {
        self.messages().matches("looked at again").count()
    }

    /// All messages of the server, where it writes them to a folder.
    fn messages(&self) -> String {
        let folder = self.path("messages");
        names(&folder).iter().map(|name| std::fs::read_to_string(folder.join(name)).unwrap()).collect()
    }

    /// Asks the server to end, and waits until it has.
    fn stop(&mut self) {
        let pid = self.server.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.server.wait().unwrap().success());
    }

    /// Starts a server on an instance of this house.
    fn start(&mut self, data: &str) {
        (self.server, self.url) = served(&self.path(data), &[]);
    }

    fn root(&self) -> PathBuf {
        self.path("data/public/root.pem")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// `shiyin stamp` against this house, run in its folder.
    fn stamp(&self, arguments: &[&str]) -> Output {
        self.run("stamp", &[arguments, &["--data", "data", "--server", &self.url]].concat())
    }

    /// `shiyin verify` with trust in this house's root.
    fn verify(&self, arguments: &[&str]) -> Output {
        self.run("verify", &[arguments, &["--data", "data"]].concat())
    }

    fn run(&self, command: &str, arguments: &[&str]) -> Output {
        shiyin().current_dir(self.folder.path()).arg(command).args(arguments).output().unwrap()
    }
}

/// A server on `data`, and its address.
fn served(data: &Path, arguments: &[&str]) -> (Child, String) {
    let mut server = shiyin()
        .args(["serve", "--data"])
        .arg(data)
        .args(if arguments.contains(&"--listen") { &[][..] } else { &["--listen", "127.0.0.1:0"] })
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().rsplit_once(' ').map(|(_, url)| url.to_owned()).unwrap_or_default();
    assert!(url.starts_with("http://localhost:") || url.starts_with("https://localhost:"), "{line}");
    (server, url)
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The program, in English, with no trust but what a test gives it.
fn shiyin() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shiyin"));
    command.env("LC_ALL", "en").env_remove("SHIYIN_TRUST").env_remove("SHIYIN_SERVER").stdin(Stdio::null());
    command.env("XDG_CONFIG_HOME", "/nonexistent");
    command
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(output)))
}

fn openssl(arguments: &[&str], folder: &Path) -> Output {
    Command::new("openssl").args(arguments).current_dir(folder).output().expect("openssl is installed")
}

#[track_caller]
fn ended(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}", text(output));
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The names in a folder, temporary ones included.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
