//! The commands that work with a node: signed in by a code that a person allows over HTTP, then records,
//! originals, documents, commits and folders, with programs that are killed and servers that go away.

use super::{House, ended, json, names, served, shiyin, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Lines};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// What an application says, as flags.
pub(super) const ABOUT: [&str; 10] = [
    "--type",
    "photo",
    "--title",
    "月港 Harbour",
    "--stage",
    "finished",
    "--published",
    "no",
    "--declaration",
    "I made it.",
];

/// A person's browser: cookies, and the form token of the last page.
pub(super) struct Browser {
    url: String,
    cookies: BTreeMap<String, String>,
    token: String,
}

impl Browser {
    fn read(&mut self, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> (u16, String) {
        let mut answer = answer.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let body = answer.body_mut().read_to_string().unwrap();
        if let Some(token) = body.split("name=\"form_token\" value=\"").nth(1) {
            self.token = token.split('"').next().unwrap().to_owned();
        }
        (answer.status().as_u16(), body)
    }

    fn cookie(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn agent() -> ureq::Agent {
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
        config.max_redirects_will_error(false).build().new_agent()
    }

    pub(super) fn get(&mut self, path: &str) -> (u16, String) {
        let request = Self::agent().get(format!("{}{path}", self.url)).header("Cookie", self.cookie());
        let answer = request.header("Accept-Language", "en").call();
        self.read(answer)
    }

    pub(super) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let token = self.token.clone();
        let fields: Vec<(&str, &str)> = [&[("form_token", token.as_str())], fields].concat();
        let request = Self::agent().post(format!("{}{path}", self.url)).header("Cookie", self.cookie());
        let answer = request.header("Accept-Language", "en").send_form(fields);
        self.read(answer)
    }
}

/// A node, a person with an account there, and a computer that is signed in.
pub(super) struct Signed {
    pub(super) house: House,
    pub(super) browser: Browser,
}

impl Signed {
    pub(super) fn new() -> Self {
        let mut house = House::new("p256");
        house.kill();
        house.write("data/shiyin.toml", b"[holdings]\nreserve_gb = 0\n");
        house.start("data");
        let token = house.run("operator-token", &["--data", "data"]);
        ended(&token, 0);
        let said = text(&token);
        let token = said.split_whitespace().find(|word| word.len() == 64).unwrap();
        let mut browser = Browser { url: house.url.clone(), cookies: BTreeMap::new(), token: String::new() };
        let fields = [
            ("token", token),
            ("name", "Lin"),
            ("mail", "lin@people.example"),
            ("password", "moon over the harbour 7"),
            ("terms", "on"),
            ("privacy", "on"),
        ];
        let (status, page) = browser.post("/administrator", &fields);
        assert_eq!(status, 303, "{page}");
        let mut signed = Self { house, browser };
        signed.sign_in(&[]);
        signed
    }

    /// Signs the computer in as a person does: the code is read from the program and typed in the browser.
    fn sign_in(&mut self, arguments: &[&str]) {
        let mut login = self.command();
        login.args(["login", &self.house.url, "--json", "--label", "desk"]).args(arguments);
        let mut login = login.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(login.stdout.take().unwrap()).lines();
        let asked: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        let code = asked["code"].as_str().unwrap();
        assert!(asked["address"].as_str().unwrap().ends_with("/account/device"));
        assert_eq!(self.browser.get("/account/device").0, 200);
        let (status, page) = self.browser.post("/account/device", &[("code", code)]);
        assert!(status == 200 && page.contains(code) && page.contains("desk"), "{page}");
        let mut fields = vec![("code", code), ("act", "allow"), ("days", "30"), ("organisation", "")];
        for scope in ["account:read", "records:read", "records:write", "holdings:read", "holdings:write"] {
            fields.push(("scope", scope));
        }
        assert_eq!(self.browser.post("/account/device/answer", &fields).0, 303);
        let told: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!((&told["event"], &told["mail"]), (&"signed-in".into(), &"lin@people.example".into()));
        assert!(told.get("root").is_some() && !told.to_string().contains("shiyin_"), "the key is never shown");
        assert!(login.wait().unwrap().success());
    }

    pub(super) fn command(&self) -> Command {
        let mut command = shiyin();
        command.current_dir(self.house.folder.path());
        command.env("XDG_CONFIG_HOME", self.house.path("config")).env("XDG_STATE_HOME", self.house.path("state"));
        command.env_remove("SHIYIN_KEY").env_remove("SHIYIN_PROFILE");
        command
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    pub(super) fn protect(&self, arguments: &[&str]) -> Output {
        self.run(&[&["protect", "--json"], arguments, &ABOUT].concat())
    }

    fn profile(&self) -> PathBuf {
        self.house.path("config/shiyin/profiles/default.json")
    }

    pub(super) fn key(&self) -> String {
        let profile: Value = serde_json::from_slice(&std::fs::read(self.profile()).unwrap()).unwrap();
        profile["key"].as_str().unwrap().to_owned()
    }

    /// What the node says of the records, by searching.
    pub(super) fn records(&self) -> Vec<Value> {
        lines(&self.run(&["works", "search", "--json", "Harbour"]))
    }

    /// The server ends as by a power cut, and is back under the same address.
    fn back(&mut self) {
        let port = self.house.url.rsplit(':').next().unwrap();
        let listen = format!("127.0.0.1:{port}");
        (self.house.server, _) = served(&self.house.path("data"), &["--listen", &listen]);
    }
}

/// The lines of JSON that a command told.
pub(super) fn lines(output: &Output) -> Vec<Value> {
    ended(output, 0);
    let told = String::from_utf8_lossy(&output.stdout);
    told.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {told}"))).collect()
}

pub(super) fn said<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

#[test]
fn a_computer_is_signed_in_and_out() {
    let mut signed = Signed::new();
    let profile = signed.profile();
    assert_eq!(profile.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let who = json(&signed.run(&["whoami", "--json"]));
    assert_eq!((said(&who, "name"), said(&who, "server")), ("Lin", signed.house.url.as_str()));
    assert_eq!(who["scopes"].as_array().unwrap().len(), 5);
    assert!(!who.to_string().contains(&signed.key()));
    let chinese = signed.run(&["whoami", "--lang", "zh"]);
    ended(&chinese, 0);
    assert!(text(&chinese).contains("登录配置 default"), "{}", text(&chinese));
    // A profile is not lost by accident; another one stands beside it.
    let again = signed.run(&["login", &signed.house.url]);
    ended(&again, 6);
    signed.sign_in(&["--profile", "studio"]);
    ended(&signed.run(&["whoami", "--profile", "studio"]), 0);
    // A root that is not the expected one pins nothing and asks for nothing.
    let wrong = signed.run(&["login", &signed.house.url, "--profile", "x", "--fingerprint", &"0".repeat(64)]);
    ended(&wrong, 2);
    assert!(!signed.house.path("config/shiyin/profiles/x.json").exists());
    // A key that was made in the browser, out of a file; and out of the environment.
    let key = signed.key();
    signed.house.write("key", format!("{key}\n").as_bytes());
    let pasted = signed.run(&["login", &signed.house.url, "--profile", "ci", "--key-file", "key"]);
    ended(&pasted, 0);
    assert!(!text(&pasted).contains(&key));
    signed.house.write("bad", b"shiyin_x.y\n");
    ended(&signed.run(&["login", &signed.house.url, "--profile", "bad", "--key-file", "bad"]), 8);
    let from_environment = signed
        .command()
        .env("SHIYIN_KEY", &key)
        .env("SHIYIN_SERVER", &signed.house.url)
        .arg("whoami")
        .output()
        .unwrap();
    ended(&from_environment, 0);
    // A key does not travel where others can read it, and a file that others can read is not used.
    let open =
        signed.command().env("SHIYIN_KEY", &key).env("SHIYIN_SERVER", "http://node.example").arg("whoami").output();
    ended(&open.unwrap(), 2);
    std::fs::set_permissions(&profile, std::fs::Permissions::from_mode(0o644)).unwrap();
    let read = signed.run(&["whoami"]);
    ended(&read, 5);
    assert!(text(&read).contains("chmod 600"), "{}", text(&read));
    std::fs::set_permissions(&profile, std::fs::Permissions::from_mode(0o600)).unwrap();
    // Out: the key is worth nothing afterwards.
    ended(&signed.run(&["logout"]), 0);
    assert!(!profile.exists());
    let ended_key = signed
        .command()
        .env("SHIYIN_KEY", &key)
        .env("SHIYIN_SERVER", &signed.house.url)
        .arg("whoami")
        .output()
        .unwrap();
    ended(&ended_key, 8);
    assert!(text(&ended_key).contains("What to do"), "{}", text(&ended_key));
    let none = signed.run(&["whoami", "--lang", "zh"]);
    ended(&none, 2);
    assert!(text(&none).contains("尚未登录"), "{}", text(&none));
    ended(&signed.run(&["logout", "--profile", "studio"]), 0);
}

#[test]
fn files_become_one_record_however_often_it_is_asked_for() {
    let signed = Signed::new();
    signed.house.write("album/a.jpg", b"a");
    signed.house.write("album/sub/月.jpg", b"moon");
    signed.house.write("cover.jpg", b"cover");
    // What is missing is named, in both languages, before anything is sent.
    let missing = signed.run(&["protect", "cover.jpg", "--type", "photo"]);
    ended(&missing, 2);
    assert!(text(&missing).contains("--title --stage --published --declaration"), "{}", text(&missing));
    let missing = signed.run(&["protect", "cover.jpg", "--lang", "zh"]);
    assert!(text(&missing).contains("缺少：--type"), "{}", text(&missing));
    let list = signed.run(&["protect", "--list"]);
    ended(&list, 0);
    assert!(text(&list).contains("photo") && text(&list).contains("finished"), "{}", text(&list));
    let made = &lines(&signed.protect(&["album", "cover.jpg", "--sm3"]))[0];
    assert_eq!((said(made, "state"), said(made, "verdict"), &made["files"]), ("kept", "valid", &3.into()));
    // The receipt verifies with the files, by the root that the login recorded elsewhere.
    let number = said(made, "number");
    let receipt = signed.house.path(number);
    assert_eq!(names(&receipt), ["files.json", "openings.json", "record.json", "record.tsr"]);
    let verified = signed.house.verify(&[number, "album/a.jpg", "album/sub/月.jpg", "cover.jpg"]);
    ended(&verified, 0);
    signed.house.write("album/a.jpg", b"b");
    ended(&signed.house.verify(&[number, "album/a.jpg"]), 1);
    signed.house.write("album/a.jpg", b"a");
    // Again, also without the receipt: the same record.
    std::fs::remove_dir_all(&receipt).unwrap();
    let again = &lines(&signed.protect(&["album", "cover.jpg", "--sm3"]))[0];
    assert_eq!((said(again, "number"), receipt.exists()), (number, true));
    let once_more = &lines(&signed.protect(&["album", "cover.jpg", "--sm3"]))[0];
    assert_eq!(said(once_more, "number"), number);
    assert_eq!(signed.records().len(), 1);
    // Another file is another record, of the same work where that is said.
    signed.house.write("cover.jpg", b"cover 2");
    let next = &lines(&signed.protect(&["cover.jpg", "--work", said(made, "work")]))[0];
    assert!(said(next, "number") != number && said(next, "work") == said(made, "work"));
    // What the node refuses is told with its remedy, and leaves nothing.
    let refused = signed.run(&[&["protect", "cover.jpg", "--tag", "nothing"], &ABOUT[..]].concat());
    ended(&refused, 8);
    assert!(text(&refused).contains("tags") && text(&refused).contains("What to do"), "{}", text(&refused));
    // The list of works and what stands in one.
    let works = lines(&signed.run(&["works", "--json"]));
    assert_eq!((works.len(), said(&works[0], "title")), (1, "月港 Harbour"));
    let shown = signed.run(&["works", "show", said(made, "work")]);
    assert!(text(&shown).contains(number) && text(&shown).contains(said(next, "number")), "{}", text(&shown));
    ended(&signed.run(&["works", "show", number]), 0);
    // An authority that is not the pinned one is not believed.
    let profile = signed.profile();
    let kept = std::fs::read_to_string(&profile).unwrap();
    let other = House::new("p256");
    let mut changed: Value = serde_json::from_str(&kept).unwrap();
    changed["root"] = std::fs::read_to_string(other.root()).unwrap().into();
    std::fs::write(&profile, changed.to_string()).unwrap();
    signed.house.write("new.jpg", b"new");
    let doubted = signed.protect(&["new.jpg"]);
    ended(&doubted, 3);
    assert_eq!(names(signed.house.folder.path()).iter().filter(|name| name.starts_with("SY-")).count(), 2);
}

#[test]
fn one_record_for_each_file_and_salted_ones() {
    let signed = Signed::new();
    for name in ["a", "b", "c"] {
        signed.house.write(&format!("set/{name}.jpg"), name.as_bytes());
    }
    let each = lines(&signed.protect(&["set", "--each", "--out", "receipts"]));
    assert_eq!(each.len(), 3);
    assert!(each.iter().all(|one| said(one, "verdict") == "valid" && said(one, "work") == said(&each[0], "work")));
    assert_eq!(each.iter().map(|one| said(one, "path")).collect::<Vec<_>>(), ["set/a.jpg", "set/b.jpg", "set/c.jpg"]);
    ended(&signed.house.verify(&[said(&each[1], "receipt"), "set/b.jpg"]), 0);
    ended(&signed.house.verify(&[said(&each[1], "receipt"), "set/c.jpg"]), 1);
    assert_eq!(lines(&signed.protect(&["set", "--each", "--out", "receipts"]))[2]["number"], each[2]["number"]);
    // Salted: the same salts however often it is tried, and none of them leaves.
    let salted = &lines(&signed.protect(&["set/a.jpg", "--salted", "--out", "receipts"]))[0];
    let receipt = said(salted, "receipt");
    let salts = signed.house.path(receipt).join("record.salts.json");
    assert_eq!(salts.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    ended(&signed.house.verify(&[receipt, "set/a.jpg"]), 0);
    let again = &lines(&signed.protect(&["set/a.jpg", "--salted", "--out", "receipts"]))[0];
    assert_eq!(again["number"], salted["number"]);
    let (salt, record) =
        (std::fs::read_to_string(&salts).unwrap(), signed.run(&["works", "show", "--json", said(salted, "number")]));
    let salt = salt.split('"').nth(3).unwrap();
    assert!(salt.len() == 64 && !text(&record).contains(salt));
    std::fs::rename(&salts, signed.house.path("salts")).unwrap();
    let without = signed.house.verify(&[receipt, "set/a.jpg"]);
    assert!(!without.status.success());
}

/// How far an upload came; none where it is not there or is done.
fn offset(signed: &Signed, address: &str) -> Option<u64> {
    let request = Browser::agent().head(format!("{}{address}", signed.house.url)).header("Tus-Resumable", "1.0.0");
    let answer = request.header("Authorization", format!("Bearer {}", signed.key())).call().ok()?;
    let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    if header("upload-holding").is_some() { None } else { header("upload-offset")?.parse().ok() }
}

/// Waits until an upload is under way, and gives its address.
fn under_way(signed: &Signed) -> String {
    let folder = signed.house.path("state/shiyin/uploads");
    loop {
        let found = std::fs::read_dir(&folder).into_iter().flatten().flatten().find_map(|note| {
            let address = std::fs::read_to_string(note.path()).ok()?;
            offset(signed, &address).filter(|offset| *offset > 0).map(|_| address)
        });
        match found {
            Some(address) => return address,
            None => std::thread::yield_now(),
        }
    }
}

#[test]
fn originals_go_on_after_a_kill_and_after_the_server_was_away() {
    let mut signed = Signed::new();
    let mut film = vec![7; 64 << 20];
    for (number, piece) in film.chunks_mut(4096).enumerate() {
        piece[..8].copy_from_slice(&(number as u64).to_le_bytes());
    }
    signed.house.write("film.mov", &film);
    let arguments = [&["protect", "--json", "film.mov", "--deposit"], &ABOUT[..]].concat();
    let start = |signed: &Signed| {
        signed.command().args(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut first = start(&signed);
    let address = under_way(&signed);
    first.kill().unwrap();
    first.wait().unwrap();
    // The server dies while the second is at it, and is back under the same address.
    let second = start(&signed);
    let begun = under_way(&signed);
    assert_eq!(begun, address, "it goes on with the same upload");
    signed.house.kill();
    signed.back();
    let done = second.wait_with_output().unwrap();
    let made = &lines(&done)[0];
    assert_eq!(said(made, "verdict"), "valid");
    assert_eq!(offset(&signed, &address), None, "the upload that was begun first is the one that was finished");
    assert!(names(&signed.house.path("state/shiyin/uploads")).is_empty());
    let again = &lines(&signed.run(&arguments))[0];
    assert_eq!(again["number"], made["number"]);
    assert_eq!(signed.records().len(), 1);
    // The package has the original, bit by bit.
    let number = said(made, "number");
    let package = signed.run(&["package", number, "-o", "film.zip"]);
    ended(&package, 0);
    ended(&signed.house.verify(&["film.zip", "film.mov"]), 0);
}

#[test]
fn documents_are_taken_away_whole_and_checked() {
    let signed = Signed::new();
    signed.house.write("a.jpg", b"a");
    let number = said(&lines(&signed.protect(&["a.jpg"]))[0], "number").to_owned();
    let taken = json(&signed.run(&["certificate", &number, "--json"]));
    assert_eq!((said(&taken, "path"), said(&taken, "verdict")), (format!("{number}.pdf").as_str(), "valid"));
    ended(&signed.house.verify(&[said(&taken, "path"), "a.jpg"]), 0);
    // Not twice, and never half: what was there stays.
    let before = std::fs::read(signed.house.path(&format!("{number}.pdf"))).unwrap();
    ended(&signed.run(&["certificate", &number]), 6);
    ended(&signed.run(&["certificate", &number, "--force"]), 0);
    assert_eq!(std::fs::read(signed.house.path(&format!("{number}.pdf"))).unwrap(), before);
    std::fs::create_dir(signed.house.path("out")).unwrap();
    ended(&signed.run(&["package", &number, "-o", "out"]), 0);
    ended(&signed.run(&["package", &number, "--no-names", "-o", "bare.zip"]), 0);
    ended(&signed.house.verify(&[&format!("out/{number}.zip"), "a.jpg"]), 0);
    // Another's number, and one that is none.
    let other = "SY-0000-0000-0000-0000-0";
    let none = signed.run(&["certificate", other, "--lang", "zh"]);
    ended(&none, 8);
    ended(&signed.run(&["package", "SY-1"]), 2);
    // What does not verify is not kept.
    let profile = signed.profile();
    let mut changed: Value = serde_json::from_slice(&std::fs::read(&profile).unwrap()).unwrap();
    changed["root"] = std::fs::read_to_string(House::new("p256").root()).unwrap().into();
    std::fs::write(&profile, changed.to_string()).unwrap();
    ended(&signed.run(&["certificate", &number, "-o", "doubted.pdf"]), 3);
    let left = names(signed.house.folder.path());
    assert!(!left.iter().any(|name| name.contains("doubted") || name.contains(".part.")), "{left:?}");
}

/// A watch whose events are read.
struct Watching {
    child: Child,
    events: Lines<BufReader<ChildStdout>>,
}

impl Watching {
    fn new(signed: &Signed, more: &[&str]) -> Self {
        let about: Vec<&str> =
            ABOUT.iter().filter(|one| !one.contains("title") && !one.contains("Harbour")).copied().collect();
        let mut command = signed.command();
        command.args(["watch", "box", "--json", "--settle", "1", "--ignore", "raw/*"]).args(about).args(more);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let events = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut watching = Self { child, events };
        assert_eq!(said(&watching.next(), "event"), "begins");
        watching
    }

    fn next(&mut self) -> Value {
        serde_json::from_str(&self.events.next().unwrap().unwrap()).unwrap()
    }

    /// The next of this kind; others of `passed` may come before.
    fn until(&mut self, event: &str, passed: &[&str]) -> Value {
        loop {
            let next = self.next();
            match said(&next, "event") {
                found if found == event => return next,
                found => assert!(passed.contains(&found), "{next}"),
            }
        }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, and gives what it still told.
    fn end(mut self) -> Vec<Value> {
        assert!(Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap().success());
        let rest: Vec<Value> = self.events.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
        assert!(self.child.wait().unwrap().success());
        rest
    }
}

#[test]
fn a_folder_is_watched_and_nothing_is_missed_or_done_twice() {
    let mut signed = Signed::new();
    signed.house.write("box/a.jpg", b"a");
    signed.house.write("box/raw/x.dng", b"x");
    signed.house.write("box/film.mov.part", b"half");
    std::os::unix::fs::symlink(signed.house.path("box/a.jpg"), signed.house.path("box/link.jpg")).unwrap();
    let mut watching = Watching::new(&signed, &[]);
    let first = watching.until("protected", &[]);
    assert_eq!((said(&first, "path"), &first["version"], said(&first, "verdict")), ("a.jpg", &1.into(), "valid"));
    // A file that somebody has open waits; then a rename from its temporary name.
    let mut open = std::fs::File::create(signed.house.path("box/open.wav")).unwrap();
    std::io::Write::write_all(&mut open, b"take").unwrap();
    std::fs::rename(signed.house.path("box/film.mov.part"), signed.house.path("box/film.mov")).unwrap();
    assert_eq!(said(&watching.until("protected", &[]), "path"), "film.mov");
    drop(open);
    assert_eq!(said(&watching.until("protected", &[]), "path"), "open.wav");
    watching.kill();
    // While it is off: a change of a known file, a new one, one that moves.
    signed.house.write("box/a.jpg", b"a, changed");
    signed.house.write("box/sub/b.jpg", b"b");
    std::fs::rename(signed.house.path("box/film.mov"), signed.house.path("box/final.mov")).unwrap();
    let mut watching = Watching::new(&signed, &[]);
    let mut caught: BTreeMap<String, Value> = BTreeMap::new();
    while caught.len() < 3 {
        let next = watching.next();
        caught.insert(said(&next, "path").to_owned(), next);
    }
    let changed = &caught["a.jpg"];
    assert_eq!((said(changed, "event"), &changed["version"]), ("protected", &2.into()));
    assert_eq!(changed["work"], first["work"], "the next record of the same work");
    assert!(changed["number"] != first["number"]);
    assert_eq!(said(&caught["sub/b.jpg"], "event"), "protected");
    assert_eq!((said(&caught["final.mov"], "event"), said(&caught["final.mov"], "as")), ("same", "film.mov"));
    // The server goes away and comes back.
    signed.house.kill();
    signed.house.write("box/c.jpg", b"c");
    watching.until("away", &[]);
    signed.back();
    let late = watching.until("protected", &["away", "back"]);
    assert_eq!(said(&late, "path"), "c.jpg");
    let rest = watching.end();
    assert_eq!(rest.last().map(|event| said(event, "event")), Some("ends"));
    assert!(rest.iter().all(|event| said(event, "event") != "protected"), "{rest:?}");
    // One record for each version of each file, and a run that finds nothing to do.
    let chain = json(&signed.run(&["works", "show", "--json", said(&first, "work")]));
    assert_eq!(chain["records"].as_array().unwrap().len(), 2);
    let about: Vec<&str> =
        ABOUT.iter().filter(|one| !one.contains("title") && !one.contains("Harbour")).copied().collect();
    let once = [&["watch", "box", "--json", "--once", "--settle", "1", "--ignore", "raw/*"], &about[..]].concat();
    let events: Vec<Value> = lines(&signed.run(&once));
    assert_eq!(events.iter().map(|event| said(event, "event")).collect::<Vec<_>>(), ["begins", "ends"]);
    // What would be done, without doing it.
    signed.house.write("box/d.jpg", b"d");
    std::fs::File::open(signed.house.path("box/d.jpg")).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    let dry = lines(&signed.run(&[&once[..], &["--dry-run"]].concat()));
    assert_eq!((said(&dry[1], "event"), said(&dry[1], "path")), ("would", "d.jpg"));
    // A receipt within the folder would be protected itself.
    let inside = signed.run(&[&once[..], &["--out", "box/receipts"]].concat());
    ended(&inside, 2);
}

/// A repository with two commits, the second tagged, and odd things in its tree.
fn repository(folder: &Path) {
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command
            .current_dir(folder)
            .args(["-c", "user.name=Lin", "-c", "user.email=lin@people.example"])
            .args(arguments);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        let done = command.output().expect("git is installed");
        assert!(done.status.success(), "{}", text(&done));
    };
    std::fs::create_dir_all(folder.join("src")).unwrap();
    std::fs::write(folder.join("src/main.c"), b"int main(void) { return 0; }\n").unwrap();
    std::fs::write(folder.join("月 港.txt"), "月港\n").unwrap();
    git(&["init", "--quiet", "--initial-branch=main"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "First"]);
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 7\n", "ab".repeat(32));
    std::fs::write(folder.join("film.mov"), pointer).unwrap();
    git(&["add", "."]);
    let id = "1234567890123456789012345678901234567890";
    git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},module")]);
    git(&["commit", "--quiet", "-m", "Second"]);
    git(&["tag", "-a", "v1", "-m", "Version 1"]);
}

#[test]
fn a_commit_is_protected_and_a_later_clone_verified() {
    let signed = Signed::new();
    let folder = signed.house.path("code");
    repository(&folder);
    let about = [
        "--type",
        "software",
        "--stage",
        "own",
        "--own-stage",
        "commit",
        "--published",
        "no",
        "--declaration",
        "Ours.",
    ];
    let protect = |more: &[&str]| signed.run(&[&["protect", "--json", "--out", "receipts"], &about[..], more].concat());
    let done = protect(&["--git", "v1", "--repository", "code"]);
    let made = &lines(&done)[0];
    assert_eq!((said(made, "verdict"), &made["files"]), ("valid", &3.into()));
    let told = text(&done);
    assert!(told.contains("1 submodules") && told.contains("1 files are pointers"), "{told}");
    let receipt = said(made, "receipt");
    let tree: Value =
        serde_json::from_slice(&std::fs::read(signed.house.path(receipt).join("tree.json")).unwrap()).unwrap();
    let entries = tree["entries"].as_array().unwrap();
    let entry = |path: &str| entries.iter().find(|entry| entry["path"] == path).unwrap();
    let sha256 = proof::digest::DigestAlgorithm::Sha256.digest(b"int main(void) { return 0; }\n").to_string();
    assert_eq!(said(entry("src/main.c"), "sha256"), sha256);
    assert_eq!(said(entry("module"), "is"), "submodule");
    assert_eq!(entry("film.mov")["lfs"]["size"], 7);
    assert!(entries.iter().any(|entry| entry["path"] == "月 港.txt"));
    // A bare clone, later and elsewhere, is what was protected; another commit is not.
    let clone = |arguments: &[&str]| {
        let done = Command::new("git").current_dir(signed.house.folder.path()).args(arguments).output().unwrap();
        assert!(done.status.success(), "{}", text(&done));
    };
    clone(&["clone", "--quiet", "--bare", "code", "copy.git"]);
    ended(&signed.house.verify(&[receipt, "--git", "v1", "--repository", "copy.git"]), 0);
    let other = signed.house.verify(&[receipt, "--git", "v1~1", "--repository", "copy.git"]);
    ended(&other, 1);
    // The same bytes out of the bare clone: the same record.
    let title = signed.run(&["works", "show", "--json", said(made, "number")]);
    let title = said(&json(&title), "title").to_owned();
    assert!(title.starts_with("code ") && title.ends_with("Second"), "{title}");
    let bare = &lines(&protect(&["--git", "v1", "--repository", "copy.git", "--title", &title]))[0];
    assert_eq!(bare["number"], made["number"]);
    // A commit without a tag, and what is none.
    assert_eq!(lines(&protect(&["--repository", "code", "--git", "main~1"]))[0]["files"], 2);
    let none = signed.run(&["protect", "--git", "nothing", "--repository", "code", "--lang", "zh"]);
    ended(&none, 5);
    ended(&protect(&["--git", "--upload-pack=x", "--repository", "code"]), 2);
    // The hook is a script that protects what is committed, and holds nothing up.
    let hook = signed.run(&["protect", "--hook"]);
    ended(&hook, 0);
    let path = folder.join(".git/hooks/post-commit");
    std::fs::write(&path, &hook.stdout).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let toml =
        "type = \"software\"\nstage = \"own\"\nown_stage = \"commit\"\npublished = false\ndeclaration = \"Ours.\"\n";
    std::fs::write(folder.join(".git/shiyin.toml"), toml).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_shiyin")).parent().unwrap().to_string_lossy().into_owned();
    let mut commit = Command::new("git");
    commit.current_dir(&folder).args(["-c", "user.name=Lin", "-c", "user.email=lin@people.example"]);
    commit.args(["commit", "--quiet", "--allow-empty", "-m", "Third"]).env("LC_ALL", "en");
    commit.env("PATH", format!("{program}:{}", std::env::var("PATH").unwrap()));
    commit.env("XDG_CONFIG_HOME", signed.house.path("config")).env("XDG_STATE_HOME", signed.house.path("state"));
    assert!(commit.status().unwrap().success());
    let receipts = folder.join(".git/shiyin");
    while !receipts.exists() || !names(&receipts).iter().any(|name| name.starts_with("SY-")) {
        let missed = std::fs::read_to_string(receipts.join("missed")).unwrap_or_default();
        let log = std::fs::read_to_string(receipts.join("log")).unwrap_or_default();
        assert!(missed.is_empty(), "{log}");
        std::thread::yield_now();
    }
}
