//! A chronyd beside us as a source: it can authenticate its servers (NTS, RFC 8915), and says so.
//!
//! What it knows is read through its own client over its command socket, which only
//! the host's administrator can reach.

use super::host::Host;
use super::source::{Leap, Sample, SourceFault};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

/// Asks the chronyd at `socket` through the client `program`.
pub async fn query(program: &Path, socket: &Path, host: &dyn Host, patience: Duration) -> Result<Sample, SourceFault> {
    let ask = async {
        let sources = report(program, socket, "sources").await?;
        let authentication = report(program, socket, "authdata").await?;
        let tracking = report(program, socket, "tracking").await?;
        // Read together: only their difference counts, and chronyd's correction is to the second.
        let (wall_ns, raw_ns) = (host.wall_ns(), host.raw_ns());
        let mut sample = read(&tracking, wall_ns, raw_ns)?;
        sample.authenticated = is_authenticated(&sources, &authentication);
        Ok(sample)
    };
    timeout(patience, ask).await.unwrap_or(Err(SourceFault::NoAnswer))
}

async fn report(program: &Path, socket: &Path, name: &str) -> Result<String, SourceFault> {
    let mut command = Command::new(program);
    command.arg("-c").arg("-n").arg("-h").arg(socket).arg(name).env_clear();
    command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let unreachable = |e: std::io::Error| SourceFault::Unreachable(format!("{}: {e}", program.display()));
    let output = command.output().await.map_err(unreachable)?;
    if !output.status.success() {
        return Err(SourceFault::NoAnswer);
    }
    String::from_utf8(output.stdout).map_err(|_| SourceFault::Malformed)
}

/// One line of `chronyc -c tracking`: 4 is the correction to the host's clock, 10 and 11 the root
/// delay and dispersion, all in seconds; 13 the leap status.
fn read(tracking: &str, wall_ns: i64, raw_ns: i64) -> Result<Sample, SourceFault> {
    let fields: Vec<&str> = tracking.trim().split(',').collect();
    let number = |at: usize| {
        let value = fields.get(at).and_then(|f| f.parse::<f64>().ok());
        value.filter(|v| v.abs() < 1e6).map(|v| (v * 1e9) as i64).ok_or(SourceFault::Malformed)
    };
    let leap = match fields.get(13).copied() {
        Some("Normal") => Leap::None,
        Some("Insert second") => Leap::Inserted,
        Some("Delete second") => Leap::Deleted,
        Some("Not synchronised") => return Err(SourceFault::Unsynchronised),
        _ => return Err(SourceFault::Malformed),
    };
    let error_ns = number(10)?.abs() / 2 + number(11)?.abs() + 1;
    let offset_ns = wall_ns - raw_ns + number(4)?;
    Ok(Sample { offset_ns, error_ns, raw_ns, leap, authenticated: false })
}

/// Whether every server that chronyd follows (`*`, `+`) proved who it is by NTS.
fn is_authenticated(sources: &str, authentication: &str) -> bool {
    let columns = |line: &str, a: usize, b: usize| {
        let fields: Vec<&str> = line.split(',').collect();
        Some((fields.get(a)?.to_string(), fields.get(b)?.to_string()))
    };
    let followed: Vec<String> = sources
        .lines()
        .filter_map(|line| columns(line, 1, 2))
        .filter_map(|(state, address)| matches!(state.as_str(), "*" | "+").then_some(address))
        .collect();
    let proven: Vec<_> = authentication.lines().filter_map(|line| columns(line, 0, 1)).collect();
    let by_nts = |address: &String| proven.iter().any(|(a, mode)| a == address && mode == "NTS");
    !followed.is_empty() && followed.iter().all(by_nts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACKING: &str = "7F000001,127.0.0.1,4,1795258669.104927720,-0.000002267,0.000000428,0.000001807,\
                            -0.193,0.030,0.983,0.000007422,0.000003281,0.5,Normal\n";

    #[test]
    fn what_chronyd_says_is_read() {
        let sample = read(TRACKING, 5_000_000_000, 2_000_000_000).unwrap();
        assert_eq!(sample.offset_ns, 3_000_000_000 - 2267);
        assert_eq!(sample.error_ns, 3711 + 3281 + 1);
        assert_eq!(sample.leap, Leap::None);
        let insert = TRACKING.replace("Normal", "Insert second");
        assert_eq!(read(&insert, 0, 0).unwrap().leap, Leap::Inserted);
        let lost = TRACKING.replace("Normal", "Not synchronised");
        assert_eq!(read(&lost, 0, 0), Err(SourceFault::Unsynchronised));
        for bad in ["", "a,b", &TRACKING.replace("-0.000002267", "nan"), &TRACKING.replace("Normal", "?")] {
            assert_eq!(read(bad, 0, 0), Err(SourceFault::Malformed), "{bad}");
        }
    }

    #[test]
    fn authenticated_means_every_followed_server() {
        let sources = "^,*,192.0.2.1,3,0,377,0,0.1,0.1,0.1\n^,+,192.0.2.2,3,0,377,0,0.1,0.1,0.1\n\
                       ^,-,192.0.2.3,3,0,377,0,0.1,0.1,0.1\n";
        let both = "192.0.2.1,NTS,1,15,256,5,0,0,8,100\n192.0.2.2,NTS,1,15,256,5,0,0,8,100\n192.0.2.3,-,0,0\n";
        assert!(is_authenticated(sources, both));
        assert!(!is_authenticated(sources, "192.0.2.1,NTS,1\n192.0.2.2,-,0\n"));
        assert!(!is_authenticated("", both));
    }
}
