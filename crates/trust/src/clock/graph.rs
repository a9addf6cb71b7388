//! The drift graph: how far the clock was found off, and how surely, out of the journal.

use crate::journal::Entry;
use serde_json::Value;
use std::fmt::Write as _;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 72.0;
const BOTTOM: f64 = 40.0;
const TOP: f64 = 16.0;

/// One measurement out of the journal.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    unix_s: i64,
    off_ms: f64,
    error_ms: f64,
    is_refused: bool,
}

/// Its colours where it stands alone; on a page, the page's stylesheet has them.
const STYLE: &str = "<style>text{font:400 12px sans-serif;fill:#4d5259}.axis{stroke:#d8d7d1}.band{fill:#d8d7d1;fill-opacity:.6}\
    .trace{fill:none;stroke:#15181c;stroke-width:1.5}.stop{fill:#15181c}\
    @media(prefers-color-scheme:dark){text{fill:#b3b1aa}.axis{stroke:#32363c}.band{fill:#32363c}.trace{stroke:#e9e7e1}.stop{fill:#e9e7e1}}</style>\n";

/// The graph as a picture of its own.
#[must_use]
pub fn picture(entries: &[Entry]) -> Option<String> {
    let svg = svg(entries, "时钟偏差 Clock offset")?;
    let (head, rest) = svg.split_once("</title>\n")?;
    Some(format!("{head}</title>\n{STYLE}{rest}"))
}

/// The graph of these lines, oldest first, as SVG; none where they hold fewer than two measurements.
///
/// The band is what each measurement allows, the line its middle, a square a refusal.
#[must_use]
pub fn svg(entries: &[Entry], title: &str) -> Option<String> {
    let points: Vec<Point> = entries.iter().filter_map(point).collect();
    let (first, last) = (points.first()?.unix_s, points.last()?.unix_s);
    if first >= last {
        return None;
    }
    let highest = points.iter().map(|p| p.off_ms.abs() + p.error_ms).fold(0.001, f64::max);
    let scale = nice(highest);
    let x = |unix_s: i64| LEFT + (WIDTH - LEFT - 8.0) * (unix_s - first) as f64 / (last - first) as f64;
    let y = |ms: f64| TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - (ms / scale).clamp(-1.0, 1.0)) / 2.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\"><title>{title}</title>\n"
    );
    for part in [-1.0, -0.5, 0.0, 0.5, 1.0] {
        let (value, at) = (part * scale, y(part * scale));
        let _ = writeln!(
            out,
            "<path d=\"M{LEFT} {at:.1}H{WIDTH}\" class=\"axis\"/><text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{value} ms</text>",
            LEFT - 8.0,
            at + 4.0
        );
    }
    let upper = points.iter().map(|p| format!("{:.1},{:.1}", x(p.unix_s), y(p.off_ms + p.error_ms)));
    let lower = points.iter().rev().map(|p| format!("{:.1},{:.1}", x(p.unix_s), y(p.off_ms - p.error_ms)));
    let band: Vec<String> = upper.chain(lower).collect();
    let line: Vec<String> = points.iter().map(|p| format!("{:.1},{:.1}", x(p.unix_s), y(p.off_ms))).collect();
    let _ = writeln!(out, "<polygon points=\"{}\" class=\"band\"/>", band.join(" "));
    let _ = writeln!(out, "<polyline points=\"{}\" class=\"trace\"/>", line.join(" "));
    for p in points.iter().filter(|p| p.is_refused) {
        let _ = writeln!(
            out,
            "<rect class=\"stop\" x=\"{:.1}\" y=\"{:.1}\" width=\"6\" height=\"6\"/>",
            x(p.unix_s) - 3.0,
            y(p.off_ms) - 3.0
        );
    }
    for (unix_s, anchor) in [(first, "start"), (last, "end")] {
        let time = proof::der::Time::from_unix(unix_s);
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{time}</text>",
            x(unix_s),
            HEIGHT - 12.0
        );
    }
    out.push_str("</svg>\n");
    Some(out)
}

fn point(entry: &Entry) -> Option<Point> {
    let number = |name: &str| entry.fields.get(name).and_then(Value::as_i64).map(|ns| ns as f64 / 1e6);
    // A movement is a measurement of what was off before it.
    let off_ms = number("by_ns").or_else(|| number("off_ns"))?;
    Some(Point {
        unix_s: entry.time.unix_s(),
        off_ms: if entry.kind == "clock-started" { 0.0 } else { off_ms },
        error_ms: number("error_ns")?,
        is_refused: entry.fields.contains_key("fault"),
    })
}

/// The next of 1, 2 and 5 times a power of ten.
fn nice(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|step| step * power).into_iter().find(|step| *step >= value).unwrap_or(value)
}
