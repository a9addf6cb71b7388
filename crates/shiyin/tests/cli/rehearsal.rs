//! The runbooks of docs/operations, followed to the letter: every command in them is run as it
//! stands, and afterwards verification must say what the page promises.

use super::production::{Sources, answers};
use super::{House, ended, json, shiyin, text};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// In the place of systemd: the same verbs for one server that this test ends.
const SYSTEMCTL: &str = r#"#!/bin/bash
set -eu
[ "$2" = shiyin ]
case "$1" in
stop) pid=$(cat pid); kill -TERM "$pid"; while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done; rm pid ;;
start)
    : >served
    setsid shiyin serve --listen 127.0.0.1:0 --data "$DATA" >served 2>complaints </dev/null &
    echo $! >pid
    until grep -q 'http://' served; do kill -0 "$(cat pid)" || { cat complaints >&2; exit 1; }; sleep 0.02; done ;;
reload)
    looks() { cat messages/* | grep -c 'looked at again' || true; }
    before=$(looks)
    kill -HUP "$(cat pid)"
    until [ "$(looks)" -gt "$before" ]; do kill -0 "$(cat pid)"; sleep 0.02; done ;;
*) exit 1 ;;
esac
"#;

/// An operator's machine, another authority, and the clock sources of both.
struct Rehearsal {
    folder: tempfile::TempDir,
    other: House,
    sources: Sources,
}

impl Rehearsal {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let other = House::made(&["--operator", "Another authority"], &[]);
        let sources = Sources::new();
        let at = |name: &str| folder.path().join(name);
        for name in ["bin", "root-keys", "new-root-keys", "pinned"] {
            std::fs::create_dir(at(name)).unwrap();
        }
        symlink(env!("CARGO_BIN_EXE_shiyin"), at("bin/shiyin")).unwrap();
        std::fs::write(at("bin/systemctl"), SYSTEMCTL).unwrap();
        std::fs::set_permissions(at("bin/systemctl"), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(at("passphrase"), "correct horse battery").unwrap();
        let external = format!(
            "[external]\nevery_s = 1\n[[external.authority]]\nurl = \"{}\"\nroot = {:?}\n",
            other.url,
            other.root()
        );
        std::fs::write(at("setup.toml"), answers(&sources, &external)).unwrap();
        let rehearsal = Self { folder, other, sources };
        rehearsal.act(
            "shiyin setup --file setup.toml --data \"$DATA\" --root-keys \"$ROOT\" --root-passphrase-file \"$PASS\"\n\
             systemctl start shiyin",
        );
        rehearsal
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn shell(&self, script: &str, more: &[(&str, &str)]) -> Output {
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        let mut bash = Command::new("bash");
        bash.args(["-euo", "pipefail", "-c", script]).current_dir(self.folder.path()).env("PATH", path);
        bash.env("LC_ALL", "C.UTF-8").env_remove("SHIYIN_TRUST").env("XDG_CONFIG_HOME", self.path("pinned"));
        for (name, value) in [
            ("DATA", "data"),
            ("ROOT", "root-keys"),
            ("PASS", "passphrase"),
            ("NEW_DATA", "new-data"),
            ("NEW_ROOT", "new-root-keys"),
            ("BACKUP", "copy"),
            ("BACKUP_KEYS", "copied-keys"),
        ] {
            bash.env(name, value);
        }
        bash.envs(more.iter().copied()).output().unwrap()
    }

    fn act(&self, script: &str) -> String {
        let output = self.shell(script, &[]);
        ended(&output, 0);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Follows a page: all of its commands, in their order, in one shell.
    fn follow(&self, page: &str, more: &[(&str, &str)]) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations").join(page);
        let output = self.shell(&commands(&std::fs::read_to_string(path).unwrap()), more);
        assert!(output.status.success(), "{page}: {}", text(&output));
    }

    fn url(&self) -> String {
        let served = std::fs::read_to_string(self.path("served")).unwrap();
        served.lines().next().unwrap().rsplit_once(' ').unwrap().1.to_owned()
    }

    /// Stamps a file of this name.
    fn stamp(&self, name: &str, data: &str) {
        std::fs::write(self.path(name), name).unwrap();
        self.act(&format!("shiyin stamp {name} --data {data} --server {}", self.url()));
    }

    /// Waits until the other authority has seen a token in the log, and puts that into it.
    fn prove(&self, name: &str) {
        let trust = self.other.root();
        let line =
            format!("shiyin log prove {name}.tsr --server {} --data data --trust {}", self.url(), trust.display());
        for _ in 0..600 {
            if self.shell(&line, &[]).status.success() {
                return;
            }
            let _ = Command::new("sleep").arg("0.05").status();
        }
        panic!("{}", text(&self.shell(&line, &[])));
    }

    /// What a stranger with both roots and the newest lists says of a file.
    fn report(&self, name: &str, data: &str) -> serde_json::Value {
        let chain = self.path(data).join("public/chain.pem");
        let mut command = shiyin();
        command.current_dir(self.folder.path()).args(["verify", name, "--json", "--data", data]);
        command.arg("--trust").arg(self.other.root()).arg("--certificate").arg(chain);
        for list in self.lists() {
            command.arg("--crl").arg(list);
        }
        json(&command.output().unwrap())
    }

    /// The revocation lists that the server publishes, fetched.
    fn lists(&self) -> Vec<PathBuf> {
        let issuers = Command::new("curl").args(["-sS", &format!("{}/crl", self.url())]).output().unwrap();
        let names = String::from_utf8(issuers.stdout).unwrap();
        let fetch = |name: &str| {
            let path = self.path(&format!("{}.crl", name.rsplit('/').next().unwrap()));
            let url = format!("{}{name}", self.url());
            assert!(Command::new("curl").args(["-sS", "-o"]).arg(&path).arg(url).status().unwrap().success());
            path
        };
        names.lines().map(fetch).collect()
    }

    /// One token from before and one from after the moment that it gives, both witnessed.
    fn stamps_before_and_after(&self) -> String {
        self.stamp("witnessed", "data");
        self.prove("witnessed");
        let since = self.now();
        self.stamp("after", "data");
        self.prove("after");
        since
    }

    /// The time now, in whole seconds.
    fn now(&self) -> String {
        self.act("sleep 1.1; date -u +%Y-%m-%dT%H:%M:%SZ; sleep 1.1").trim().to_owned()
    }
}

impl Drop for Rehearsal {
    fn drop(&mut self) {
        let _ = self.shell("[ ! -f pid ] || systemctl stop shiyin", &[]);
    }
}

/// The commands of a page.
fn commands(page: &str) -> String {
    let fences = page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let commands: String = fences.collect();
    assert!(commands.lines().count() >= 2, "{page}");
    commands
}

#[track_caller]
fn says(report: &serde_json::Value, verdict: &str, code: &str) {
    let codes: Vec<&str> = report["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect();
    assert!(report["verdict"] == verdict && codes.contains(&code), "{verdict} {code}: {report:#}");
}

#[test]
fn the_tsa_key_is_compromised() {
    let machine = Rehearsal::new();
    let since = machine.stamps_before_and_after();
    says(&machine.report("after", "data"), "valid", "not-revoked");
    machine.follow("tsa-key.md", &[("SINCE", &since)]);
    machine.stamp("new", "data");
    says(&machine.report("witnessed", "data"), "valid", "revoked-but-witnessed");
    says(&machine.report("after", "data"), "invalid", "revoked");
    says(&machine.report("new", "data"), "valid", "not-revoked");
    // Without the new list nobody can know; what is known is dated.
    let unaware =
        shiyin().current_dir(machine.folder.path()).args(["verify", "after", "--json", "--data", "data"]).output();
    says(&json(&unaware.unwrap()), "valid", "not-revoked");
}

#[test]
fn the_log_key_is_compromised() {
    let machine = Rehearsal::new();
    machine.stamp("old", "data");
    machine.prove("old");
    machine.follow("log-key.md", &[("SINCE", "2026-01-01T00:00:00Z")]);
    machine.stamp("new", "data");
    says(&machine.report("old", "data"), "valid", "revoked-later");
    says(&machine.report("old", "data"), "valid", "independent-time");
    says(&machine.report("new", "data"), "valid", "log-included");
    let place = |name: &str| machine.report(name, "data")["facts"]["log"]["origin"].as_str().unwrap().to_owned();
    assert_eq!((place("old").as_str(), place("new").as_str()), ("shiyin.example/log", "shiyin.example/log~2"));
    machine.act("systemctl stop shiyin; shiyin fsck --data data; ls log-*/log/checkpoint; [ $(ls data/keys | grep -c ^log-) = 1 ]");
}

#[test]
fn the_issuing_ca_is_compromised() {
    let machine = Rehearsal::new();
    let since = machine.stamps_before_and_after();
    machine.follow("issuing-ca.md", &[("SINCE", &since)]);
    machine.act(
        "shiyin doctor --data data | grep -F '✓ The document seal opens'; [ $(ls data/keys | grep -c ^seal-) = 1 ]",
    );
    machine.stamp("new", "data");
    says(&machine.report("witnessed", "data"), "valid", "revoked-but-witnessed");
    says(&machine.report("after", "data"), "invalid", "revoked");
    says(&machine.report("new", "data"), "valid", "not-revoked");
}

#[test]
fn the_seal_key_is_compromised() {
    let machine = Rehearsal::new();
    let peer = |arguments: &[&str]| super::seal::peer(machine.folder.path(), arguments);
    let seal = |name: &str, data: &str| drop(peer(&["sign", name, data, &format!("{}/tsa", machine.url())]));
    let judged = |name: &str| {
        let lists: Vec<String> = machine.lists().iter().map(|list| list.display().to_string()).collect();
        let lists: Vec<&str> = lists.iter().map(String::as_str).collect();
        peer(&[&["judge", name, "data/public/root.pem"][..], &lists].concat())
    };
    machine.stamp("old", "data");
    seal("before.pdf", "data");
    let since = machine.now();
    // Who has the key can do this; the time stamp tells when he did.
    machine.act("mkdir stolen; cp -r data/keys data/public stolen");
    seal("between.pdf", "stolen");
    machine.follow("seal-key.md", &[("SINCE", &since)]);
    machine.now();
    seal("after.pdf", "stolen");
    seal("new.pdf", "data");
    assert_eq!(judged("before.pdf"), "AdESPassed.OK");
    // Readers look at the day of the revocation, not at the one from which the key counts for nothing: the
    // page has the operator say so.
    assert_eq!(judged("between.pdf"), "AdESPassed.OK");
    assert_eq!(judged("after.pdf"), "AdESIndeterminate.REVOKED_NO_POE");
    assert_eq!(judged("new.pdf"), "AdESPassed.OK");
    machine.stamp("new", "data");
    says(&machine.report("old", "data"), "valid", "not-revoked");
    says(&machine.report("new", "data"), "valid", "not-revoked");
    machine.act("[ $(ls data/keys | grep -c ^seal-) = 1 ]");
}

#[test]
fn the_root_is_compromised() {
    let machine = Rehearsal::new();
    let line = "shiyin trust add data/public/root.pem --fingerprint $(shiyin keys fingerprint --data data)";
    machine.act(line);
    machine.stamp("old", "data");
    machine.prove("old");
    machine.follow("root.md", &[]);
    machine.stamp("new", "new-data");
    // By what is pinned now, the old token is what an authority nobody confirms says; the witness is still there.
    let check = |name: &str| {
        let trust = format!("SHIYIN_TRUST=$(ls pinned/shiyin/trust/*.pem):{}", machine.other.root().display());
        let output = machine.shell(&format!("{trust} shiyin verify {name} --json"), &[]);
        json(&output)
    };
    says(&check("new"), "valid", "authority-trusted");
    says(&check("old"), "unconfirmed", "independent-time");
    assert!(machine.path("old-log/log/checkpoint").is_file());
    assert_ne!(
        std::fs::read(machine.path("data/public/root.pem")).unwrap(),
        std::fs::read(machine.path("new-data/public/root.pem")).unwrap()
    );
}

#[test]
fn the_database_is_lost() {
    let machine = Rehearsal::new();
    machine.stamp("old", "data");
    machine.follow("database.md", &[]);
    machine.stamp("new", "data");
    says(&machine.report("old", "data"), "valid", "log-included");
    says(&machine.report("new", "data"), "valid", "log-included");
    machine.act("systemctl stop shiyin; shiyin fsck --data data");
}

/// The page on the clock is followed where a correction waits.
#[test]
fn a_correction_of_the_clock_waits() {
    let machine = Rehearsal::new();
    machine.sources.lie(700);
    machine.act("while curl -sf -o /dev/null $(grep -o 'http://[^ ]*' served)/readyz; do sleep 0.05; done");
    machine.follow("clock.md", &[]);
    machine.act("until curl -sf -o /dev/null $(grep -o 'http://[^ ]*' served)/readyz; do sleep 0.05; done");
    assert!(machine.path("drift.svg").is_file());
}

/// Every page is followed by a test, and named in the table of contents.
#[test]
fn every_page_is_rehearsed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = root.join("docs/operations");
    // What needs originals over a real connection is followed there.
    let elsewhere = std::fs::read_to_string(root.join("e2e/test_operating.py")).unwrap();
    let contents = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let own = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/rehearsal.rs")).unwrap();
    for page in super::names(&folder).into_iter().filter(|name| name != "README.md") {
        assert!(contents.contains(&format!("({page})")), "{page}");
        let is_elsewhere = elsewhere.contains(&format!("PAGE = ROOT / \"docs/operations/{page}\""));
        assert!(is_elsewhere || own.contains(&format!("follow(\"{page}\"")), "{page}");
    }
}
