//! The clock against NTP servers that follow a script, on loopback: every case in which the time
//! may not be told, in both directions. The host's clocks are the test's own.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use trust::clock::gate::{Fault, Limits, Outcome};
use trust::clock::host::Host;
use trust::clock::source::{Leap, Source};
use trust::clock::watch::{Watch, WatchedClock, moved_in_a_day};
use trust::clock::{Clock as _, MonotonicClock};
use trust::journal::{Journal, check_chain};

const S: i64 = 1_000_000_000;
const MS: i64 = 1_000_000;
/// 2026-11-21T18:40:00Z
const NOW: i64 = 1_795_286_400 * S;
/// 2026-12-31T23:59:00Z
const EVE: i64 = 1_798_761_540 * S;

#[derive(Default)]
struct Machine {
    raw: AtomicI64,
    wall: AtomicI64,
}

impl Machine {
    fn pass(&self, ns: i64) {
        self.raw.fetch_add(ns, SeqCst);
        self.wall.fetch_add(ns, SeqCst);
    }
}

impl Host for Machine {
    fn raw_ns(&self) -> i64 {
        self.raw.load(SeqCst)
    }

    fn wall_ns(&self) -> i64 {
        self.wall.load(SeqCst)
    }
}

/// What a server says.
#[derive(Clone)]
struct Script {
    /// How far its time is from the truth.
    off: i64,
    leap: Leap,
    stratum: u8,
    /// Its root dispersion.
    dispersion: i64,
    is_silent: bool,
    /// Answers a question that was not asked first.
    is_spoofed: bool,
    is_unsynchronised: bool,
}

const HONEST: Script = Script {
    off: 0,
    leap: Leap::None,
    stratum: 2,
    dispersion: 2 * MS,
    is_silent: false,
    is_spoofed: false,
    is_unsynchronised: false,
};

/// A world in which the truth is known: the test's.
struct World {
    machine: Arc<Machine>,
    /// UTC less the raw clock, in truth.
    truth: Arc<AtomicI64>,
    scripts: Vec<Arc<Mutex<Script>>>,
    sources: Vec<Source>,
    clock: Arc<WatchedClock>,
}

impl World {
    fn new(servers: usize, start: i64, limits: Limits) -> Self {
        let machine = Arc::new(Machine { raw: AtomicI64::new(77 * S), wall: AtomicI64::new(start) });
        let truth = Arc::new(AtomicI64::new(start - 77 * S));
        let scripts: Vec<_> = (0..servers).map(|_| Arc::new(Mutex::new(HONEST))).collect();
        let sources = scripts.iter().map(|script| serve(script, &machine, &truth)).collect();
        let clock = Arc::new(WatchedClock::new(limits, machine.clone(), 0));
        Self { machine, truth, scripts, sources, clock }
    }

    fn set(&self, servers: impl IntoIterator<Item = usize>, change: impl Fn(&mut Script)) {
        servers.into_iter().for_each(|i| change(&mut self.scripts[i].lock().unwrap()));
    }

    async fn measure(&self) -> Outcome {
        self.clock.measure(&self.sources).await
    }

    fn told(&self) -> Result<i64, Fault> {
        self.clock.tell().map(|told| told.utc_ns)
    }

    /// The truth now.
    fn utc(&self) -> i64 {
        self.machine.raw_ns() + self.truth.load(SeqCst)
    }
}

/// An NTP server in a thread, for as long as the test runs.
fn serve(script: &Arc<Mutex<Script>>, machine: &Arc<Machine>, truth: &Arc<AtomicI64>) -> Source {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let (script, machine, truth) = (script.clone(), machine.clone(), truth.clone());
    std::thread::spawn(move || {
        let mut buffer = [0; 128];
        while let Ok((length, client)) = socket.recv_from(&mut buffer) {
            assert_eq!((length, buffer[0]), (48, 0x23), "version 4, client");
            let script = script.lock().unwrap().clone();
            if script.is_silent {
                continue;
            }
            let utc = machine.raw_ns() + truth.load(SeqCst) + script.off;
            let mut packet = [0; 48];
            let leap = match script.leap {
                Leap::None => 0,
                Leap::Inserted => 1,
                Leap::Deleted => 2,
            };
            packet[0] = if script.is_unsynchronised { 3 } else { leap } << 6 | 4 << 3 | 4;
            packet[1] = script.stratum;
            packet[3] = -25i8 as u8;
            let dispersion = (script.dispersion << 16) / S;
            packet[8..12].copy_from_slice(&(dispersion as u32).to_be_bytes());
            if script.stratum == 0 {
                packet[12..16].copy_from_slice(b"RATE");
            }
            let ntp = (((utc / S + 2_208_988_800) as u64) << 32) + (((utc % S) as u64) << 32) / S as u64;
            packet[32..40].copy_from_slice(&ntp.to_be_bytes());
            packet[40..48].copy_from_slice(&ntp.to_be_bytes());
            if script.is_spoofed {
                packet[24..32].fill(7);
                socket.send_to(&packet, client).unwrap();
                continue;
            }
            packet[24..32].copy_from_slice(&buffer[40..48]);
            socket.send_to(&packet, client).unwrap();
        }
    });
    Source::Ntp(address)
}

fn near(a: i64, b: i64) -> bool {
    (a - b).abs() <= 1000
}

#[tokio::test]
async fn nothing_is_told_before_a_measurement_and_the_error_is_measured() {
    let world = World::new(3, NOW, Limits::default());
    assert_eq!(world.told(), Err(Fault::Unmeasured));
    assert_eq!(world.measure().await, Outcome::Started);
    assert!(near(world.told().unwrap(), world.utc()));
    let error = world.clock.tell().unwrap().error_ns;
    assert!((2 * MS - MS / 10..2 * MS + MS / 10).contains(&error), "the servers' dispersion: {error}");
    world.machine.pass(100 * S);
    let later = world.clock.tell().unwrap().error_ns;
    assert!(near(later - error, 10 * MS), "100 s at 100 ppm are 10 ms more");
    let reading = world.clock.now().unwrap();
    assert_eq!(reading.accuracy.unwrap().millis, 13, "cut to the millisecond, and rounded up");
}

#[tokio::test]
async fn an_old_measurement_and_one_that_drifted_too_far_do_not_count() {
    let world = World::new(3, NOW, Limits::default());
    world.measure().await;
    world.machine.pass(301 * S);
    assert_eq!(world.told(), Err(Fault::Stale));
    assert_eq!(world.measure().await, Outcome::Kept);
    assert!(world.told().is_ok());
    let loose = Limits { fresh_ns: 100_000 * S, ..Limits::default() };
    let world = World::new(3, NOW, loose);
    world.measure().await;
    world.machine.pass(9_900 * S);
    assert!(world.told().is_ok());
    world.machine.pass(200 * S);
    assert_eq!(world.told(), Err(Fault::Inaccurate), "10,100 s at 100 ppm are more than a second");
}

#[tokio::test]
async fn one_liar_of_three_changes_nothing_in_either_direction() {
    for lie in [-3600 * S, -40 * MS, 40 * MS, 3600 * S] {
        let world = World::new(3, NOW, Limits::default());
        world.set([1], |s| s.off = lie);
        assert_eq!(world.measure().await, Outcome::Started);
        assert!(near(world.told().unwrap(), world.utc()), "{lie}");
    }
}

#[tokio::test]
async fn too_few_answers_let_the_measurement_age_and_contradiction_takes_it_back() {
    let world = World::new(3, NOW, Limits::default());
    world.measure().await;
    world.set([0, 1], |s| s.is_silent = true);
    assert_eq!(world.measure().await, Outcome::None);
    assert!(world.told().is_ok(), "the last measurement still carries it");
    world.machine.pass(301 * S);
    assert_eq!(world.told(), Err(Fault::Stale));
    world.set([0, 1], |s| s.is_silent = false);
    world.measure().await;
    assert!(world.told().is_ok());
    for (i, off) in [(0, -S), (1, 0), (2, S)] {
        world.set([i], |s| s.off = off);
    }
    assert_eq!(world.measure().await, Outcome::None);
    assert_eq!(world.told(), Err(Fault::Disagreement));
    world.set(0..3, |s| s.off = 0);
    world.measure().await;
    assert!(world.told().is_ok());
}

#[tokio::test]
async fn a_minority_is_no_quorum_whatever_the_configuration_says() {
    let world = World::new(5, NOW, Limits { quorum: 2, ..Limits::default() });
    world.set([0, 1], |s| s.off = 10 * S);
    world.set([2], |s| s.off = -10 * S);
    assert_eq!(world.measure().await, Outcome::None, "two and two of five");
    assert_eq!(world.told(), Err(Fault::Disagreement));
}

#[tokio::test]
async fn answers_that_say_nothing_do_not_count() {
    type Change = fn(&mut Script);
    let faults: [(&str, Change); 5] = [
        ("no answer", |s| s.is_silent = true),
        ("no answer", |s| s.is_spoofed = true),
        ("does not know the time itself", |s| s.is_unsynchronised = true),
        ("wants to be left alone: RATE", |s| s.stratum = 0),
        ("does not know the time itself", |s| s.stratum = 16),
    ];
    for (said, change) in faults {
        let world = World::new(3, NOW, Limits::default());
        world.set([0, 1], change);
        assert_eq!(world.measure().await, Outcome::None, "{said}");
        assert_eq!(world.told(), Err(Fault::Unmeasured));
        assert_eq!(world.clock.status().sources[0].last, Err(said.to_owned()));
    }
    let world = World::new(3, NOW, Limits::default());
    world.set([0, 1], |s| s.dispersion = 2 * S);
    assert_eq!(world.measure().await, Outcome::None, "a source that knows it only to two seconds is no source");
}

#[tokio::test]
async fn a_step_waits_for_the_operator_in_both_directions() {
    for by in [-800 * MS, 800 * MS] {
        let world = World::new(3, NOW, Limits::default());
        world.measure().await;
        world.machine.pass(60 * S);
        world.set(0..3, |s| s.off = by);
        assert!(matches!(world.measure().await, Outcome::Held { by_ns, fault: Fault::Step } if near(by_ns, by)));
        assert_eq!(world.told(), Err(Fault::Step));
        // The sources think better of it.
        world.set(0..3, |s| s.off = 0);
        assert_eq!(world.measure().await, Outcome::Kept);
        assert!(near(world.told().unwrap(), world.utc()));
    }
}

#[tokio::test]
async fn a_slow_pull_stops_at_the_limit_of_the_day_in_both_directions() {
    for direction in [-1, 1] {
        let world = World::new(3, NOW, Limits::default());
        world.measure().await;
        for step in 1..=5 {
            world.machine.pass(60 * S);
            world.set(0..3, |s| s.off = direction * step * 400 * MS);
            assert!(matches!(world.measure().await, Outcome::Adjusted { .. }), "{step}");
            // The host's clock is pulled along, or it would be a witness against it.
            world.machine.wall.fetch_add(direction * 400 * MS, SeqCst);
        }
        world.set(0..3, |s| s.off = direction * 2100 * MS);
        assert!(matches!(world.measure().await, Outcome::Held { fault: Fault::DayLimit, .. }));
        assert_eq!(world.told(), Err(Fault::DayLimit));
        world.machine.pass(86_400 * S);
        assert!(matches!(world.measure().await, Outcome::Adjusted { .. }), "a day later it may go on");
    }
}

#[tokio::test]
async fn small_differences_are_known_and_large_ones_corrected() {
    let world = World::new(3, NOW, Limits::default());
    world.measure().await;
    world.set(0..3, |s| s.off = 3 * MS);
    assert_eq!(world.measure().await, Outcome::Kept);
    let told = world.clock.tell().unwrap();
    assert!(near(told.utc_ns, world.utc()), "not moved");
    assert!(told.error_ns > 49 * MS / 10, "but three milliseconds less sure: {}", told.error_ns);
    world.set(0..3, |s| s.off = -20 * MS);
    assert!(matches!(world.measure().await, Outcome::Adjusted { by_ns } if near(by_ns, -20 * MS)));
    let clock = MonotonicClock::new(world.clock.clone(), None);
    let before = clock.now().unwrap();
    world.set(0..3, |s| s.off = -60 * MS);
    world.measure().await;
    let held = clock.now().unwrap();
    assert_eq!(held.time, before.time, "the time in tokens does not run backwards");
    assert!(held.accuracy.unwrap().millis >= before.accuracy.unwrap().millis + 40);
}

#[tokio::test]
async fn setting_the_host_s_clock_moves_nothing_and_stops_everything() {
    for by in [-2 * S, 2 * S, -86_400 * S] {
        let world = World::new(3, NOW, Limits::default());
        world.measure().await;
        world.machine.wall.fetch_add(by, SeqCst);
        assert_eq!(world.told(), Err(Fault::HostApart));
        assert_eq!(world.measure().await, Outcome::Kept, "the time itself did not move");
        assert_eq!(world.told(), Err(Fault::HostApart));
        world.machine.wall.fetch_sub(by, SeqCst);
        assert!(near(world.told().unwrap(), world.utc()));
    }
    // Sources that were taken over while the authority was down do not get past the host's clock.
    let world = World::new(3, NOW, Limits::default());
    world.set(0..3, |s| s.off = -3600 * S);
    assert_eq!(world.measure().await, Outcome::Started);
    assert_eq!(world.told(), Err(Fault::HostApart));
}

#[tokio::test]
async fn sources_must_have_proved_who_they_are_where_that_is_asked() {
    let world = World::new(3, NOW, Limits { authenticated: 1, ..Limits::default() });
    assert_eq!(world.measure().await, Outcome::None);
    assert_eq!(world.told(), Err(Fault::Unauthenticated));
}

/// Up to the leap second and over it. What really happens is `by` seconds.
async fn new_year(announced: Leap, by: i64) -> (World, Outcome) {
    let world = World::new(3, EVE, Limits::default());
    world.set(0..3, |s| s.leap = announced);
    world.measure().await;
    world.machine.pass(58 * S);
    assert!(world.told().is_ok(), "23:59:58 is told");
    world.machine.pass(S);
    assert_eq!(world.told(), Err(Fault::LeapSecond), "23:59:59 is not");
    assert_eq!(world.measure().await, Outcome::None, "and is not measured either");
    world.truth.fetch_add(by * S, SeqCst);
    world.machine.wall.fetch_add(by * S, SeqCst);
    world.set(0..3, |s| s.leap = Leap::None);
    world.machine.pass(4 * S);
    assert_eq!(world.told(), Err(Fault::LeapSecond), "what was measured before does not count after");
    let outcome = world.measure().await;
    (world, outcome)
}

#[tokio::test]
async fn a_leap_second_is_waited_for_and_stepped_over() {
    for (announced, by) in [(Leap::Inserted, -1), (Leap::Deleted, 1)] {
        let (world, outcome) = new_year(announced, by).await;
        assert!(matches!(outcome, Outcome::Leapt { by_ns } if near(by_ns, by * S)), "{announced:?}: {outcome:?}");
        assert!(near(world.told().unwrap(), world.utc()));
        assert_eq!(world.clock.status().moved_today_ns, 0, "a leap second does not count against the day");
    }
    // Announced, and it did not come.
    let (world, outcome) = new_year(Leap::Inserted, 0).await;
    assert_eq!(outcome, Outcome::Kept);
    assert!(near(world.told().unwrap(), world.utc()));
    // Came without being announced: a step like any other.
    let world = World::new(3, EVE, Limits::default());
    world.measure().await;
    world.machine.pass(64 * S);
    world.truth.fetch_sub(S, SeqCst);
    assert!(matches!(world.measure().await, Outcome::Held { fault: Fault::Step, .. }));
    // One that a single source announces, or that is announced within a month, is not believed.
    let world = World::new(3, EVE, Limits::default());
    world.set([0], |s| s.leap = Leap::Inserted);
    world.measure().await;
    world.machine.pass(60 * S);
    assert!(world.told().is_ok());
    let world = World::new(3, NOW, Limits::default());
    world.set(0..3, |s| s.leap = Leap::Inserted);
    world.measure().await;
    world.machine.pass(19_199 * S);
    world.measure().await;
    assert!(world.told().is_ok(), "23:59:59 of 21 November");
}

/// A journal in a folder of its own, and what keeps it for a world's clock.
async fn watched(world: &World) -> (tempfile::TempDir, Journal, Watch) {
    let folder = tempfile::tempdir().unwrap();
    let location = store::Location::Sqlite(folder.path().join("log.db"));
    store::Db::open(&location, true, trust::journal::SCHEMA).await.unwrap().close().await;
    let journal = Journal::open(&location).await.unwrap();
    let every = std::time::Duration::from_secs(64);
    let watch = Watch::new(world.clock.clone(), world.sources.clone(), every, journal.clone()).await.unwrap();
    (folder, journal, watch)
}

#[tokio::test]
async fn all_that_the_clock_does_is_in_the_journal() {
    let world = World::new(3, NOW, Limits::default());
    let (_folder, journal, mut watch) = watched(&world).await;
    watch.round().await.unwrap();
    world.set(0..3, |s| s.off = -300 * MS);
    // A record that cannot be written now is written later.
    journal.faults().plan("journal", store::faults::Fault::Refused);
    assert!(watch.round().await.is_err());
    assert_eq!(journal.newest().await.unwrap(), 1);
    watch.look().await.unwrap();
    assert_eq!(journal.newest().await.unwrap(), 2);
    world.set(0..3, |s| s.off = 900 * MS);
    for _ in 0..3 {
        watch.round().await.unwrap();
    }
    // The operator looks, and takes it.
    let held = world.clock.status().held_ns.unwrap();
    let fields = serde_json::json!({ "by_ns": held, "reason": "checked against the radio clock" });
    let serde_json::Value::Object(fields) = fields else { unreachable!() };
    let now = trust::clock::watch::time_of(world.utc());
    journal.write(trust::journal::Kind::ClockAccepted, now, fields).await.unwrap();
    watch.round().await.unwrap();
    world.machine.pass(400 * S);
    watch.look().await.unwrap();
    watch.look().await.unwrap();
    watch.round().await.unwrap();
    let entries = journal.entries(1, 100).await.unwrap();
    let kinds: Vec<&str> = entries.iter().map(|e| e.kind.as_str()).collect();
    let expected = [
        "clock-started",
        "clock-adjusted",
        "clock-held",
        "clock-accepted",
        "clock-adjusted",
        "clock-resumed",
        "clock-refused",
        "clock-resumed",
    ];
    assert_eq!(kinds, expected);
    let host_off = entries[5].fields["host_off_ns"].as_i64().unwrap();
    assert!(near(host_off, -900 * MS), "the host's clock was not moved");
    assert_eq!(entries[6].fields["fault"], "stale");
    assert_eq!(check_chain(entries.iter().map(|e| e.line.as_str())), Ok(8));
    let mut changed: Vec<String> = entries.iter().map(|e| e.line.clone()).collect();
    changed[2] = changed[2].replace("step", "oops");
    assert_eq!(check_chain(changed.iter().map(String::as_str)), Err(4));
    // What was moved counts on after a restart.
    let moved = moved_in_a_day(&journal, now).await.unwrap();
    assert!(near(moved, 300 * MS + held), "{moved}");
    let svg = trust::clock::graph::picture(&entries).unwrap();
    assert!(svg.contains("<polyline") && svg.contains("class=\"stop\"") && svg.contains("<style>"));
    journal.close().await;
}

#[tokio::test]
async fn the_operator_s_word_is_good_for_one_correction() {
    let world = World::new(3, NOW, Limits::default());
    let (_folder, journal, mut watch) = watched(&world).await;
    watch.round().await.unwrap();
    for heard in [false, true] {
        world.set(0..3, |s| s.off = 800 * MS);
        watch.round().await.unwrap();
        assert_eq!(world.told(), Err(Fault::Step));
        let serde_json::Value::Object(fields) = serde_json::json!({ "by_ns": 800 * MS }) else { unreachable!() };
        let now = trust::clock::watch::time_of(world.utc());
        journal.write(trust::journal::Kind::ClockAccepted, now, fields).await.unwrap();
        // The sources think better of it, before the word was heard or just as it is.
        world.set(0..3, |s| s.off = 0);
        if heard {
            watch.round().await.unwrap();
        } else {
            world.measure().await;
            watch.round().await.unwrap();
        }
        assert!(near(world.told().unwrap(), world.utc()));
    }
    world.set(0..3, |s| s.off = 800 * MS);
    for _ in 0..3 {
        watch.round().await.unwrap();
        assert_eq!(world.told(), Err(Fault::Step), "a later step waits anew");
    }
    journal.close().await;
}

/// chronyd follows a server over NTS, both real, neither setting any clock.
#[tokio::test]
async fn a_chronyd_that_authenticates_its_server_is_a_source() {
    let chrony = chrony::Chrony::start();
    let machine = Arc::new(trust::clock::host::Machine);
    let limits = Limits { quorum: 1, authenticated: 1, ..Limits::default() };
    let clock = Arc::new(WatchedClock::new(limits, machine.clone(), 0));
    let source = [Source::Chrony { program: chrony.client.clone(), socket: chrony.socket.clone() }];
    let patience = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    while clock.measure(&source).await == Outcome::None {
        assert!(tokio::time::Instant::now() < patience, "chronyd did not come to know the time");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    let told = clock.tell().unwrap();
    // How far chronyd thinks it is off depends on how busy this machine is; that it says so does not.
    assert!((told.utc_ns - machine.wall_ns()).abs() < 5_000 * MS);
    assert!((1..5_000 * MS).contains(&told.error_ns), "{}", told.error_ns);
    assert!(clock.status().sources[0].authenticated);
}

mod chrony {
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command, Stdio};

    /// Two chronyd: a server with NTS, and one that follows it.
    pub struct Chrony {
        pub client: PathBuf,
        pub socket: PathBuf,
        daemons: Vec<Child>,
        _folder: tempfile::TempDir,
    }

    impl Chrony {
        pub fn start() -> Self {
            let peers = PathBuf::from(std::env::var("SHIYIN_PEERS").expect("make test sets SHIYIN_PEERS"));
            let program = peers.join("debian/usr/sbin/chronyd");
            let folder = tempfile::tempdir().unwrap();
            let at = |name: &str| folder.path().join(name);
            let openssl = Command::new("openssl")
                .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"])
                .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout"])
                .arg(at("key.pem"))
                .arg("-out")
                .arg(at("cert.pem"))
                .stderr(Stdio::null())
                .status();
            assert!(openssl.unwrap().success());
            let free = || std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let (ntp, nts) = (free(), std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port());
            let here = folder.path().display();
            let server = format!(
                "port {ntp}\ncmdport 0\nallow 127.0.0.0/8\nlocal stratum 3\nbindaddress 127.0.0.1\n\
                 bindcmdaddress {here}/server/socket\npidfile {here}/server/pid\nntsserverkey {here}/key.pem\n\
                 ntsservercert {here}/cert.pem\nntsport {nts}\nntsdumpdir {here}/server\n"
            );
            let client = format!(
                "server localhost port {ntp} nts ntsport {nts} iburst minpoll -4 maxpoll 0\n\
                 ntstrustedcerts {here}/cert.pem\nbindcmdaddress {here}/client/socket\npidfile {here}/client/pid\n\
                 cmdport 0\nport 0\n"
            );
            let daemons =
                [("server", server), ("client", client)].map(|(name, text)| start(&program, &at(name), &text));
            let socket = at("client").join("socket");
            Self { client: peers.join("debian/usr/bin/chronyc"), socket, daemons: daemons.into(), _folder: folder }
        }
    }

    fn start(program: &Path, folder: &Path, configuration: &str) -> Child {
        use std::os::unix::fs::DirBuilderExt as _;
        std::fs::DirBuilder::new().mode(0o700).create(folder).unwrap();
        std::fs::write(folder.join("conf"), configuration).unwrap();
        let mut command = Command::new(program);
        // -x: no clock is set. Who is not root need not stop being it.
        command.args(["-x", "-d", "-f"]).arg(folder.join("conf"));
        if is_root() {
            command.args(["-u", "root"]);
        } else {
            command.arg("-U");
        }
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("scripts/peers gets chronyd")
    }

    fn is_root() -> bool {
        let id = Command::new("id").arg("-u").output().unwrap().stdout;
        id.trim_ascii() == b"0"
    }

    impl Drop for Chrony {
        fn drop(&mut self) {
            for daemon in &mut self.daemons {
                let _ = daemon.kill();
                let _ = daemon.wait();
            }
        }
    }
}
