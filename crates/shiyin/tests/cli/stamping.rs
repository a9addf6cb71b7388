//! Stamping and verifying: files, folders, standard input, salts, and what goes wrong with them.

use super::{House, ended, json, names, openssl, shiyin, text};
use std::io::Write as _;
use std::process::{Command, Stdio};

#[test]
fn a_stamped_file_verifies_here_and_with_openssl() {
    let house = House::new("p256");
    house.write("photo.jpg", b"a photo");
    let stamped = house.stamp(&["photo.jpg"]);
    ended(&stamped, 0);
    assert!(text(&stamped).contains("existed no later than"), "{}", text(&stamped));
    ended(&house.verify(&["photo.jpg"]), 0);
    let root = house.root();
    let arguments = ["ts", "-verify", "-data", "photo.jpg", "-in", "photo.jpg.tsr", "-CAfile", root.to_str().unwrap()];
    let openssl = openssl(&arguments, house.folder.path());
    assert!(text(&openssl).contains("Verification: OK"), "{}", text(&openssl));
    assert_eq!(names(house.folder.path()), ["data", "photo.jpg", "photo.jpg.tsr"]);
}

#[test]
fn one_changed_bit_fails_and_says_why() {
    let house = House::new("p256");
    house.write("a.txt", b"content");
    ended(&house.stamp(&["a.txt"]), 0);
    house.write("a.txt", b"bontent");
    let verified = house.verify(&["a.txt"]);
    ended(&verified, 1);
    assert!(text(&verified).contains("imprint-mismatch"), "{}", text(&verified));
    assert!(text(&verified).contains("Use the unchanged original"), "{}", text(&verified));
    let chinese = house.verify(&["a.txt", "--lang", "zh"]);
    ended(&chinese, 1);
    assert!(text(&chinese).contains("内容与被加盖的不同"), "{}", text(&chinese));
    let shown = house.verify(&["a.txt", "--json"]);
    ended(&shown, 1);
    let value = json(&shown);
    assert_eq!(value["verdict"], "invalid");
    assert!(value["findings"].as_array().unwrap().iter().any(|f| f["code"] == "imprint-mismatch"));
}

#[test]
fn a_renamed_file_still_verifies() {
    let house = House::new("p256");
    house.write("a.txt", b"content");
    ended(&house.stamp(&["a.txt"]), 0);
    std::fs::rename(house.path("a.txt"), house.path("b.txt")).unwrap();
    ended(&house.verify(&["b.txt", "--token", "a.txt.tsr"]), 0);
}

#[test]
fn verification_needs_no_network() {
    let house = House::new("p256");
    house.write("a.txt", b"content");
    ended(&house.stamp(&["a.txt"]), 0);
    // A network namespace of its own: not even loopback is there.
    let verified = Command::new("unshare")
        .args([
            "--net",
            "--map-root-user",
            env!("CARGO_BIN_EXE_shiyin"),
            "verify",
            "a.txt",
            "--data",
            "data",
            "--lang",
            "en",
        ])
        .current_dir(house.folder.path())
        .output()
        .expect("unshare is installed");
    ended(&verified, 0);
}

#[test]
fn standard_input_is_stamped() {
    let house = House::new("p256");
    let mut child = shiyin()
        .current_dir(house.folder.path())
        .args(["stamp", "-", "--data", "data", "--server", &house.url])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"from a pipe").unwrap();
    assert!(child.wait().unwrap().success());
    house.write("piped", b"from a pipe");
    ended(&house.verify(&["piped", "--token", "stdin.tsr"]), 0);
}

#[test]
fn a_salted_file_verifies_with_its_salt_only() {
    let house = House::new("p256");
    house.write("secret.txt", b"guessable");
    ended(&house.stamp(&["--salted", "secret.txt"]), 0);
    assert_eq!(std::fs::read(house.path("secret.txt.salt")).unwrap().len(), 32);
    ended(&house.verify(&["secret.txt"]), 0);
    let root = house.root();
    let script = format!(
        "openssl ts -verify -data <(cat secret.txt.salt secret.txt) -in secret.txt.tsr -CAfile {}",
        root.to_str().unwrap()
    );
    let checked = Command::new("bash").args(["-c", &script]).current_dir(house.folder.path()).output().unwrap();
    assert!(text(&checked).contains("Verification: OK"), "{}", text(&checked));
    std::fs::rename(house.path("secret.txt.salt"), house.path("elsewhere")).unwrap();
    ended(&house.verify(&["secret.txt"]), 1);
    ended(&house.verify(&["secret.txt", "--salt", "elsewhere"]), 0);
    house.write("short", b"no salt");
    ended(&house.verify(&["secret.txt", "--salt", "short"]), 5);
}

#[test]
fn a_folder_gives_one_manifest_and_every_change_is_named() {
    for salted in [false, true] {
        let house = House::new("p256");
        for name in ["work/a.txt", "work/sub/b.txt", "work/sub/空.txt"] {
            house.write(name, name.as_bytes());
        }
        let arguments: &[&str] = if salted { &["--salted", "work/"] } else { &["work/"] };
        ended(&house.stamp(arguments), 0);
        assert!(house.path("work.manifest.json.tsr").exists());
        assert_eq!(house.path("work.salts.json").exists(), salted);
        let good = house.verify(&["work"]);
        ended(&good, 0);
        assert!(text(&good).contains("As in the manifest: 3 of its files"), "{}", text(&good));
        ended(&house.verify(&["work.manifest.json"]), 0);
        house.write("work/more.txt", b"new");
        let extra = house.verify(&["work"]);
        ended(&extra, 0);
        assert!(text(&extra).contains("more.txt is in the folder and not in the manifest"), "{}", text(&extra));
        std::fs::remove_file(house.path("work/a.txt")).unwrap();
        ended(&house.verify(&["work"]), 4);
        house.write("work/sub/b.txt", b"other");
        let changed = house.verify(&["work"]);
        ended(&changed, 1);
        assert!(text(&changed).contains("sub/b.txt is not the file that was stamped"), "{}", text(&changed));
        assert!(text(&changed).starts_with("Not valid."), "{}", text(&changed));
        let value = json(&house.verify(&["work", "--json"]));
        assert_eq!(value["verdict"], "invalid");
        let codes: Vec<_> = value["findings"].as_array().unwrap().iter().map(|f| f["code"].clone()).collect();
        assert!(codes.contains(&"file-changed".into()) && codes.contains(&"file-missing".into()), "{codes:?}");
        let manifest = std::fs::read_to_string(house.path("work.manifest.json")).unwrap();
        house.write("work.manifest.json", manifest.replace("a.txt", "c.txt").as_bytes());
        ended(&house.verify(&["work"]), 1);
    }
}

#[test]
fn an_instance_that_lies_beside_the_file_is_not_trusted() {
    let house = House::new("p256");
    house.write("a.txt", b"a");
    let refused = house.run("stamp", &["a.txt", "--server", &house.url]);
    ended(&refused, 3);
    assert!(text(&refused).contains("No authority is pinned"), "{}", text(&refused));
    ended(&house.stamp(&["a.txt"]), 0);
    // Whoever sends a file and its token could send a folder named data with them.
    ended(&house.run("verify", &["a.txt"]), 3);
    ended(&house.verify(&["a.txt"]), 0);
}

#[test]
fn a_new_stamp_replaces_the_salt_of_the_old_one() {
    let house = House::new("p256");
    house.write("a.txt", b"a");
    ended(&house.stamp(&["--salted", "a.txt"]), 0);
    std::fs::remove_file(house.path("a.txt.tsr")).unwrap();
    ended(&house.stamp(&["a.txt"]), 6);
    ended(&house.stamp(&["--force", "a.txt"]), 0);
    assert_eq!(names(house.folder.path()), ["a.txt", "a.txt.tsr", "data"]);
    ended(&house.verify(&["a.txt"]), 0);
    house.write("a.txt.salt", b"somebody's own notes");
    ended(&house.stamp(&["--force", "a.txt"]), 0);
    assert!(house.path("a.txt.salt").exists(), "not a salt, and so not ours to remove");
}

#[test]
fn a_stamp_that_fails_keeps_the_salt_of_the_old_one() {
    let house = House::new("p256");
    house.write("a.txt", b"a");
    ended(&house.stamp(&["--salted", "a.txt"]), 0);
    let salt = std::fs::read(house.path("a.txt.salt")).unwrap();
    std::fs::rename(house.path("a.txt.tsr"), house.path("kept.tsr")).unwrap();
    // A folder in the token's place cannot be replaced by a file.
    std::fs::create_dir(house.path("a.txt.tsr")).unwrap();
    ended(&house.stamp(&["--force", "--salted", "a.txt"]), 6);
    assert_eq!(std::fs::read(house.path("a.txt.salt")).unwrap(), salt);
    ended(&house.verify(&["a.txt", "--token", "kept.tsr"]), 0);
    assert_eq!(names(house.folder.path()), ["a.txt", "a.txt.salt", "a.txt.tsr", "data", "kept.tsr"]);
}

#[test]
fn a_pipe_in_place_of_a_file_does_not_hang() {
    let house = House::new("p256");
    house.write("work/a.txt", b"a");
    ended(&house.stamp(&["work/a.txt", "work"]), 0);
    std::fs::remove_file(house.path("work/a.txt")).unwrap();
    assert!(Command::new("mkfifo").arg(house.path("work/a.txt")).status().unwrap().success());
    let single = house.verify(&["work/a.txt"]);
    ended(&single, 5);
    assert!(text(&single).contains("neither a file nor a folder"), "{}", text(&single));
    ended(&house.verify(&["work"]), 4);
    ended(&house.stamp(&["--force", "work/a.txt"]), 5);
}

#[test]
fn a_result_that_cannot_be_written_is_not_a_success() {
    let house = House::new("p256");
    house.write("a.txt", b"a");
    ended(&house.stamp(&["a.txt"]), 0);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = shiyin();
    command.current_dir(house.folder.path()).args(["verify", "a.txt", "--data", "data"]).stdout(full);
    ended(&command.output().unwrap(), 6);
}

#[test]
fn tokens_never_mix_with_what_is_stamped() {
    let house = House::new("p256");
    house.write("work/a.txt", b"a");
    house.write("other/a.txt", b"b");
    std::fs::create_dir_all(house.path("work/tokens")).unwrap();
    let inside = house.stamp(&["work", "--out", "work/tokens"]);
    ended(&inside, 2);
    assert!(text(&inside).contains("lies inside"), "{}", text(&inside));
    std::fs::create_dir(house.path("tokens")).unwrap();
    let twice = house.stamp(&["work/a.txt", "other/a.txt", "--out", "tokens"]);
    ended(&twice, 6);
    assert!(text(&twice).contains("would be written twice"), "{}", text(&twice));
    assert_eq!(names(&house.path("tokens")), ["a.txt.tsr"]);
    ended(&house.stamp(&["--per-file", "--salted", "work"]), 0);
    ended(&house.stamp(&["--per-file", "--salted", "--force", "work"]), 0);
    assert_eq!(names(&house.path("work")), ["a.txt", "a.txt.salt", "a.txt.tsr", "tokens"]);
}

#[test]
fn faults_are_lines_of_json_too() {
    let house = House::new("p256");
    house.write("a.txt", b"a");
    let stamped = house.stamp(&["--json", "missing.txt", "a.txt"]);
    ended(&stamped, 5);
    let lines: Vec<serde_json::Value> =
        String::from_utf8_lossy(&stamped.stdout).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["exit"], 5);
    assert_eq!(lines[1]["verdict"], "valid");
}

#[test]
fn per_file_gives_each_file_of_a_folder_its_own_token() {
    let house = House::new("p256");
    house.write("work/a.txt", b"a");
    house.write("work/sub/b.txt", b"b");
    ended(&house.stamp(&["--per-file", "work"]), 0);
    ended(&house.verify(&["work/a.txt"]), 0);
    ended(&house.verify(&["work/sub/b.txt"]), 0);
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_done() {
    let house = House::new("p256");
    house.write("good.txt", b"good");
    house.write("empty.txt", b"");
    let stamped = house.stamp(&["missing.txt", "good.txt", "empty.txt", "/dev/null"]);
    ended(&stamped, 5);
    assert!(text(&stamped).contains("missing.txt cannot be read"), "{}", text(&stamped));
    assert!(text(&stamped).contains("/dev/null is neither a file nor a folder"), "{}", text(&stamped));
    assert!(text(&stamped).contains("empty.txt is empty"), "{}", text(&stamped));
    assert!(house.path("good.txt.tsr").exists() && house.path("empty.txt.tsr").exists());
}

#[test]
fn a_growing_file_is_not_stamped() {
    let house = House::new("p256");
    // A writer that goes on for far longer than the hashing takes, and ends by itself.
    let path = house.write("growing.bin", &vec![0; 64 << 20]);
    let mut writer = Command::new("dd")
        .args(["if=/dev/zero", "bs=4k", "count=250000", "oflag=append", "conv=notrunc", "status=none"])
        .arg(format!("of={}", path.display()))
        .spawn()
        .unwrap();
    let stamped = house.stamp(&["growing.bin"]);
    writer.kill().unwrap();
    writer.wait().unwrap();
    ended(&stamped, 5);
    assert!(text(&stamped).contains("changed while it was being hashed"), "{}", text(&stamped));
    assert!(!house.path("growing.bin.tsr").exists());
}

#[test]
fn an_existing_token_is_kept_unless_forced() {
    let house = House::new("p256");
    house.write("a.txt", b"a");
    house.write("a.txt.tsr", b"precious");
    let refused = house.stamp(&["a.txt"]);
    ended(&refused, 6);
    assert!(text(&refused).contains("--force"), "{}", text(&refused));
    assert_eq!(std::fs::read(house.path("a.txt.tsr")).unwrap(), b"precious");
    ended(&house.stamp(&["--force", "a.txt"]), 0);
    ended(&house.verify(&["a.txt"]), 0);
}

#[test]
fn a_full_disk_leaves_no_half_written_file() {
    let house = House::new("p256");
    house.write("a.txt", b"a");
    // A file system of one page, in a mount namespace of its own.
    let script = format!(
        "mkdir full && mount -t tmpfs -o size=4k,nr_inodes=3 tmpfs full && head -c 4096 /dev/zero > full/filler; \
         {} stamp a.txt --out full --data data --server {}; echo code $?; ls -A full",
        env!("CARGO_BIN_EXE_shiyin"),
        house.url
    );
    let run = Command::new("unshare")
        .args(["--mount", "--map-root-user", "bash", "-c", &script])
        .env("LC_ALL", "en")
        .current_dir(house.folder.path())
        .output()
        .expect("unshare is installed");
    let said = text(&run);
    assert!(said.contains("code 6") && said.contains("cannot be written"), "{said}");
    assert!(!said.contains(".tsr\n") && !said.contains(".tmp"), "{said}");
}

#[test]
fn a_wrong_or_missing_root_is_not_a_success() {
    let house = House::new("p256");
    let other = House::new("p256");
    house.write("a.txt", b"a");
    let root = other.root();
    let trusting = |command: &str, more: &[&str]| {
        house.run(command, &[&["a.txt", "--trust", root.to_str().unwrap()], more].concat())
    };
    let wrong = trusting("stamp", &["--server", &house.url]);
    ended(&wrong, 3);
    assert!(text(&wrong).contains("authority-unconfirmed"), "{}", text(&wrong));
    assert!(!house.path("a.txt.tsr").exists());
    ended(&trusting("stamp", &["--server", &house.url, "--unconfirmed"]), 0);
    ended(&trusting("verify", &[]), 3);
    ended(&house.verify(&["a.txt"]), 0);
    house.write("junk.pem", b"no certificate");
    ended(&house.verify(&["a.txt", "--trust", "junk.pem"]), 5);
}

#[test]
fn roots_are_pinned_by_their_fingerprint() {
    let house = House::new("p256");
    house.write("a.txt", b"a");
    ended(&house.stamp(&["a.txt"]), 0);
    std::fs::create_dir(house.path("away")).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = shiyin();
        command.env("XDG_CONFIG_HOME", house.path("config")).current_dir(house.path("away"));
        command.args(arguments).output().unwrap()
    };
    let unpinned = run(&["verify", "../a.txt"]);
    ended(&unpinned, 3);
    ended(&run(&["trust", "add", &house.url]), 2);
    ended(&run(&["trust", "add", &house.url, "--fingerprint", "00"]), 2);
    let several = run(&["trust", "add", "../data/public/chain.pem"]);
    ended(&several, 5);
    assert!(text(&several).contains("several certificates"), "{}", text(&several));
    let line = text(&unpinned);
    let fingerprint = line.lines().find_map(|l| l.trim().strip_prefix("Authority (SHA-256): ")).map(str::to_owned);
    // The topmost certificate of the token is the issuing CA; the root is named by openssl.
    assert!(fingerprint.is_some(), "{line}");
    let root = house.root();
    let shown =
        openssl(&["x509", "-in", root.to_str().unwrap(), "-noout", "-fingerprint", "-sha256"], &house.path("away"));
    let shown = String::from_utf8(shown.stdout).unwrap();
    let shown = shown.trim().split_once('=').unwrap().1;
    ended(&run(&["trust", "add", &house.url, "--fingerprint", shown]), 0);
    ended(&run(&["verify", "../a.txt"]), 0);
    assert!(text(&run(&["trust", "list"])).contains("EVALUATION ONLY"));
}

#[test]
fn inspect_explains_and_refuses_junk() {
    let house = House::new("p256");
    house.write("a.txt", b"a");
    ended(&house.stamp(&["a.txt"]), 0);
    let shown = house.run("inspect", &["a.txt.tsr"]);
    ended(&shown, 0);
    for word in ["TimeStampResp", "genTime", "SHA-256 (2.16.840.1.101.3.4.2.1)", "2.25.", "purpose: id-kp-timeStamping"]
    {
        assert!(text(&shown).contains(word), "{word}: {}", text(&shown));
    }
    ended(&house.run("inspect", &["data/public/chain.pem"]), 0);
    let tree = json(&house.run("inspect", &["a.txt.tsr", "--json"]));
    assert_eq!(tree[0]["name"], "TimeStampResp");
    assert_eq!(tree[0]["inside"][0]["value"], "granted");
    house.write("work/b.txt", b"b");
    ended(&house.stamp(&["work"]), 0);
    let manifest = text(&house.run("inspect", &["work.manifest.json"]));
    assert!(manifest.contains("file: b.txt") && manifest.contains("size: 1"), "{manifest}");
    house.write("junk", b"junk");
    ended(&house.run("inspect", &["junk"]), 5);
}

#[test]
fn usage_instance_and_language_faults_have_their_codes() {
    let house = House::new("p256");
    ended(&house.run("stamp", &[]), 2);
    ended(&house.run("stamp", &["x", "--digest", "md5", "--unconfirmed"]), 2);
    ended(&house.run("init", &[]), 2);
    ended(&house.run("init", &["--evaluation"]), 9);
    ended(&house.run("serve", &["--data", "nowhere"]), 9);
    ended(&house.run("serve", &["--listen", "0.0.0.0:0"]), 9);
    ended(&house.run("serve", &["--listen", house.url.strip_prefix("http://").unwrap()]), 9);
    ended(&house.run("verify", &["a", "--lang", "fr"]), 2);
    for (arguments, word) in [
        (&["--no-such"][..], "没有选项 --no-such"),
        (&["a", "--timeout", "soon"], "soon 不能作为"),
        (&["a", "--trust"], "需要一个值"),
        (&[], "缺少参数"),
    ] {
        let wrong = house.run("stamp", &[arguments, &["--lang", "zh"]].concat());
        ended(&wrong, 2);
        assert!(text(&wrong).contains(word), "{word}: {}", text(&wrong));
    }
    let wrong = shiyin().args(["stemp", "--lang", "zh"]).output().unwrap();
    assert!(text(&wrong).contains("没有命令 stemp"), "{}", text(&wrong));
    ended(&house.verify(&["nothing.txt"]), 5);
    let chinese = house.run("stamp", &["--help", "--lang", "zh"]);
    ended(&chinese, 0);
    for word in ["只有摘要离开本机", "用法", "选项", "默认：30"] {
        assert!(text(&chinese).contains(word), "{word}: {}", text(&chinese));
    }
    ended(&house.run("man", &["man"]), 0);
    assert!(house.path("man/shiyin-stamp.1").exists(), "{:?}", names(&house.path("man")));
    assert!(text(&house.run("completions", &["bash"])).contains("--salted"));
}
