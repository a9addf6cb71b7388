//! A work's records on paper, in their order: the chain as it verifies now, sealed (case-01, case-10).
//!
//! It is made anew each time, since a chain grows. What it says of a record comes from the record as it was stamped,
//! from its token as it verifies now, and from openings that fit; nothing comes from the lists of the database.

use super::{Certificates, WORDS};
use crate::sealed::sealed;
use crate::typeset::{self, beside, moment, spans, zoned};
use crate::verification::anchors;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::Response;
use axum::routing::get;
use paper::{Attached, Block, Both, Column, Document, Foot, Mark, Row, Scan, Span, Stamp, Time, printable};
use proof::crypto::RustCrypto;
use proof::digest::{DigestAlgorithm, hex};
use proof::record::{Opened, Openings, Part};
use proof::report::{Language, TokenFacts, Verdict};
use proof::verify::{Context, token_der, verify};
use proof_wasm::page::size;
use registry::accounts::Me;
use registry::accounts::organisation::ANYONE;
use registry::evidence::{Kept, Owner, Party, State as Stands, leaf};
use registry::web::{Fault, Node, download, get_alone};
use std::sync::Arc;

/// Records of one chain on paper; a longer one is a package.
const RECORDS_MAX: usize = 500;
/// Lists of files that ride in one chain, in bytes.
const LISTS_BYTES_MAX: usize = 4 << 20;

pub(super) fn router() -> Router<Certificates> {
    Router::new().route("/works/{id}/chain.pdf", get(chain).head(get_alone))
}

/// One record of the chain.
struct Link {
    /// With those of its openings that fit.
    kept: Kept,
    /// What its token says; none where it does not hold.
    facts: Option<TokenFacts>,
}

fn both(id: &str) -> Both {
    typeset::both(&WORDS, id)
}

/// `GET /works/{id}/chain.pdf`
async fn chain(State(room): State<Certificates>, me: Me, Path(id): Path<String>) -> Response<Body> {
    let taken = async {
        let owner = match me.cx.query("organisation") {
            id if id.is_empty() => Owner::Person(me.person.id.clone()),
            id => Owner::Organisation(id),
        };
        let by = Party::of(&me, &owner, ANYONE).await?;
        let w = me.cx.words(&WORDS);
        let refused = |id: &str| Fault::Field { field: "work", what: w.say(id) };
        let entries = room.evidence().of_origin(&by, &id).await?;
        let stamped: Vec<_> = entries.iter().filter(|entry| entry.state == Stands::Kept).collect();
        if entries.is_empty() {
            return Err(Fault::NotFound);
        }
        if stamped.is_empty() {
            return Err(refused("certificate-waits"));
        }
        if stamped.len() > RECORDS_MAX {
            return Err(refused("chain-long"));
        }
        me.accounts.count_own_document(&me.person.id, me.cx.now).await?;
        let mut links = Vec::new();
        for entry in stamped {
            links.push(room.evidence().kept(&by, entry.number).await?);
        }
        let node = Arc::clone(room.node());
        let made = room.node().check(move || document(&node, links)?.to_pdf().map_err(Fault::broken));
        let pdf = made.await.map_err(Fault::Broken)??;
        let pdf = sealed(room.node(), &pdf)
            .await
            .map_err(|why| why.fault("work", w.say("certificate-no-seal"), w.say("certificate-no-stamp")))?;
        Ok(download("chain.pdf", "application/pdf", pdf))
    };
    me.cx.end(taken.await)
}

/// A record with what its token says now, and without openings that do not fit.
fn verified(node: &Node, kept: Kept) -> Link {
    let content = [DigestAlgorithm::Sha256.digest(&kept.record.to_canonical_json())];
    let anchors = anchors(node);
    let lists: Vec<Vec<u8>> = node.public().lists.iter().map(|(_, list)| list.der.clone()).collect();
    let cx = Context { content: &content, anchors: &anchors, crls: &lists, ..Context::new(&RustCrypto, node.now()) };
    let token = kept.token.as_deref().and_then(|token| token_der(token).ok());
    let report = token.map(|token| verify(&token, &cx));
    let facts = report.filter(|report| report.verdict == Verdict::Valid).and_then(|report| report.facts);
    let fitting: Vec<Part> = kept
        .openings
        .check(&kept.record, &kept.files)
        .into_iter()
        .filter_map(|one| match one {
            Opened::Text(part, _) => Some(part),
            Opened::File(..) | Opened::Differs(_) => None,
        })
        .collect();
    let openings = kept.openings.all().iter().filter(|one| fitting.contains(&one.part)).cloned().collect();
    Link { kept: Kept { openings: Openings::new(openings), ..kept }, facts }
}

fn document(node: &Node, kept: Vec<Kept>) -> Result<Document, Fault> {
    let mut links: Vec<Link> = kept.into_iter().map(|kept| verified(node, kept)).collect();
    // What does not hold has no time, and stands at the end.
    links.sort_by_key(|link| link.facts.as_ref().map_or((1, None), |facts| (0, Some(facts.gen_time))));
    let now = node.now();
    let holding = || links.iter().filter(|link| link.facts.is_some());
    let title = holding().next_back().and_then(|link| link.kept.said("title")).unwrap_or("—");
    let earliest = holding().filter_map(|link| link.facts.as_ref()).map(|facts| facts.gen_time).min();
    let files: u64 = holding().map(|link| link.kept.record.files.count).sum();
    let fill = |id: &str, values: &[(&str, &str)]| typeset::filled(&WORDS, id, values);
    let failing = links.len() - holding().count();
    let state = match failing {
        0 => {
            let all = fill("chain-holds", &[("count", &links.len().to_string())]);
            vec![Span::state(Mark::Sealed, all.zh), Span::quiet(format!("\n{}", all.en))]
        }
        some => {
            let all = fill("chain-fails", &[("count", &some.to_string()), ("total", &links.len().to_string())]);
            vec![Span::state(Mark::Failed, all.zh), Span::quiet(format!("\n{}", all.en))]
        }
    };
    let mut rows = vec![
        Row::new(both("chain-work"), vec![Span::strong(printable(title))]),
        Row::new(both("chain-applicant"), applicants(&links)),
        Row::new(both("chain-state"), state),
        Row::new(both("chain-checked"), vec![Span::mono(zoned(now, 8, "UTC+8"))]),
        Row::new(both("chain-operator"), vec![Span::text(printable(&node.public().instance.operator.name))]),
    ];
    let count = fill("chain-count", &[("count", &links.len().to_string()), ("files", &files.to_string())]);
    rows.insert(2, Row::new(both("chain-holds-what"), beside(&count)));
    let mut blocks = vec![Block::Title(both("chain-title"), Stamp::None)];
    blocks.extend(earliest.map(|time| {
        let of_leaf = |id: &str| Both::new(leaf::words(Language::Zh).say(id), leaf::words(Language::En).say(id).trim());
        Block::Time(Time {
            before: (of_leaf("leaf-before"), both("before-note")),
            since: of_leaf("leaf-no-later"),
            instants: vec![zoned(time, 8, "UTC+8"), zoned(time, 0, "UTC")],
            notes: vec![both("chain-earliest")],
        })
    }));
    blocks.push(Block::Rows(rows));
    blocks.extend([Block::Heading(both("chain-links")), table(&links)]);
    blocks.push(Block::Text(spans(&both("chain-note"))));
    blocks.extend([Block::Heading(both("proves-heading")), super::compose::proves()]);
    let whole = holding().rfind(|link| link.kept.said("whole").is_some());
    let shown = whole.or(links.first()).ok_or_else(|| Fault::broken("a chain without records"))?;
    let address = format!("{}/v/{}", node.profile.url, shown.kept.record.number);
    let scan = Scan::new(&address).map_err(|_| Fault::broken("the public address is too long for a code"))?;
    let words = vec![spans(&both("chain-scan")), vec![Span::mono(&address)]];
    let numbers: Vec<String> = links.iter().map(|link| link.kept.record.number.to_string()).collect();
    let warning = if node.is_evaluation() { both("evaluation") } else { both("not-qualified") };
    Ok(Document {
        title: format!("{} {}", both("chain-title").zh, printable(title)),
        id: DigestAlgorithm::Sha256.digest(format!("{now} {}", numbers.join(" ")).as_bytes()).to_string(),
        author: node.public().instance.operator.name.clone(),
        time: now,
        blocks,
        scan: Some((scan, words)),
        foot: Foot {
            left: format!("时印 Shiyin　{}", both("chain-title").zh),
            middle: format!("{} {}", warning.zh, warning.en),
        },
        attached: attached(node, &links),
    })
}

/// Who applied, as the records say it, each once.
fn applicants(links: &[Link]) -> Vec<Span> {
    let mut all: Vec<Vec<Span>> = Vec::new();
    for link in links.iter().filter(|link| link.facts.is_some()) {
        let one = super::compose::applicant(&link.kept);
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all.into_iter()
        .enumerate()
        .flat_map(|(place, one)| {
            let end = (place > 0).then(|| Span::text("\n"));
            end.into_iter().chain(one)
        })
        .collect()
}

/// The records and their tokens, so that the chain can be verified without this node.
fn attached(node: &Node, links: &[Link]) -> Vec<Attached> {
    let file = |name: String, media_type, id: &str, bytes| {
        let about = both(id);
        Attached { name, media_type, about: format!("{} {}", about.zh, about.en), bytes }
    };
    let (mut all, mut lists) = (Vec::new(), 0);
    for link in links {
        let (number, record) = (link.kept.record.number, link.kept.record.to_canonical_json());
        all.push(file(format!("{number}.record.json"), "application/json", "about-record", record));
        let token = link.kept.token.clone();
        let name = format!("{number}.record.tsr");
        all.extend(token.map(|token| file(name, "application/timestamp-reply", "about-token", token)));
        // Long lists of files ride in certificates and packages alone.
        let list = link.kept.files.to_canonical_json();
        if lists + list.len() <= LISTS_BYTES_MAX {
            lists += list.len();
            all.push(file(format!("{number}.files.json"), "application/json", "about-files", list));
        }
    }
    let roots =
        node.public().instance.suites.iter().map(|suite| trust::instance::pem(&suite.root.der)).collect::<String>();
    all.push(file("root.pem".to_owned(), "application/x-pem-file", "about-root", roots.into_bytes()));
    all
}

fn table(links: &[Link]) -> Block {
    let column = |id: &str, share| Column { head: both(id), share };
    let row = |link: &Link| {
        let (kept, facts) = (&link.kept, link.facts.as_ref());
        let title = printable(kept.said("title").unwrap_or("—"));
        let said = |name: &str| kept.said(name).map(printable);
        let about: Vec<String> = ["type-name", "stage-name"].into_iter().filter_map(said).collect();
        let values = [("count", &*kept.record.files.count.to_string()), ("size", &*size(kept.record.files.bytes))];
        let files = typeset::filled(&WORDS, "count", &values);
        let what = vec![
            Span::text(title),
            Span::quiet(format!("\n{}\n", about.join("　"))),
            Span::text(files.zh),
            Span::quiet(format!("　{}\n", files.en)),
            Span::mono(format!("{}\n", kept.record.number)),
            Span::digest(hex(&kept.record.digest())),
        ];
        let (mark, said) = match facts {
            Some(_) => (Mark::Sealed, both("chain-one-holds")),
            None => (Mark::Failed, both("chain-one-fails")),
        };
        let mut state = vec![Span::state(mark, format!("{} {}", said.zh, said.en))];
        // That nobody else saw the time is said of each.
        if let Some(facts) = facts {
            let seen = match &facts.independent {
                Some(seen) => {
                    let at = [("name", &*printable(&seen.authority)), ("time", &*moment(seen.time))];
                    typeset::filled(&WORDS, "chain-seen", &at)
                }
                None => both("chain-unseen"),
            };
            state.push(Span::quiet(format!("\n{}\n{}", seen.zh, seen.en)));
        }
        let time = facts.map(|facts| moment(facts.gen_time)).unwrap_or_default();
        vec![vec![Span::mono(time)], what, state]
    };
    let columns = vec![column("part-time", 2.2), column("chain-what", 5.2), column("witness-state", 2.6)];
    Block::Table(columns, links.iter().map(row).collect())
}
