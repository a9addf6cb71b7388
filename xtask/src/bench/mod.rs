//! `make bench`: our figures beside those of peers and the machine's own limits, from one run.
//!
//! CPU time is read from the kernel's accounts, so a busy machine changes it
//! little; wall time is printed as such.

#![expect(clippy::print_stdout, reason = "a table of figures is the result")]

pub(crate) mod batch;
mod browser;
pub(crate) mod certificates;
pub(crate) mod holdings;
mod ledger;
pub(crate) mod load;
mod pages;
pub(crate) mod records;
pub(crate) mod vault;

use anyhow::{Context as _, Result, bail, ensure};
use proof::crypto::{RustCrypto, Verifier};
use proof::der::Time;
use proof::digest::DigestAlgorithm;
use proof::report::Verdict;
use proof::tsp::TimeStampReq;
use proof::verify::{self, PathMemo};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use trust::authority::Authority;
use trust::aws_lc::AwsLc;
use trust::clock::{Clock as _, SystemClock};
use trust::ledger::Ledger;
use trust::storage::Storage;
use trust::tsa::{Form, Tsa};

const REPLIES: usize = 20_000;
const LARGE_FILE_BYTES: u64 = 4 << 30;
const SMALL_FILES: usize = 10_000;

/// Measures everything and prints a table.
pub(crate) fn run(root: &Path) -> Result<()> {
    let program = program(root)?;
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    ensure!(Command::new(&program).args(["init", "--evaluation", "--data"]).arg(&data).status()?.success(), "init");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let now = SystemClock.now().ok().context("the clock")?.time;
    let authority = runtime.block_on(Authority::open(&data, &Storage::default(), now))?;
    let anchors = vec![authority.instance.main().root.der.clone()];
    let request = TimeStampReq::encode(&DigestAlgorithm::Sha256.digest(b"bench"), None, Some(&[7; 16]), true);

    signing(&authority)?;
    let place = authority.instance.log_place(&data, &Storage::default())?;
    let tsa = runtime.block_on(async {
        let ledger = Ledger::open(&place, Arc::clone(&authority.log), || {}).await?;
        Tsa::new(authority, Form::default(), Box::new(SystemClock), ledger)
    })?;
    let response = runtime.block_on(tsa.respond(None, &request)).context("the main suite")?.der;
    runtime.block_on(tsa.close());
    let over_http = http(&program, &data, &request)?;
    println!("reply over keep-alive HTTP               {:>9.4} ms CPU of the server (bar: 0.12)", ms(over_http));
    let openssl = openssl_replies(root, folder.path(), &data, &request)?;
    println!("openssl ts in-process, no HTTP, no check {:>9.4} ms CPU", ms(openssl));
    println!("  ratio ours over HTTP / openssl in-process {:.2}", over_http / openssl);

    for (name, verifier) in [("AWS-LC", &AwsLc as &dyn Verifier), ("RustCrypto", &RustCrypto)] {
        let rate = 1.0 / verification(verifier, &response, &anchors, now)?;
        println!("verification with {name:<11}            {rate:>9.0} tokens a CPU second");
    }
    pages::run(&program, &data)?;
    browser::run(root, &program, folder.path())?;
    hashing(&program, folder.path(), &data)?;
    ledger::run(&program, folder.path(), &data)?;
    certificates::run()?;
    vault::run()?;
    holdings::run(root)?;
    batch::run(root)?;
    load::run(root)?;
    records::run()
}

fn ms(seconds: f64) -> f64 {
    seconds * 1000.0
}

fn program(root: &Path) -> Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let program = target.join("release/shiyin");
    ensure!(program.is_file(), "{} is missing: run `make bench`", program.display());
    Ok(program)
}

#[expect(clippy::disallowed_methods, reason = "measuring is what this file is for")]
fn clock() -> Instant {
    Instant::now()
}

/// User and system time of a process, or of those it waited for, in clock ticks of 10 ms.
fn cpu_ticks(pid: &str, of_children: bool) -> Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit_once(')').context("stat")?.1.split_whitespace().collect();
    let first = if of_children { 13 } else { 11 };
    Ok(fields[first].parse::<u64>()? + fields[first + 1].parse::<u64>()?)
}

fn cpu_per_call(calls: usize, mut call: impl FnMut()) -> Result<f64> {
    call();
    let before = cpu_ticks("self", false)?;
    (0..calls).for_each(|_| call());
    Ok((cpu_ticks("self", false)? - before) as f64 / 100.0 / calls as f64)
}

fn signing(authority: &Authority) -> Result<()> {
    let message = [7; 200];
    let mut failed = false;
    let each = cpu_per_call(50_000, || failed |= authority.signers[0].key.sign(&message).is_err())?;
    ensure!(!failed, "signing");
    println!("machine's limit: P-256 signature         {:>9.4} ms CPU", ms(each));
    Ok(())
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(program: &Path, data: &Path) -> Result<(Server, String)> {
    let mut command = Command::new(program);
    command.args(["serve", "--rate", "0", "--listen", "127.0.0.1:0", "--lang", "en", "--data"]).arg(data);
    let mut server = Server(command.stdout(Stdio::piped()).spawn()?);
    let mut line = String::new();
    BufReader::new(server.0.stdout.as_mut().context("stdout")?).read_line(&mut line)?;
    Ok((server, line.trim().rsplit_once("//").context("no address")?.1.to_owned()))
}

fn http(program: &Path, data: &Path, request: &[u8]) -> Result<f64> {
    let (server, address) = serve(program, data)?;
    let mut stream = TcpStream::connect(&address)?;
    stream.set_nodelay(true)?;
    let head = format!(
        "POST /tsa HTTP/1.1\r\nHost: x\r\nContent-Type: application/timestamp-query\r\nContent-Length: {}\r\n\r\n",
        request.len()
    );
    let message = [head.as_bytes(), request].concat();
    let pid = server.0.id().to_string();
    let mut waits = Vec::with_capacity(REPLIES);
    let before = cpu_ticks(&pid, false)?;
    for _ in 0..REPLIES {
        let sent = clock();
        stream.write_all(&message)?;
        read_answer(&mut stream)?;
        waits.push(sent.elapsed());
    }
    let spent = (cpu_ticks(&pid, false)? - before) as f64 / 100.0 / REPLIES as f64;
    waits.sort_unstable();
    let at = |q: usize| waits[REPLIES * q / 100].as_secs_f64();
    println!("one connection, wall: p50 {:.3} ms, p99 {:.3} ms", ms(at(50)), ms(at(99)));
    Ok(spent)
}

/// Reads one answer, of the length its head names; gives its body.
fn read_answer(stream: &mut TcpStream) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let read = stream.read(&mut buffer)?;
        ensure!(read > 0, "the server hung up");
        bytes.extend_from_slice(&buffer[..read]);
        let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&bytes[..at])?.to_lowercase();
        ensure!(head.starts_with("http/1.1 200"), "{head}");
        let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")).context("no length")?;
        if bytes.len() >= at + 4 + length.trim().parse::<usize>()? {
            return Ok(bytes.split_off(at + 4));
        }
    }
}

fn openssl_replies(root: &Path, folder: &Path, data: &Path, request: &[u8]) -> Result<f64> {
    let run = |command: &mut Command| -> Result<Vec<u8>> {
        let output = command.output()?;
        if !output.status.success() {
            bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(output.stdout)
    };
    let at = |name: &str| folder.join(name);
    let source = root.join("xtask/src/bench/openssl_ts.c");
    run(Command::new("cc").arg("-O2").arg("-o").arg(at("openssl_ts")).arg(source).arg("-lcrypto"))?;
    let pass = format!("file:{}", data.join("keys/passphrase").display());
    let is_tsa = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("tsa-"));
    let mut keys = std::fs::read_dir(data.join("keys"))?.filter_map(|e| Some(e.ok()?.path()));
    let key = keys.find(is_tsa).context("the TSA key")?;
    run(Command::new("openssl").args(["pkey", "-passin", &pass, "-in"]).arg(key).arg("-out").arg(at("plain.pem")))?;
    std::fs::write(at("request.tsq"), request)?;
    let chain = data.join("public/chain.pem");
    let mut command = Command::new(at("openssl_ts"));
    command.arg(at("plain.pem")).args([&chain, &chain]).arg(at("request.tsq")).arg(REPLIES.to_string());
    let seconds: f64 = String::from_utf8(run(&mut command)?)?.trim().parse()?;
    Ok(seconds / REPLIES as f64)
}

fn verification(verifier: &dyn Verifier, response: &[u8], anchors: &[Vec<u8>], now: Time) -> Result<f64> {
    let memo = PathMemo::new();
    let content = [DigestAlgorithm::Sha256.digest(b"bench")];
    let cx = verify::Context { content: &content, anchors, memo: Some(&memo), ..verify::Context::new(verifier, now) };
    ensure!(verify::verify(response, &cx).verdict == Verdict::Valid, "the token does not verify");
    cpu_per_call(5_000, || drop(verify::verify(response, &cx)))
}

/// What a script of `e2e` prints, run by the Python of the peers.
fn script(root: &Path, name: &str, with: impl FnOnce(&mut Command) -> &mut Command) -> Result<String> {
    let peers = std::env::var_os("SHIYIN_PEERS").context("SHIYIN_PEERS")?;
    let mut python = Command::new(Path::new(&peers).join("bin/python"));
    python.arg(root.join("e2e").join(name)).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = with(&mut python).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// Wall and CPU time of a command that succeeds.
fn timed(command: &mut Command) -> Result<(Duration, Duration)> {
    let before = cpu_ticks("self", true)?;
    let start = clock();
    let output = command.output()?;
    let wall = start.elapsed();
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok((wall, Duration::from_millis(10 * (cpu_ticks("self", true)? - before))))
}

fn hashing(program: &Path, folder: &Path, data: &Path) -> Result<()> {
    let (_server, address) = serve(program, data)?;
    let url = format!("http://{address}");
    let stamp = |path: &Path| {
        let mut command = Command::new(program);
        command.args(["stamp", "--force", "--server", &url, "--data"]).arg(data).arg(path);
        command
    };
    let large = folder.join("large.bin");
    let mut file = std::fs::File::create(&large)?;
    let block: Vec<u8> = (0..1u32 << 20).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for _ in 0..LARGE_FILE_BYTES >> 20 {
        file.write_all(&block)?;
    }
    drop(file);
    let gib = (LARGE_FILE_BYTES >> 30) as f64;
    let mut best = [Duration::MAX; 2];
    for _ in 0..2 {
        best[0] = best[0].min(timed(Command::new("openssl").args(["dgst", "-sha256"]).arg(&large))?.0);
        best[1] = best[1].min(timed(&mut stamp(&large))?.0);
    }
    let [peer, ours] = best.map(|d| gib / d.as_secs_f64());
    println!(
        "4 GiB file: shiyin stamp {ours:.2} GiB/s, openssl dgst {peer:.2} GiB/s, ratio {:.2} (bar: 0.95)",
        ours / peer
    );
    std::fs::remove_file(&large)?;

    let small = folder.join("small");
    std::fs::create_dir(&small)?;
    for i in 0..SMALL_FILES {
        std::fs::write(small.join(format!("{i}.bin")), &block[..100_000 + i])?;
    }
    stamp(&small).output()?;
    let (wall, cpu) = timed(&mut stamp(&small))?;
    let cores = std::thread::available_parallelism()?.get() as f64;
    let busy = cpu.as_secs_f64() / wall.as_secs_f64() / cores * 100.0;
    println!(
        "{SMALL_FILES} files of 100 kB, one manifest: {:.2} s, cores {busy:.0} % busy (bar: 80)",
        wall.as_secs_f64()
    );
    Ok(())
}
