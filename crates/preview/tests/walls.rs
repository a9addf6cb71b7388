//! The walls, tried from inside: a child that wants out, and content that wants everything.

use preview::child::NO_SANDBOX;
use preview::{Content, Kind, Maker, Not, Preview, ppm};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const TRIAL: &str = env!("CARGO_BIN_EXE_preview-trial");

fn tried(words: &[&str]) -> Output {
    Command::new(TRIAL).arg("try").args(words).env_clear().stdin(Stdio::null()).output().unwrap()
}

/// What came of a try, from a child that gave up everything and from a program that it became.
fn outcomes(words: &[&str]) -> Vec<String> {
    let said = |reach: &str| {
        let output = tried(&[&[reach], words].concat());
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    vec![said("nothing"), said("program")]
}

fn refused(words: &[&str]) {
    for outcome in outcomes(words) {
        assert!(outcome.starts_with("refused: "), "{words:?}: {outcome}");
    }
}

#[test]
fn there_is_no_network() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    refused(&["connect", &listener.local_addr().unwrap().to_string()]);
    refused(&["listen"]);
    refused(&["udp"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let _listener = UnixListener::bind(&path).unwrap();
    refused(&["unix", path.to_str().unwrap()]);
}

#[test]
fn there_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, b"a secret").unwrap();
    let (name, other) = (path.to_str().unwrap(), folder.path().join("other"));
    for path in [name, "/etc/passwd", "/etc/hostname", "/proc/self/environ", "/proc/1/environ", "/dev/zero"] {
        refused(&["read", path]);
    }
    let parent = std::process::id().to_string();
    refused(&["read", &format!("/proc/{parent}/mem")]);
    refused(&["list", "/"]);
    refused(&["list", folder.path().to_str().unwrap()]);
    refused(&["write", name]);
    refused(&["write", other.to_str().unwrap()]);
    refused(&["write", "/tmp/shiyin-trial"]);
    refused(&["write", "/dev/shm/shiyin-trial"]);
    refused(&["remove", name]);
    refused(&["rename", name, other.to_str().unwrap()]);
    refused(&["mode", name]);
    refused(&["owner", name]);
    refused(&["cut", name]);
    assert_eq!(std::fs::read(&path).unwrap(), b"a secret");
}

#[test]
fn there_is_no_other_process() {
    refused(&["fork"]);
    refused(&["become", "/bin/sh"]);
    refused(&["become", "/usr/bin/env"]);
    refused(&["thread"]);
    let mut other = Command::new("/bin/sleep").arg("60").spawn().unwrap();
    let pid = other.id().to_string();
    refused(&["signal", &pid]);
    refused(&["limits", &pid]);
    assert!(other.try_wait().unwrap().is_none(), "it still sleeps");
    other.kill().unwrap();
    other.wait().unwrap();
}

/// Processor time that the kernel gives a child behind the walls, as it says itself.
fn processor_time(reach: &str) -> String {
    let mut child = Command::new(TRIAL).args(["try", reach, "sleep"]).env_clear().spawn().unwrap();
    let place = format!("/proc/{}/limits", child.id());
    let told = (0..1_000).find_map(|_| {
        let limits = std::fs::read_to_string(&place).unwrap();
        let line = limits.lines().find(|line| line.starts_with("Max cpu time")).unwrap().to_owned();
        // Until the walls are up there is no limit.
        if line.contains("unlimited") {
            std::thread::park_timeout(Duration::from_millis(5));
        }
        (!line.contains("unlimited")).then_some(line)
    });
    child.kill().unwrap();
    child.wait().unwrap();
    told.unwrap().split_whitespace().skip(3).collect::<Vec<_>>().join(" ")
}

#[test]
fn memory_and_time_end() {
    refused(&["memory"]);
    refused(&["raise"]);
    for reach in ["nothing", "program"] {
        assert_eq!(processor_time(reach), "20 20 seconds", "{reach}");
        let output = tried(&[reach, "spin"]);
        let signal = std::os::unix::process::ExitStatusExt::signal(&output.status);
        assert!(signal.is_some() && output.stdout.is_empty(), "{output:?}");
    }
}

#[test]
fn what_is_allowed_works_and_the_tries_can_succeed() {
    assert_eq!(outcomes(&["nothing"]), ["escaped: is behind the walls", "escaped: is behind the walls"]);
    refused(&["environment"]);
    // The same tries without walls get what they want: a refusal above is the walls' doing.
    let outside = |words: &[&str]| {
        let output = Command::new(TRIAL).arg("inside").args(words).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("a"), folder.path().join("b"));
    std::fs::write(&path, b"x").unwrap();
    let (name, other) = (path.to_str().unwrap(), other.to_str().unwrap());
    for words in [
        &["connect", &listener.local_addr().unwrap().to_string()][..],
        &["listen"],
        &["udp"],
        &["read", name],
        &["list", "/"],
        &["write", name],
        &["mode", name],
        &["cut", name],
        &["rename", name, other],
        &["remove", other],
        &["fork"],
        &["thread"],
        &["environment"],
    ] {
        let outcome = outside(words);
        assert!(outcome.starts_with("escaped: "), "{words:?}: {outcome}");
    }
}

fn content(bytes: &[u8]) -> Content {
    let content = Content::new(bytes.len() as u64).unwrap();
    content.write_at(0, bytes).unwrap();
    content.seal().unwrap();
    content
}

fn maker() -> Maker {
    Maker::new(PathBuf::from(TRIAL), &["step"])
}

async fn made(bytes: &[u8]) -> Result<Preview, Not> {
    let kind = Kind::of(bytes).expect("a kind of the list");
    maker().make(kind, &content(bytes)).await
}

fn sizes(preview: &Preview) -> Vec<(u32, u32)> {
    preview.pictures.iter().map(|picture| (picture.width, picture.height)).collect()
}

/// A chunk of a PNG with its check.
fn chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let crc = |bytes: &[u8]| {
        !bytes.iter().fold(!0u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
        })
    };
    let named = [&kind[..], body].concat();
    [&(body.len() as u32).to_be_bytes()[..], &named, &crc(&named).to_be_bytes()].concat()
}

fn png(width: u32, height: u32, data: &[u8]) -> Vec<u8> {
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &head), &chunk(b"IDAT", data), &chunk(b"IEND", &[])].concat()
}

#[tokio::test]
async fn a_picture_becomes_a_small_one_and_a_bomb_becomes_nothing() {
    let dot = png(1, 1, &[0x78, 1, 1, 4, 0, 0xfb, 0xff, 0, 10, 20, 30, 0, 0x79, 0, 0x3d]);
    assert_eq!(sizes(&made(&dot).await.unwrap()), [(1, 1)]);
    assert!(made(&png(50_000, 50_000, &[0x78, 1])).await == Err(Not::Failed), "7.5 GB of pixels");
    assert!(made(&png(29_000, 29_000, &[0x78, 1])).await == Err(Not::Failed), "2.5 GB of pixels");
    assert!(made(&dot[..dot.len() / 2]).await == Err(Not::Failed), "cut off");
    assert!(made(b"\x89PNG\r\n\x1a\n<script>alert(1)</script>").await == Err(Not::Failed));
    assert!(made(b"GIF89a<svg onload=alert(1)>").await == Err(Not::Failed));
    // What follows the picture is not in the preview.
    let tail = [&dot[..], b"<script>alert(1)</script>"].concat();
    let preview = made(&tail).await.unwrap();
    assert!(!preview.pictures[0].bytes.windows(6).any(|window| window == b"script"));
    let large = Content::new(preview::KEPT_BYTES_MAX + 1).unwrap();
    assert!(maker().make(Kind::Png, &large).await == Err(Not::Large));
}

#[tokio::test]
async fn a_host_is_tried() {
    assert!(maker().trial().await == Ok(()) && maker().missing().is_empty(), "scripts/peers installs the programs");
    let nothing = Path::new("/nonexistent");
    assert_eq!(maker().looking_in(&[nothing]).missing(), ["pdftoppm", "ffmpeg", "ffprobe"]);
    assert!(Maker::new(PathBuf::from(TRIAL), &["open"]).trial().await == Err(Not::Sandbox));
}

#[tokio::test]
async fn a_document_shows_its_first_pages() {
    let mut pdf = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 4/Kids[".to_vec();
    pdf.extend((3..7).flat_map(|n| format!("{n} 0 R ").into_bytes()));
    pdf.extend(b"]>>endobj\n");
    for n in 3..7 {
        pdf.extend(format!("{n} 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>endobj\n").bytes());
    }
    pdf.extend(b"trailer<</Root 1 0 R/Size 7>>\n%%EOF\n");
    assert_eq!(sizes(&made(&pdf).await.unwrap()), [(1024, 512); 3]);
    assert!(made(b"%PDF-1.7\nnothing of the kind").await == Err(Not::Failed));
    let without = maker().looking_in(&[Path::new("/nonexistent")]);
    assert!(without.make(Kind::Pdf, &content(&pdf)).await == Err(Not::Program));
}

/// A file that ffmpeg makes of its own test pictures and tones.
fn film(name: &str, words: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let ran = Command::new("ffmpeg").args(["-hide_banner", "-loglevel", "error"]).args(words).arg(&path).status();
    assert!(ran.expect("scripts/peers installs ffmpeg").success());
    std::fs::read(path).unwrap()
}

#[tokio::test]
async fn a_film_shows_frames_and_a_sound_its_shape() {
    let pictures = ["-f", "lavfi", "-i", "testsrc2=s=1280x720:d=4:r=10"];
    let tone = ["-f", "lavfi", "-i", "sine=d=4"];
    let mp4 = film("a.mp4", &[&pictures[..], &tone, &["-c:v", "mpeg4", "-c:a", "aac"]].concat());
    let preview = made(&mp4).await.unwrap();
    assert_eq!(sizes(&preview), [(1024, 576); 3]);
    assert!(preview.duration_ms.is_some_and(|ms| (3900..4200).contains(&ms)));
    assert!(preview.pictures[0].bytes != preview.pictures[2].bytes, "they are of different moments");
    let webm = film("a.webm", &[&pictures[..], &["-c:v", "libvpx", "-deadline", "realtime"]].concat());
    assert_eq!(sizes(&made(&webm).await.unwrap()), [(1024, 576); 3]);
    for (name, codec) in
        [("a.mp3", "libmp3lame"), ("a.flac", "flac"), ("a.wav", "pcm_s16le"), ("a.ogg", "libvorbis"), ("a.m4a", "aac")]
    {
        let preview = made(&film(name, &[&tone[..], &["-c:a", codec]].concat())).await;
        let preview = preview.unwrap_or_else(|not| panic!("{name}: {not:?}"));
        assert_eq!(sizes(&preview), [(1024, 160)], "{name}");
        assert!(preview.duration_ms.is_some_and(|ms| (3900..4200).contains(&ms)), "{name}");
    }
    assert!(made(&mp4[..mp4.len() / 3]).await == Err(Not::Failed), "its table is at its end, and gone");
    // A playlist that names other files and addresses is no film.
    let list = b"\x1a\x45\xdf\xa3webm#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\nhttp://127.0.0.1/\n";
    assert!(made(list).await == Err(Not::Failed));
}

#[tokio::test]
async fn a_film_of_which_both_ends_are_here_shows_its_beginning() {
    let noise = ["-f", "lavfi", "-i", "nullsrc=s=1280x720:d=20:r=25,geq=random(1)*255:128:128"];
    let whole = film("a.mp4", &[&noise[..], &["-c:v", "mpeg4", "-q:v", "1"]].concat());
    assert!(whole.len() as u64 > preview::KEPT_BYTES_MAX, "{}", whole.len());
    let content = Content::new(whole.len() as u64).unwrap();
    for part in Content::parts(whole.len() as u64) {
        content.write_at(part.start, &whole[part.start as usize..part.end as usize]).unwrap();
    }
    content.seal().unwrap();
    let preview = maker().make(Kind::Mp4, &content).await.unwrap();
    assert_eq!((sizes(&preview), preview.duration_ms), (vec![(1024, 576)], Some(20_000)));
}

#[tokio::test]
async fn a_child_that_does_not_answer_or_answers_wrong_is_ended() {
    let as_told = |word: &str| Maker::new(PathBuf::from(TRIAL), &[word]).waiting(Duration::from_secs(2));
    let dot = content(&png(1, 1, &[0x78, 1]));
    assert!(as_told("hang").make(Kind::Png, &dot).await == Err(Not::Slow));
    assert!(as_told("flood").make(Kind::Png, &dot).await == Err(Not::Failed));
    assert!(as_told("lie").make(Kind::Png, &dot).await == Err(Not::Failed));
    assert!(as_told("open").make(Kind::Png, &dot).await == Err(Not::Sandbox));
    assert!(Maker::new(PathBuf::from("/nonexistent"), &[]).make(Kind::Png, &dot).await == Err(Not::Failed));
}

#[test]
fn a_step_that_is_none_is_none_and_walls_do_not_come_down() {
    let step = |words: &[&str]| {
        let output = Command::new(TRIAL).arg("step").args(words).stdin(Stdio::null()).output().unwrap();
        (output.status.code(), output.stdout)
    };
    assert_eq!(step(&["sh"]), (Some(98), Vec::new()));
    assert_eq!(step(&["picture", "png"]), (Some(98), Vec::new()), "an empty content");
    assert_ne!(NO_SANDBOX, preview::child::FAILED);
    assert!(ppm::parse(b"", 1, 1).is_none());
}
