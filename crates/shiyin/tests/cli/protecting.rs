//! What protecting costs is told and agreed to, files get timestamps that other tools take, commits stay one work, and what is
//! cut goes on.

use super::node::{ABOUT, Signed, lines, said};
use super::{ended, names, openssl, text};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

/// The operator announces a price for each file, and books what a transfer brought.
fn priced(signed: &mut Signed, unit: &str, free: &str) {
    assert_eq!(signed.browser.get("/operator/billing/prices").0, 200);
    let fields =
        [("currency", "CNY"), ("unit", unit), ("free", free), ("gigabyte", "0"), ("after", "pays"), ("from", "")];
    let (status, page) = signed.browser.post("/operator/billing/prices", &fields);
    assert_eq!(status, 303, "{page}");
}

fn funded(signed: &mut Signed, amount: &str, reference: &str) {
    assert_eq!(signed.browser.get("/operator/billing/owner?who=lin%40people.example").0, 200);
    let fields = [
        ("who", "lin@people.example"),
        ("how", "bank-in"),
        ("currency", "CNY"),
        ("amount", amount),
        ("reference", reference),
    ];
    let (status, page) = signed.browser.post("/operator/billing/owner/book", &fields);
    assert_eq!(status, 303, "{page}");
}

#[test]
fn a_cost_is_told_and_agreed_to_before_anything_is_sent() {
    let mut signed = Signed::new();
    signed.house.write("a.jpg", b"a");
    signed.house.write("b.jpg", b"b");
    // Where nothing costs anything there is no word of it.
    let free = signed.protect(&["a.jpg"]);
    assert!(!text(&free).contains("cost") && lines(&free)[0].get("charge").is_none(), "{}", text(&free));
    priced(&mut signed, "10", "1");
    let records = signed.records().len();
    // Two files, one of them free: nobody is here to be asked, and too much is not agreed to.
    for (more, told) in [
        (&[][..], "Say --yes, or --cost-max"),
        (&["--cost-max", "9.99"], "more than --cost-max 9.99"),
        (&["--cost-max", "USD 100"], "no amount in CNY"),
    ] {
        let refused = signed.protect(&[&["a.jpg", "b.jpg"], more].concat());
        ended(&refused, 2);
        let said = text(&refused);
        assert!(said.contains("CNY\u{a0}10.00") && said.contains("files 2, free 1") && said.contains(told), "{said}");
    }
    let chinese = signed.run(&[&["protect", "a.jpg", "b.jpg", "--lang", "zh"], &ABOUT[..]].concat());
    ended(&chinese, 2);
    assert!(text(&chinese).contains("费用至多") && text(&chinese).contains("没有发送任何内容"), "{}", text(&chinese));
    assert_eq!(signed.records().len(), records, "nothing was sent");
    // Agreed to, and still refused by the node where there is too little.
    let short = signed.protect(&["a.jpg", "b.jpg", "--yes"]);
    ended(&short, 8);
    assert!(text(&short).contains("top up first"), "{}", text(&short));
    funded(&mut signed, "25", "T1");
    let done = signed.protect(&["a.jpg", "b.jpg", "--cost-max", "CNY 10"]);
    let made = &lines(&done)[0];
    assert_eq!((&made["charge"]["amount"], &made["charge"]["state"]), (&1000.into(), &"charged".into()), "{made}");
    // Asked again it is the same record, and nothing more is charged.
    let again = &lines(&signed.protect(&["a.jpg", "b.jpg", "--yes"]))[0];
    assert_eq!((&again["number"], &again["charge"]), (&made["number"], &made["charge"]));
    let each = lines(&signed.protect(&["b.jpg", "--each", "--yes"]));
    assert_eq!(each[0]["charge"]["amount"], 1000);
    let page = signed.browser.get("/account/billing").1;
    assert!(page.contains("CNY\u{a0}5.00"), "{page}");
    // A folder that is watched spends what was agreed to for a file, and no more.
    signed.house.write("box/c.jpg", b"c");
    std::fs::File::open(signed.house.path("box/c.jpg")).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    let watch = |more: &[&str]| {
        let about: Vec<&str> =
            ABOUT.iter().filter(|one| !one.contains("itle") && !one.contains("Harbour")).copied().collect();
        signed.run(&[&["watch", "box", "--json", "--once", "--settle", "1"], &about[..], more].concat())
    };
    let refused = watch(&[]);
    ended(&refused, 2);
    assert!(text(&refused).contains("--cost-max") && !text(&refused).contains("\"protected\""), "{}", text(&refused));
    let short = watch(&["--cost-max", "10"]);
    ended(&short, 8);
    assert!(text(&short).contains("CNY\u{a0}10.00"), "{}", text(&short));
}

/// Whether OpenSSL takes a response over a file, under the node's root.
fn openssl_takes(signed: &Signed, file: &str, token: &str) -> Output {
    let root = signed.house.root();
    let arguments = ["ts", "-verify", "-data", file, "-in", token, "-CAfile", root.to_str().unwrap()];
    openssl(&arguments, signed.house.folder.path())
}

#[test]
fn files_get_timestamps_that_openssl_takes() {
    let signed = Signed::new();
    signed.house.write("a.jpg", b"a");
    signed.house.write("set/月.jpg", b"moon");
    let done = signed.protect(&["a.jpg", "set/月.jpg", "--tsr", "--out", "receipts"]);
    assert_eq!(lines(&done).len(), 1, "one line for each record");
    for file in ["a.jpg", "set/月.jpg"] {
        let taken = openssl_takes(&signed, file, &format!("{file}.tsr"));
        assert!(text(&taken).contains("Verification: OK") && taken.status.success(), "{}", text(&taken));
        let own = signed.house.verify(&[&format!("{file}.tsr"), file]);
        ended(&own, 0);
    }
    signed.house.write("other.jpg", b"other");
    assert!(!openssl_takes(&signed, "other.jpg", "a.jpg.tsr").status.success(), "over that file alone");
    // Again: what is there and holds stays, byte for byte.
    let before = std::fs::read(signed.house.path("a.jpg.tsr")).unwrap();
    ended(&signed.protect(&["a.jpg", "set/月.jpg", "--tsr", "--out", "receipts"]), 0);
    assert_eq!(std::fs::read(signed.house.path("a.jpg.tsr")).unwrap(), before);
    // What is something else is not replaced, and nothing is sent.
    let records = signed.records().len();
    signed.house.write("other.jpg.tsr", &before);
    ended(&signed.protect(&["other.jpg", "--tsr"]), 6);
    assert_eq!((signed.records().len(), std::fs::read(signed.house.path("other.jpg.tsr")).unwrap()), (records, before));
    // A folder would not be the same any more; a digest would leave where none may.
    ended(&signed.protect(&["set", "--tsr"]), 2);
    ended(&signed.protect(&["a.jpg", "--tsr", "--salted"]), 2);
    assert!(names(signed.house.folder.path()).iter().all(|name| !name.contains(".tmp")));
}

#[test]
fn commits_of_a_repository_are_records_of_one_work() {
    let signed = Signed::new();
    let folder = signed.house.path("code");
    std::fs::create_dir(&folder).unwrap();
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command
            .current_dir(&folder)
            .args(["-c", "user.name=Lin", "-c", "user.email=lin@people.example"])
            .args(arguments);
        let done =
            command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null").output().unwrap();
        assert!(done.status.success(), "{}", text(&done));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    };
    git(&["init", "--quiet", "--initial-branch=main"]);
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
    let protect = |more: &[&str]| {
        let fixed = ["protect", "--json", "--out", "receipts", "--repository", "code"];
        lines(&signed.run(&[&fixed[..], &about, more].concat())).remove(0)
    };
    let mut made = Vec::new();
    for name in ["First", "Second", "Third"] {
        git(&["commit", "--quiet", "--allow-empty", "-m", name]);
        made.push(protect(&["--git"]));
    }
    let work = said(&made[0], "work");
    assert_eq!(git(&["config", "shiyin.work"]), work);
    assert!(made.iter().all(|one| said(one, "work") == work), "{made:?}");
    // Asked again each of them is the record that it was, the first also.
    for (revision, one) in ["HEAD~2", "HEAD~1", "HEAD"].iter().zip(&made) {
        assert_eq!(protect(&["--git", revision])["number"], one["number"], "{revision}");
    }
    assert_eq!(
        signed.run(&["works", "--json"]).stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count(),
        1
    );
    // What was named by hand is kept; what another node began is no work here.
    let other = protect(&["--git", "HEAD~1", "--title", "Another word"]);
    assert_eq!((said(&other, "work"), other["number"] != made[1]["number"]), (work, true));
    git(&["config", "shiyin.workNode", "https://other.example"]);
    git(&["config", "shiyin.work", "W-elsewhere"]);
    git(&["commit", "--quiet", "--allow-empty", "-m", "Fourth"]);
    let fourth = protect(&["--git"]);
    assert!(said(&fourth, "work") != work && git(&["config", "shiyin.work"]) == said(&fourth, "work"));
}

/// A line to a node that cuts the first answer of each address in its middle, and notes what is asked.
struct Cutting {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Cutting {
    fn new(node: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, node) = (Arc::<Mutex<Vec<String>>>::default(), node.strip_prefix("http://").unwrap().to_owned());
        let noted = Arc::clone(&asked);
        // It ends with the test's process.
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let mut near = BufReader::new(connection.unwrap());
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") && near.read_line(&mut head).unwrap() > 0 {}
                let line = head.lines().next().unwrap_or_default().to_owned();
                let has_come = noted.lock().unwrap().iter().any(|other| other.starts_with(&line));
                noted.lock().unwrap().push(head.clone());
                let mut far = TcpStream::connect(&node).unwrap();
                far.write_all(head.replacen("\r\n", "\r\nConnection: close\r\n", 1).as_bytes()).unwrap();
                let mut answer = Vec::new();
                far.read_to_end(&mut answer).unwrap();
                let until = if has_come { answer.len() } else { answer.len() * 2 / 3 };
                let _ = near.get_mut().write_all(&answer[..until]);
            }
        });
        Self { url, asked }
    }

    /// The heads of what was asked at an address.
    fn at(&self, part: &str) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|head| head.lines().next().unwrap().contains(part)).cloned().collect()
    }
}

#[test]
fn what_is_cut_goes_on_where_the_node_knows_it_again() {
    let signed = Signed::new();
    signed.house.write("a.jpg", b"a");
    let number = said(&lines(&signed.protect(&["a.jpg"]))[0], "number").to_owned();
    ended(&signed.run(&["certificate", &number, "-o", "whole.pdf"]), 0);
    let whole = std::fs::read(signed.house.path("whole.pdf")).unwrap();
    let cutting = Cutting::new(&signed.house.url);
    let take = |arguments: &[&str]| {
        let root = signed.house.root();
        let mut command = signed.command();
        command.env("SHIYIN_KEY", signed.key()).env("SHIYIN_SERVER", &cutting.url);
        command.args(arguments).arg("--trust").arg(root).output().unwrap()
    };
    ended(&take(&["certificate", &number, "-o", "cut.pdf"]), 0);
    assert_eq!(std::fs::read(signed.house.path("cut.pdf")).unwrap(), whole);
    let asked = cutting.at("certificate.pdf");
    let [first, second] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(!first.to_lowercase().contains("\nrange:"), "{first}");
    let second = second.to_lowercase();
    let from = second.split("\nrange: bytes=").nth(1).unwrap_or_else(|| panic!("{second}")).split('-').next().unwrap();
    let from: usize = from.parse().unwrap();
    assert!(from > 0 && from < whole.len() && second.contains("\nif-range: \""), "{second}");
    // A package is written while it is sent: it begins anew, and is whole.
    ended(&take(&["package", &number, "-o", "cut.zip"]), 0);
    let asked = cutting.at("package.zip");
    assert!(asked.len() == 2 && asked.iter().all(|head| !head.to_lowercase().contains("\nrange:")), "{asked:?}");
    ended(&signed.house.verify(&["cut.zip", "a.jpg"]), 0);
    assert!(!names(signed.house.folder.path()).iter().any(|name| name.contains(".part.")));
}
