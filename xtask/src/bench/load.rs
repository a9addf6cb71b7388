//! Two hundred people at once for five minutes on each database, and after that what one stamp costs.

use super::{program, script};
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::path::Path;
use store::{Location, testing};

const PEOPLE: u32 = 200;
const SECONDS: u32 = 300;

pub(crate) fn run(root: &Path) -> Result<()> {
    let program = program(root)?;
    // `bench load 20` takes so many seconds.
    let seconds = std::env::args().nth(3).map_or(Ok(SECONDS), |text| text.parse())?;
    let mut costs = Vec::new();
    for name in ["SQLite", "PostgreSQL"] {
        let database = match (name == "PostgreSQL").then(testing::postgres) {
            Some(Location::Postgres(url)) => Some(url),
            _ => None,
        };
        let arguments = [PEOPLE.to_string(), seconds.to_string()];
        let said = script(root, "load_bench.py", |python| {
            python.env("SHIYIN", &program).envs(database.iter().map(|url| ("DATABASE", url))).args(arguments)
        })?;
        let figures: Value = serde_json::from_str(&said)?;
        let figure =
            |path: &str| figures.pointer(path).and_then(Value::as_f64).with_context(|| format!("{path} in {said}"));
        println!(
            "{PEOPLE} people at once on {name}, {:.0} things done a second for {seconds} s: pages p50 {:.0} ms, p99 {:.0} ms, \
             worst {:.0} ms (bar: 300), {} errors (bar: 0)",
            figure("/per_s")?,
            figure("/pages_ms/p50")?,
            figure("/pages_ms/p99")?,
            figure("/pages_ms/max")?,
            figure("/errors")?
        );
        println!(
            "  {:.2} cores busy, the node's memory at most {:.0} MiB",
            figure("/busy_cores")?,
            figure("/memory_mib")?
        );
        for what in ["token", "new record", "certificate", "API: verify a token"] {
            let [p50, p99] =
                [0, 1].map(|at| figures.pointer(&format!("/kinds_ms/{what}/{at}")).and_then(Value::as_f64));
            println!("  {what:<22} p50 {:>6.1} ms, p99 {:>6.1} ms", p50.unwrap_or(f64::NAN), p99.unwrap_or(f64::NAN));
        }
        costs.push((name, figures["costs"].clone()));
    }
    println!(
        "cost of one, by one connection:           node, database ms CPU;  kB written;  ms in all;  in a core hour"
    );
    for (name, each) in costs {
        for (what, cost) in each.as_object().context("costs")? {
            let figure = |name: &str| cost[name].as_f64().with_context(|| format!("{name} of {what}"));
            let (node, database) = (figure("node_ms")?, figure("database_ms")?);
            println!(
                "  {what:<20} on {name:<10} {node:>12.2} {database:>12.2} {:>12.0} {:>12.2} {:>12.0}",
                figure("written")? / 1000.0,
                figure("ms")?,
                3_600_000.0 / (node + database)
            );
        }
    }
    Ok(())
}
