//! Before filing: every chosen record checked anew, as a stranger would, from what the node keeps (case-05).
//!
//! The bytes are those of a package, the judge is the desk's; nothing is taken from the database's word. An
//! item that stands alone, or whose time nobody else has seen, is said to (fix-06, case-15).

use super::write::newest;
use super::{Packages, WORDS};
use crate::verification::desk;
use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use proof::record::EvidenceNumber;
use proof::report::{Code, Severity, Verdict};
use proof_wasm::desk::Desk;
use proof_wasm::judge::Outcome;
use registry::accounts::Sent;
use registry::accounts::audit::Act;
use registry::accounts::organisation::ANYONE;
use registry::evidence::{Kept, Owner, Party};
use registry::web::sheet::{Block, Ledger, Mark, Part, Sheet, Value};
use registry::web::{Cx, Fault, Words, grouped};
use trust::ledger::prove::Prover;

/// Records that are checked in one request.
const CHECKED_MAX: usize = 200;

/// What came of one record.
struct Checked {
    number: EvidenceNumber,
    title: String,
    verdict: Verdict,
    notes: Vec<String>,
}

/// `POST /packages/check`
pub(super) async fn check(State(room): State<Packages>, Sent { me, fields }: Sent) -> Response<Body> {
    let checked = async {
        let w = me.cx.words(&WORDS);
        let by = Party::of(&me, &super::pages::owner(&me, fields.text("organisation")), ANYONE).await?;
        let numbers = super::pages::numbers(&fields)?;
        if numbers.is_empty() {
            return Err(Fault::Field { field: "number", what: w.say("package-none") });
        }
        if numbers.len() > CHECKED_MAX {
            let what = w.fill("check-many", &[("count", &CHECKED_MAX.to_string())]);
            return Err(Fault::Field { field: "number", what });
        }
        let mut prover = room.log.clone().map(Prover::new);
        let mut all = Vec::new();
        for number in numbers {
            let kept = room.evidence.kept(&by, number).await?;
            all.push(room.checked(&me.cx, &kept, prover.as_mut()).await?);
            if matches!(by.owner, Owner::Organisation(_)) {
                room.evidence.note(&by, &kept.entry, Act::Verified).await?;
            }
        }
        Ok(me.cx.page(&sheet(&me.cx, w, &all)))
    };
    me.cx.end(checked.await)
}

impl Packages {
    async fn checked(&self, cx: &Cx, kept: &Kept, prover: Option<&mut Prover>) -> Result<Checked, Fault> {
        let token = kept.token.clone().unwrap_or_default();
        let anchors = crate::verification::anchors(self.node());
        let token = newest(prover, &token, &anchors, cx.now).await;
        let number = kept.entry.number;
        let files = [
            ("record.json", kept.record.to_canonical_json()),
            ("record.tsr", token),
            ("files.json", kept.files.to_canonical_json()),
            ("openings.json", kept.openings.to_canonical_json()),
        ];
        let mut desk = desk(self.node());
        let is_stamped = !files[1].1.is_empty();
        for (name, bytes) in files.iter().filter(|(_, bytes)| !bytes.is_empty()) {
            desk.offer(name, bytes.len() as u64, Some(bytes));
        }
        hash(&mut desk, &files);
        let now = cx.now;
        let outcome = self.node().check(move || desk.judge(now)).await.map_err(Fault::Broken)?;
        let title = kept.entry.title.as_ref().map(|title| title.title.clone()).unwrap_or_default();
        Ok(checked(cx, number, title, &outcome, is_stamped, kept.files.all().len()))
    }
}

fn hash(desk: &mut Desk, files: &[(&str, Vec<u8>)]) {
    let given: Vec<&Vec<u8>> = files.iter().map(|(_, bytes)| bytes).filter(|bytes| !bytes.is_empty()).collect();
    for job in desk.plan() {
        let Some(bytes) = given.get(job.item) else { continue };
        for algorithm in job.algorithms {
            desk.hashed(job.item, false, algorithm.digest(bytes));
        }
    }
}

/// The files themselves are their owner's: that they were not given here is no fault of the record.
fn is_own_files(code: Code) -> bool {
    matches!(code, Code::RecordFilesNotGiven | Code::SaltNotGiven)
}

fn checked(
    cx: &Cx,
    number: EvidenceNumber,
    title: String,
    outcome: &Outcome,
    is_stamped: bool,
    files: usize,
) -> Checked {
    let w = cx.words(&WORDS);
    let findings = || outcome.subjects.iter().flat_map(|s| &s.tokens).flat_map(|(_, report)| &report.findings);
    let worst = findings().filter(|f| !is_own_files(f.code)).map(|f| f.code.severity()).max();
    let verdict = match worst.unwrap_or(Severity::Gap) {
        _ if !is_stamped => Verdict::Incomplete,
        Severity::Pass | Severity::Notice | Severity::Warning => Verdict::Valid,
        Severity::Unconfirmed => Verdict::Unconfirmed,
        Severity::Gap => Verdict::Incomplete,
        Severity::Error => Verdict::Invalid,
    };
    let is_said = |code: Code| code.severity() > Severity::Notice || code == Code::BackdatingNotExcluded;
    let told = findings().filter(|f| is_said(f.code) && !is_own_files(f.code));
    let mut notes: Vec<String> = told.map(|finding| finding.sentence(cx.language)).collect();
    notes.dedup();
    if !is_stamped {
        notes.push(w.say("check-not-stamped"));
    }
    notes.push(w.fill("check-files", &[("count", &grouped(files as u64))]));
    Checked { number, title, verdict, notes }
}

fn sheet(cx: &Cx, w: Words, all: &[Checked]) -> Sheet {
    let good = all.iter().filter(|one| one.verdict == Verdict::Valid).count();
    let id = if good == all.len() { "check-good" } else { "check-bad" };
    let lead = w.fill(id, &[("good", &good.to_string()), ("total", &all.len().to_string())]);
    let row = |one: &Checked| {
        let (mark, word) = match one.verdict {
            Verdict::Valid => (Mark::Sealed, w.say("check-holds")),
            Verdict::Unconfirmed | Verdict::Incomplete => (Mark::Waiting, w.say("check-open")),
            Verdict::Invalid => (Mark::Failed, w.say("check-fails")),
        };
        vec![
            Value::Titled(format!("/records/{}", one.number), one.title.clone(), one.number.to_string()),
            Value::Mark(mark, word),
            Value::Text(one.notes.join("\n")),
        ]
    };
    let head = ["check-record", "check-state", "check-notes"].map(|id| w.say(id)).to_vec();
    let ledger = Ledger { name: w.say("check-title"), head, rows: all.iter().map(row).collect() };
    let mut part = Part::new(w.say("check-records")).full().with(Block::Ledger(ledger));
    if all.len() == 1 {
        part = part.with(Block::Notice(w.say("check-alone"), w.say("check-alone-note")));
    }
    Sheet::new(cx, w.say("check-title")).lead(lead).under("/records").part(part)
}
