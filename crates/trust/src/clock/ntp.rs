//! One question to an NTP server (RFC 5905): how far UTC is from the raw clock, and how surely.
//!
//! The question holds nothing but a random number, which the answer must repeat, so
//! that nobody off the path can answer in the server's place. Who is on the path can;
//! where that matters, take an authenticated source ([`super::chrony`]) into the quorum.

use super::host::Host;
use super::source::{Leap, Sample, SourceFault};
use crate::keys;
use std::time::Duration;
use tokio::net::{UdpSocket, lookup_host};
use tokio::time::timeout;

const PACKET_BYTES: usize = 48;
/// Seconds from 1900, where NTP counts from, to 1970.
const NTP_TO_UNIX_S: i64 = 2_208_988_800;
/// 2024-01-01: no answer is about a time before, so counting starts anew in 2036 without doubt.
const ERA_PIVOT_UNIX_S: i64 = 1_704_067_200;

/// Asks `address` (host and port) and waits no longer than `patience`.
pub async fn query(address: &str, host: &dyn Host, patience: Duration) -> Result<Sample, SourceFault> {
    timeout(patience, ask(address, host)).await.unwrap_or(Err(SourceFault::NoAnswer))
}

async fn ask(address: &str, host: &dyn Host) -> Result<Sample, SourceFault> {
    let unreachable = |e: std::io::Error| SourceFault::Unreachable(e.to_string());
    let server = lookup_host(address).await.map_err(unreachable)?.next();
    let server = server.ok_or_else(|| SourceFault::Unreachable("the name has no address".to_owned()))?;
    let any = if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).await.map_err(unreachable)?;
    socket.connect(server).await.map_err(unreachable)?;
    let cookie: [u8; 8] = keys::random().map_err(|e| SourceFault::Unreachable(e.to_string()))?;
    let sent_ns = host.raw_ns();
    socket.send(&request(cookie)).await.map_err(unreachable)?;
    let mut buffer = [0; 512];
    loop {
        let length = socket.recv(&mut buffer).await.map_err(unreachable)?;
        let received_ns = host.raw_ns();
        // An answer to something else is not an answer; the right one may still come.
        if buffer.get(24..32).is_some_and(|originate| length >= PACKET_BYTES && *originate == cookie) {
            return read(&buffer[..length], sent_ns, received_ns);
        }
    }
}

/// Version 4, client; the transmit timestamp is a cookie.
fn request(cookie: [u8; 8]) -> [u8; PACKET_BYTES] {
    let mut packet = [0; PACKET_BYTES];
    packet[0] = 4 << 3 | 3;
    packet[40..].copy_from_slice(&cookie);
    packet
}

/// Reads an answer to a question sent and received at these readings of the raw clock.
pub(super) fn read(packet: &[u8], sent_ns: i64, received_ns: i64) -> Result<Sample, SourceFault> {
    let packet: &[u8; PACKET_BYTES] = packet.first_chunk().ok_or(SourceFault::Malformed)?;
    let (leap, version, mode) = (packet[0] >> 6, packet[0] >> 3 & 7, packet[0] & 7);
    if mode != 4 || !(3..=4).contains(&version) {
        return Err(SourceFault::Malformed);
    }
    let stratum = packet[1];
    if stratum == 0 {
        let code = packet[12..16].iter().map(|b| if b.is_ascii_graphic() { char::from(*b) } else { '?' });
        return Err(SourceFault::Kiss(code.collect()));
    }
    let leap = match leap {
        0 => Leap::None,
        1 => Leap::Inserted,
        2 => Leap::Deleted,
        _ => return Err(SourceFault::Unsynchronised),
    };
    if stratum > 15 {
        return Err(SourceFault::Unsynchronised);
    }
    let word = |at: usize| packet[at..].first_chunk::<4>().map_or(0, |b| u32::from_be_bytes(*b));
    let time = |at: usize| {
        let at = packet[at..].first_chunk::<8>().map_or(0, |b| u64::from_be_bytes(*b));
        (at != 0).then(|| unix_ns(at)).ok_or(SourceFault::Malformed)
    };
    let (server_received_ns, server_sent_ns) = (time(32)?, time(40)?);
    let away_ns = received_ns - sent_ns;
    let delay_ns = away_ns - (server_sent_ns - server_received_ns);
    // A server cannot have held the question longer than it was away. Its clock may be coarse.
    if server_sent_ns < server_received_ns || delay_ns < -1_000_000 {
        return Err(SourceFault::Malformed);
    }
    // RFC 5905 section 11.2: the root distance, with the server's precision.
    let precision_ns = 2f64.powi(i32::from(packet[3] as i8).clamp(-40, 10)) * 1e9;
    let error_ns = delay_ns.max(0) / 2 + short_ns(word(4)) / 2 + short_ns(word(8)) + (precision_ns as i64).max(1);
    // Halves first: the sum of two readings of now does not fit.
    let (there, back) = (server_received_ns - sent_ns, server_sent_ns - received_ns);
    let offset_ns = there / 2 + back / 2;
    Ok(Sample { offset_ns, error_ns, raw_ns: sent_ns + away_ns / 2, leap, authenticated: false })
}

/// A 16.16 number of seconds.
fn short_ns(seconds: u32) -> i64 {
    (i64::from(seconds) * 1_000_000_000) >> 16
}

/// A 32.32 time of the era that is not over.
fn unix_ns(time: u64) -> i64 {
    let mut unix_s = (time >> 32) as i64 - NTP_TO_UNIX_S;
    if unix_s < ERA_PIVOT_UNIX_S {
        unix_s += 1 << 32;
    }
    let fraction = (((time & 0xffff_ffff) * 1_000_000_000) >> 32) as i64;
    unix_s * 1_000_000_000 + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: i64 = 1_795_248_000;

    fn ntp(unix_s: i64) -> [u8; 8] {
        (((unix_s + NTP_TO_UNIX_S) as u32 as u64) << 32).to_be_bytes()
    }

    fn answer(unix_s: i64) -> [u8; PACKET_BYTES] {
        let mut packet = [0; PACKET_BYTES];
        packet[0] = 4 << 3 | 4;
        packet[1] = 2;
        packet[3] = -20i8 as u8;
        packet[32..40].copy_from_slice(&ntp(unix_s));
        packet[40..].copy_from_slice(&ntp(unix_s));
        packet
    }

    #[test]
    fn an_answer_gives_offset_and_error() {
        // Twenty milliseconds away, of which nobody knows how they divide.
        let sample = read(&answer(NOW_S), 1_000_000_000, 1_020_000_000).unwrap();
        assert_eq!(sample.offset_ns, NOW_S * 1_000_000_000 - 1_010_000_000);
        assert!((10_000_000..10_002_000).contains(&sample.error_ns), "{}", sample.error_ns);
        let mut far = answer(NOW_S);
        far[4..8].copy_from_slice(&(1u32 << 15).to_be_bytes());
        far[8..12].copy_from_slice(&(1u32 << 14).to_be_bytes());
        let sample = read(&far, 0, 0).unwrap();
        assert!((500_000_000..500_002_000).contains(&sample.error_ns), "half the root delay and the dispersion");
    }

    #[test]
    fn the_count_starts_anew_in_2036() {
        for unix_s in [ERA_PIVOT_UNIX_S, 2_085_978_495, 2_085_978_497, 4_000_000_000] {
            assert_eq!(read(&answer(unix_s), 0, 0).unwrap().offset_ns, unix_s * 1_000_000_000);
        }
    }

    #[test]
    fn answers_that_say_nothing_are_refused() {
        let changed = |change: &dyn Fn(&mut [u8; PACKET_BYTES])| {
            let mut packet = answer(NOW_S);
            change(&mut packet);
            read(&packet, 0, 1_000_000).unwrap_err()
        };
        assert_eq!(changed(&|p| p[0] = 4 << 3 | 3), SourceFault::Malformed);
        assert_eq!(changed(&|p| p[0] = 1 << 3 | 4), SourceFault::Malformed);
        assert_eq!(changed(&|p| p[0] |= 3 << 6), SourceFault::Unsynchronised);
        assert_eq!(changed(&|p| p[1] = 16), SourceFault::Unsynchronised);
        assert_eq!(changed(&|p| p[40..].fill(0)), SourceFault::Malformed);
        assert_eq!(changed(&|p| p[40..].copy_from_slice(&ntp(NOW_S - 1))), SourceFault::Malformed);
        assert_eq!(changed(&|p| p[40..].copy_from_slice(&ntp(NOW_S + 1))), SourceFault::Malformed);
        let kiss = |p: &mut [u8; PACKET_BYTES]| {
            p[1] = 0;
            p[12..16].copy_from_slice(b"RATE");
        };
        assert_eq!(changed(&kiss), SourceFault::Kiss("RATE".to_owned()));
        assert_eq!(read(&answer(NOW_S)[..47], 0, 0), Err(SourceFault::Malformed));
    }
}
