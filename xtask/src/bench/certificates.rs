//! Certificates and packages: CPU of one certificate before and with its signature, and the memory that a
//! package of a thousand records takes while it is sent.

use super::{clock, cpu_ticks, ms};
use anyhow::{Context as _, Result, anyhow, ensure};
use axum::body::Body;
use axum::http::{Request, header};
use exhibit::certificates::Certificates;
use futures_util::StreamExt as _;
use proof::digest::DigestAlgorithm;
use proof::record::EvidenceNumber;
use registry::evidence::vocabulary::Both;
use registry::evidence::{Draft, DraftFile, Mode, Owner, Party, Related, Said, Title};
use registry::testing::{Browser, House, Rooms};
use registry::web::Fault;
use std::fs;
use tower_service::Service as _;

const ROOMS: Rooms = Rooms {
    nav: Vec::new,
    listeners: &[],
    operations: Vec::new,
    router: |holdings| {
        exhibit::router(holdings, None).merge(registry::accounts::router(holdings.evidence().accounts().clone()))
    },
};
const CERTIFICATES: usize = 200;
const RECORDS: usize = 1_000;

fn failed(fault: Fault) -> anyhow::Error {
    anyhow!("{fault:?}")
}

/// Two works: one of a tenth of the records, one of the rest.
fn work(at: usize) -> &'static str {
    if at < RECORDS / 10 { "W-small" } else { "W-large" }
}

fn draft(at: usize) -> Draft {
    let file = |of: usize| {
        let digest = DigestAlgorithm::Sha256.digest(&[at, of].map(usize::to_le_bytes).concat()).to_string();
        DraftFile {
            path: format!("成片/月港_{of}.mp4"), size: 100_000, digest, sm3: String::new(), is_attached: false
        }
    };
    let declaration = "本人声明：所提交文件由本人创作完成，未侵犯他人权利。如有不实，本人承担相应责任。";
    Draft {
        idem: at.to_string(),
        content: at.to_string(),
        kind_name: Both::new("视频", "Video"),
        maker: "work",
        origin: work(at).to_owned(),
        kind: "video".to_owned(),
        mode: Mode::Digest,
        title: Title { title: format!("月港 {at}"), zh: "视频".to_owned(), en: "Video".to_owned() },
        files: (0..4).map(file).collect(),
        statements: vec![("declaration".to_owned(), Said::Sealed(declaration.to_owned()))],
        previous: Vec::new(),
        related: Related::Unknown,
        is_free: false,
    }
}

/// CPU time of this process so far, in seconds.
fn cpu() -> Result<f64> {
    Ok(cpu_ticks("self", false)? as f64 / 100.0)
}

/// Prints the figures.
pub(crate) fn run() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let house = House::new(ROOMS).await;
        exhibit::open(&house.evidence).await?;
        let browser = house.person("lin").await;
        let me = house.me(&browser).await;
        let by = Party::of(&me, &Owner::Person(me.person.id.clone()), &[]).await.map_err(failed)?;
        let mut numbers = Vec::new();
        for at in 0..RECORDS + RECORDS / 10 {
            numbers.push(house.evidence.preserve(&by, &draft(at)).await.map_err(failed)?.number);
        }
        certificates(&house, &by, &numbers).await?;
        for (work, count) in [("W-small", RECORDS / 10), ("W-large", RECORDS)] {
            package(&house, &browser, work, count).await?;
        }
        Ok(())
    })
}

async fn certificates(house: &House, by: &Party, numbers: &[EvidenceNumber]) -> Result<()> {
    let room = Certificates::new(&house.evidence);
    let mut kept = Vec::new();
    for number in &numbers[..CERTIFICATES] {
        kept.push(house.evidence.kept(by, *number).await.map_err(failed)?);
    }
    // The faces are unpacked once.
    room.unsigned(by, &kept[0]).await.map_err(failed)?;
    let (before, mut bytes) = (cpu()?, 0);
    for one in &kept {
        bytes += room.unsigned(by, one).await.map_err(failed)?.len();
    }
    let unsigned = (cpu()? - before) / CERTIFICATES as f64;
    let size = bytes / CERTIFICATES / 1000;
    println!("certificate of 4 files, not signed       {:>9.1} ms CPU, {size} kB (bar: 15)", ms(unsigned));
    let (before, begun, mut bytes) = (cpu()?, clock(), 0);
    for one in &kept {
        bytes += room.of(by, one).await.map_err(failed)?.len();
    }
    let signed = (cpu()? - before) / CERTIFICATES as f64;
    let (took, size) = (begun.elapsed().as_secs_f64() / CERTIFICATES as f64, bytes / CERTIFICATES / 1000);
    println!(
        "  signed at B-LTA, logged twice and kept {:>9.1} ms CPU, {size} kB, {:.0} ms in all (bar: 25)",
        ms(signed),
        ms(took)
    );
    Ok(())
}

/// The most memory that this process has held since the mark was set, in bytes.
fn peak() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM")).context("VmHWM")?;
    Ok(line.split_whitespace().nth(1).context("kB")?.parse::<u64>()? * 1024)
}

async fn package(house: &House, browser: &Browser<'_>, work: &str, count: usize) -> Result<()> {
    let request = Request::get(format!("/works/{work}/package.zip"));
    let request = request.header(header::COOKIE, browser.cookies()).body(Body::empty())?;
    fs::write("/proc/self/clear_refs", "5")?;
    let (before, begun) = (peak()?, clock());
    let Ok(response) = house.pages.clone().call(request).await;
    ensure!(response.status().is_success(), "{}", response.status());
    let (mut stream, mut bytes) = (response.into_body().into_data_stream(), 0);
    while let Some(chunk) = stream.next().await {
        bytes += chunk?.len();
    }
    let (took, grown) = (begun.elapsed().as_secs_f64(), peak()?.saturating_sub(before) / 1_000_000);
    let size = bytes / 1_000_000;
    println!("package of {count:>5} records, {size:>4} MB          {took:>9.1} s, {grown} MB more memory at most");
    Ok(())
}
