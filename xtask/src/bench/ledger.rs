//! Receipts end to end: the client and the server on this machine, each token with its proof.

use super::{Server, clock, cpu_ticks, ms, read_answer, serve};
use anyhow::{Context as _, Result, ensure};
use proof::crypto::Verifier;
use proof::digest::DigestAlgorithm;
use proof::report::Verdict;
use proof::tsp::TimeStampReq;
use proof::verify::{self, PathMemo};
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use trust::authority::Authority;
use trust::aws_lc::AwsLc;
use trust::clock::{Clock as _, SystemClock};
use trust::instance::Instance;
use trust::ledger::Ledger;
use trust::storage::Storage;

const CONNECTIONS: usize = 128;
const RECEIPTS: usize = 40_000;
const LEAVES: u64 = 5_000_000;
const FSYNCS: usize = 200;

/// Measures the ledger of the instance in `data` while small and while large.
pub(super) fn run(program: &Path, folder: &Path, data: &Path) -> Result<()> {
    println!("machine's limit: one fsync               {:>9.4} ms wall (p50 of {FSYNCS})", ms(fsync(folder)?));
    let small = load(program, data)?;
    println!("with a small log                         {small}");
    let start = clock();
    let size = bulk_load(data)?;
    println!("bulk-loaded to {size} leaves in {:.0} s, tiles published", start.elapsed().as_secs_f64());
    let large = load(program, data)?;
    println!("with {size} leaves                   {large}");
    println!(
        "  ratio large / small: p50 {:.2}, p99 {:.2}, memory {:.2}",
        large.p50_s / small.p50_s,
        large.p99_s / small.p99_s,
        large.busy_mb / small.busy_mb
    );
    Ok(())
}

fn fsync(folder: &Path) -> Result<f64> {
    let mut file = std::fs::File::create(folder.join("fsync"))?;
    let mut times = Vec::with_capacity(FSYNCS);
    for _ in 0..FSYNCS {
        let start = clock();
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times[FSYNCS / 2])
}

/// What one run of all connections came to.
struct Load {
    rate: f64,
    p50_s: f64,
    p99_s: f64,
    server_cpu_ms: f64,
    idle_mb: f64,
    busy_mb: f64,
}

impl std::fmt::Display for Load {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:.0} receipts/s (bar: 5000), p50 {:.1} ms, p99 {:.1} ms (bar: 100), {:.3} ms CPU of the server each, \
             {:.0} MB idle (bar: 60), {:.0} MB busy",
            self.rate,
            ms(self.p50_s),
            ms(self.p99_s),
            self.server_cpu_ms,
            self.idle_mb,
            self.busy_mb
        )
    }
}

fn resident_mb(server: &Server) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.0.id()))?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).context("VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}

fn load(program: &Path, data: &Path) -> Result<Load> {
    let (server, address) = serve(program, data)?;
    let idle_mb = resident_mb(&server)?;
    let pid = server.0.id().to_string();
    let next = Arc::new(AtomicUsize::new(0));
    let before = cpu_ticks(&pid, false)?;
    let start = clock();
    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (next, address) = (Arc::clone(&next), address.clone());
            std::thread::spawn(move || ask(&address, &next))
        })
        .collect();
    let mut waits = Vec::with_capacity(RECEIPTS);
    let mut sample = Vec::new();
    for thread in threads {
        let (times, last) = thread.join().ok().context("a client failed")??;
        waits.extend(times);
        sample.extend(last);
    }
    let wall = start.elapsed().as_secs_f64();
    let server_cpu_ms = (cpu_ticks(&pid, false)? - before) as f64 * 10.0 / waits.len() as f64;
    let busy_mb = resident_mb(&server)?;
    check(&sample, data)?;
    waits.sort_unstable();
    let at = |percent: usize| waits[waits.len() * percent / 100].as_secs_f64();
    Ok(Load { rate: waits.len() as f64 / wall, p50_s: at(50), p99_s: at(99), server_cpu_ms, idle_mb, busy_mb })
}

/// Asks over one connection until enough were asked for; the waits, and the last answer.
fn ask(address: &str, next: &AtomicUsize) -> Result<(Vec<Duration>, Option<Vec<u8>>)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let (mut waits, mut last) = (Vec::new(), None);
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= RECEIPTS {
            return Ok((waits, last));
        }
        let nonce = [&[1][..], &(n as u64).to_be_bytes()].concat();
        let request = TimeStampReq::encode(&DigestAlgorithm::Sha256.digest(b"bench"), None, Some(&nonce), true);
        let head = format!(
            "POST /tsa HTTP/1.1\r\nHost: x\r\nContent-Type: application/timestamp-query\r\nContent-Length: {}\r\n\r\n",
            request.len()
        );
        let sent = clock();
        stream.write_all(&[head.as_bytes(), &request].concat())?;
        last = Some(read_answer(&mut stream)?);
        waits.push(sent.elapsed());
    }
}

/// One answer of each connection must be a valid token with its proof.
fn check(answers: &[Vec<u8>], data: &Path) -> Result<()> {
    let pem = std::fs::read_to_string(data.join("public/root.pem"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let now = SystemClock.now().ok().context("the clock")?.time;
    let instance = runtime.block_on(Instance::open(data))?;
    let anchors = [instance.main().root.der.clone()];
    ensure!(trust::instance::pem(&anchors[0]) == pem, "the root");
    let (memo, content) = (PathMemo::new(), [DigestAlgorithm::Sha256.digest(b"bench")]);
    for answer in answers {
        let verifier: &dyn Verifier = &AwsLc;
        let cx = verify::Context {
            content: &content,
            anchors: &anchors,
            memo: Some(&memo),
            ..verify::Context::new(verifier, now)
        };
        let report = verify::verify(answer, &cx);
        let is_logged = report.facts.is_some_and(|f| f.log.is_some());
        ensure!(report.verdict == Verdict::Valid && is_logged, "a receipt does not verify");
    }
    Ok(())
}

/// Makes the log large through its own writer; gives its size.
fn bulk_load(data: &Path) -> Result<u64> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let now = SystemClock.now().ok().context("the clock")?.time;
    runtime.block_on(async {
        let authority = Authority::open(data, &Storage::default(), now).await?;
        let place = authority.instance.log_place(data, &Storage::default())?;
        let ledger = Arc::new(Ledger::open(&place, Arc::clone(&authority.log), || {}).await?);
        let next = Arc::new(std::sync::atomic::AtomicU64::new(0));
        let callers: Vec<_> = (0..4096)
            .map(|_| {
                let (ledger, next) = (Arc::clone(&ledger), Arc::clone(&next));
                tokio::spawn(async move {
                    let mut size = 0;
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= LEAVES {
                            return Ok(size);
                        }
                        let entry = [&[0; 33][..], &n.to_be_bytes()].concat();
                        size = match ledger.append(entry, now).await {
                            Ok(included) => included.index() + 1,
                            Err(error) => anyhow::bail!("{error:?}"),
                        };
                    }
                })
            })
            .collect();
        let mut size = 0;
        for caller in callers {
            size = size.max(caller.await??);
        }
        let ledger = Arc::into_inner(ledger).context("a caller is left")?;
        ledger.close().await;
        Ok(size)
    })
}
