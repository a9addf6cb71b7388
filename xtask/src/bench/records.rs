//! Records: from the confirmation to the record, and lists of a million of them on both databases.

use super::clock;
use anyhow::{Result, anyhow};
use proof::digest::DigestAlgorithm;
use registry::evidence::vocabulary::Both;
use registry::evidence::{Draft, DraftFile, Filter, Mode, Order, Owner, Party, Related, Said, Title};
use registry::testing::{House, Rooms};
use registry::web::Fault;

const RECORDS: usize = 1_000_000;
const ROOMS: Rooms = Rooms {
    nav: Vec::new,
    listeners: &[],
    operations: Vec::new,
    router: |holdings| registry::accounts::router(holdings.evidence().accounts().clone()),
};
/// Words of titles: two characters each.
const WORDS: &str = "月港渡口潮汐石榴纹样釉料配方灯下海棠书店招牌设计小样录音长篇小说摄影组照分镜脚本拍摄计划成片剪辑记录字幕\
    特效原片定稿修订草图角色场景商标数据工艺流程模具报告合同图纸源码版本发布测试文档译本改编周边预告短版母带词曲编曲混音演出现场访谈";

fn failed(fault: Fault) -> anyhow::Error {
    anyhow!("{fault:?}")
}

fn file(at: usize) -> DraftFile {
    let digest = DigestAlgorithm::Sha256.digest(&at.to_le_bytes()).to_string();
    DraftFile { path: format!("folder/{at:05}.jpg"), size: 100_000, digest, sm3: String::new(), is_attached: false }
}

fn draft(idem: String, files: usize) -> Draft {
    Draft {
        content: idem.clone(),
        idem,
        kind_name: Both::new("摄影", "Photograph"),
        maker: "work",
        origin: "W1".to_owned(),
        kind: "photo".to_owned(),
        mode: Mode::Digest,
        title: Title { title: "月港".to_owned(), zh: "摄影".to_owned(), en: "Photograph".to_owned() },
        files: (0..files).map(file).collect(),
        statements: vec![("declaration".to_owned(), Said::Sealed("Mine.".to_owned()))],
        previous: Vec::new(),
        related: Related::Unknown,
        is_free: false,
    }
}

/// Milliseconds below which 95 of 100 stay.
fn p95(mut times_ms: Vec<f64>) -> f64 {
    times_ms.sort_by(f64::total_cmp);
    times_ms[(times_ms.len() * 95).div_ceil(100) - 1]
}

/// The title and the type of one of the million.
fn named(at: usize) -> (String, String) {
    let letters: Vec<char> = WORDS.chars().filter(|c| !c.is_whitespace()).collect();
    let word = |seed: usize| {
        let place = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        letters[place % (letters.len() / 2) * 2..][..2].iter().collect::<String>()
    };
    let title = format!("{}{}{} {}", word(at * 3), word(at * 3 + 1), word(at * 3 + 2), at % 977);
    (title, ["photo", "video", "music", "software"][at % 4].to_owned())
}

/// Prints the figures.
pub(crate) fn run() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    // `bench records postgresql` or `sqlite` measures one of them.
    let one = std::env::args().nth(3).unwrap_or_default();
    for is_postgres in [false, true] {
        if one == if is_postgres { "sqlite" } else { "postgresql" } {
            continue;
        }
        let name = if is_postgres { "PostgreSQL" } else { "SQLite" };
        runtime.block_on(async {
            let house = if is_postgres { House::on_postgres(ROOMS).await } else { House::new(ROOMS).await };
            let browser = house.person("lin").await;
            let me = house.me(&browser).await;
            let by = Party::of(&me, &Owner::Person(me.person.id.clone()), &[]).await.map_err(failed)?;
            preserving(&house, &by, name).await?;
            listing(&house, by, name).await
        })?;
    }
    Ok(())
}

async fn preserving(house: &House, by: &Party, name: &str) -> Result<()> {
    for (files, turns, bar) in [(1, 200, "bar: 1 000"), (1_000, 10, "bar: 60 000"), (10_000, 3, "")] {
        let mut times = Vec::new();
        for turn in 0..turns {
            let made = draft(format!("{files}-{turn}"), files);
            let begun = clock();
            house.evidence.preserve(by, &made).await.map_err(failed)?;
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        println!("record of {files:>6} files on {name:<10}     {:>9.1} ms p95, confirmed to kept {bar}", p95(times));
    }
    let begun = clock();
    for some in (0..1_000).collect::<Vec<_>>().chunks(8) {
        let made: Vec<Draft> = some.iter().map(|at| draft(format!("each-{at}"), 1)).collect();
        let all = futures_util::future::join_all(made.iter().map(|one| house.evidence.preserve(by, one))).await;
        all.into_iter().collect::<Result<Vec<_>, Fault>>().map_err(failed)?;
    }
    let took = begun.elapsed().as_secs_f64();
    println!("1 000 records of 1 file on {name:<10}      {took:>9.1} s, confirmed to kept (bar: 60)");
    Ok(())
}

async fn listing(house: &House, by: Party, name: &str) -> Result<()> {
    let begun = clock();
    house.evidence.fill(&by, &draft(String::new(), 0), RECORDS, named).await.map_err(failed)?;
    println!("{RECORDS} records filled in on {name} in {:.0} s", begun.elapsed().as_secs_f64());
    if house.accounts.db().is_shared() {
        house.accounts.db().execute("analyze", &[]).await?;
    }
    let first = house.evidence.list(&by, &Filter::default()).await.map_err(failed)?;
    let middle = first.entries[0].id - ((RECORDS as i64 / 2) << 20);
    let (rare, digest) = (named(RECORDS / 3).0, DigestAlgorithm::Sha256.digest(b"fill-77").to_string());
    let asked = |query: &str| Filter { query: query.to_owned(), ..Filter::default() };
    let number = first.entries[9].number.to_string();
    for (what, filter) in [
        ("newest", Filter::default()),
        ("oldest", Filter { order: Order::Oldest, ..Filter::default() }),
        ("from the middle", Filter { after: Some(middle), ..Filter::default() }),
        ("of one type", Filter { kind: "music".to_owned(), ..Filter::default() }),
        ("by title", Filter { order: Order::Title, ..Filter::default() }),
        ("月港, a frequent word", asked("月港")),
        ("渡, one character", asked("渡")),
        ("月港 石榴, two words", asked("月港 石榴")),
        ("one title in full", asked(&rare)),
        ("a word that is nowhere", asked("鲸落")),
        ("two words never together", asked("月港 977")),
        ("a digest", asked(&digest[..12])),
        ("a number", asked(&number)),
    ] {
        let mut times = Vec::new();
        let mut found = 0;
        for _ in 0..20 {
            let begun = clock();
            found = house.evidence.list(&by, &filter).await.map_err(failed)?.entries.len();
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        println!("list {what:<26} on {name:<10} {:>7.1} ms p95, {found} shown (bar: 50)", p95(times));
    }
    Ok(())
}
