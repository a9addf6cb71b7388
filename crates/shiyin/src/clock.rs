//! `shiyin clock` and `shiyin journal`: what became of the clock, and the operator's word on it.

use crate::exit::{Exit, Failure};
use crate::instance::{now, runtime};
use crate::words::Words;
use crate::{config, input, tell};
use clap::ArgMatches;
use serde_json::{Map, Value, json};
use trust::TrustError;
use trust::clock::graph::picture;
use trust::journal::{Journal, Kind, check_chain};

/// Lines that the graph is drawn from.
const GRAPH_LINES: i64 = 4000;
/// Lines read at a time.
const LINES: i64 = 1000;

fn fault(error: TrustError) -> Failure {
    Failure::new(Exit::Instance, error.to_string())
}

async fn journal(matches: &ArgMatches, words: &Words) -> Result<Journal, Failure> {
    let data = input::path(matches, "data");
    // What is not an instance is said so.
    trust::instance::Instance::open(data).await.map_err(fault)?;
    let storage = config::read(data, words)?.storage()?;
    Journal::open(&storage.database(data)).await.map_err(fault)
}

/// `shiyin clock`
pub fn run(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    match matches.subcommand() {
        Some(("graph", m)) => runtime()?.block_on(graph(m, words)),
        Some(("accept", m)) => runtime()?.block_on(accept(m, words)),
        _ => Ok(Exit::Usage),
    }
}

async fn graph(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let journal = journal(matches, words).await?;
    let entries = journal.last(GRAPH_LINES).await.map_err(fault)?;
    journal.close().await;
    let oldest_first: Vec<_> = entries.into_iter().rev().collect();
    let Some(svg) = picture(&oldest_first) else {
        return Err(Failure::new(Exit::Incomplete, words.say("clock-no-graph", &[])));
    };
    let out = input::path(matches, "file");
    let written = store::files::replace(out, svg.as_bytes(), store::files::PUBLIC);
    written.map_err(|e| input::cannot_write(out, &e, words))?;
    tell(&words.say("clock-graph-done", &[("path", &out.to_string_lossy())]));
    Ok(Exit::Valid)
}

/// Takes the correction that waits, which is the last one that was held.
async fn accept(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let journal = journal(matches, words).await?;
    let recent = journal.last(LINES).await.map_err(fault)?;
    let is_over = |kind: &str| kind == Kind::ClockAdjusted.name() || kind == Kind::ClockStarted.name();
    let held = recent.iter().take_while(|e| !is_over(&e.kind)).find(|e| e.kind == Kind::ClockHeld.name());
    let by_ns = held.and_then(|e| e.fields.get("by_ns")).and_then(Value::as_i64);
    let Some(by_ns) = by_ns else {
        journal.close().await;
        return Err(Failure::new(Exit::Incomplete, words.say("clock-nothing-held", &[])));
    };
    let reason = matches.get_one::<String>("reason").cloned().unwrap_or_default();
    let mut fields = Map::new();
    fields.insert("by_ns".to_owned(), json!(by_ns));
    fields.insert("reason".to_owned(), json!(reason));
    let written = journal.write(Kind::ClockAccepted, now(words)?, fields).await;
    journal.close().await;
    written.map_err(fault)?;
    tell(&words.say("clock-accepted", &[("by", &format!("{:+.3} s", by_ns as f64 / 1e9))]));
    Ok(Exit::Valid)
}

/// `shiyin journal`: all lines, oldest first, after their chain was checked.
pub fn show_journal(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    runtime()?.block_on(async {
        let journal = journal(matches, words).await?;
        let mut lines = Vec::new();
        loop {
            let next = journal.entries(lines.len() as i64 + 1, LINES).await.map_err(fault)?;
            if next.is_empty() {
                break;
            }
            lines.extend(next.into_iter().map(|e| e.line));
        }
        journal.close().await;
        lines.iter().for_each(|line| tell(line));
        match check_chain(lines.iter().map(String::as_str)) {
            Ok(_) => Ok(Exit::Valid),
            Err(number) => {
                let message = words.say("journal-broken", &[("number", &number.to_string())]);
                Err(Failure::new(Exit::Invalid, message))
            }
        }
    })
}
