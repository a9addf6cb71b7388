//! `shiyin doctor`: what is wrong with an instance, what soon will be, and what to do.

use crate::config::{self, Config};
use crate::exit::{Exit, Failure};
use crate::instance::{now, runtime};
use crate::serve::fault_of;
use crate::words::Words;
use crate::{input, tell};
use clap::ArgMatches;
use preview::{Maker, Not};
use proof::der::Time;
use registry::web::ContentHost;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use trust::authority::{self, Authority};
use trust::certificates::key_use_ends;
use trust::clock::Fault;
use trust::clock::host::Machine;
use trust::clock::watch::WatchedClock;
use trust::instance::{Instance, Mode};
use trust::seal::NoSeal;
use trust::storage::Storage;
use trust::vault::Stores;

const DAY_S: i64 = 86_400;
/// What ends within this time is warned of.
const SOON_S: i64 = 90 * DAY_S;
/// An issuing CA's list is renewed daily; one that ends this soon was not.
const LIST_SOON_S: i64 = 5 * DAY_S;

/// What came of the examination.
struct Patient<'w> {
    words: &'w Words,
    worst: Exit,
}

impl Patient<'_> {
    fn well(&self, id: &str, values: &[(&str, &str)]) {
        tell(&format!("✓ {}", self.words.say(id, values)));
    }

    fn warn(&self, id: &str, values: &[(&str, &str)]) {
        tell(&format!("! {}", self.words.say(id, values)));
    }

    fn fault(&mut self, id: &str, values: &[(&str, &str)]) {
        self.worst = Exit::Invalid;
        tell(&format!("✗ {}", self.words.say(id, values)));
    }
}

/// `shiyin doctor`
pub fn run(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let data = input::path(matches, "data");
    let now = now(words)?;
    let mut patient = Patient { words, worst: Exit::Valid };
    let config = config::read(data, words)?;
    let storage = config.storage()?;
    runtime()?.block_on(async {
        let instance = match Instance::open(data).await {
            Ok(instance) => instance,
            Err(error) => {
                patient.fault("doctor-instance", &[("cause", &error.to_string())]);
                return;
            }
        };
        patient.well("doctor-instance-well", &[("operator", &instance.operator.name)]);
        keys(&mut patient, data, &storage, now).await;
        certificates(&mut patient, &instance, now);
        lists(&mut patient, data, &instance, now).await;
        algorithms(&mut patient, &instance, now);
        clock(&mut patient, &config, &instance).await;
        vault(&mut patient, data, &storage).await;
        content(&mut patient, &config, &instance);
        previews(&mut patient).await;
        surroundings(&mut patient, &config, data, &instance);
    });
    Ok(patient.worst)
}

async fn keys(patient: &mut Patient<'_>, data: &Path, storage: &Storage, now: Time) {
    match Authority::open(data, storage, now).await {
        Ok(authority) => {
            patient.well("doctor-keys-well", &[]);
            seal(patient, authority.seal.err());
        }
        Err(error) => patient.fault("doctor-keys", &[("cause", &error.to_string())]),
    }
    let mode = std::fs::metadata(data.join("keys")).map(|m| m.permissions().mode() & 0o077);
    if mode.is_ok_and(|open| open != 0) {
        patient.fault("doctor-keys-open", &[("path", &data.join("keys").to_string_lossy())]);
    }
}

/// What is wrong with the seal. An instance without one is not ill: it issues documents that nobody signs.
fn seal(patient: &mut Patient<'_>, fault: Option<NoSeal>) {
    let Some(fault) = fault else { return patient.well("doctor-seal-well", &[]) };
    match &fault {
        NoSeal::NotMade => patient.warn("doctor-seal-not-made", &[]),
        NoSeal::NoAlgorithm => patient.warn("doctor-seal-no-algorithm", &[]),
        NoSeal::NoKey(cause) => patient.fault("doctor-seal-no-key", &[("cause", cause)]),
        NoSeal::KeyMismatch => patient.fault("doctor-seal-key-mismatch", &[]),
        NoSeal::KeyUseOver => patient.fault("doctor-seal-key-use-over", &[]),
        NoSeal::Revoked => patient.fault("doctor-seal-revoked", &[]),
        other => patient.fault("doctor-seal", &[("cause", &other.to_string())]),
    }
}

/// Ends that are near, and ends that are past.
fn certificates(patient: &mut Patient<'_>, instance: &Instance, now: Time) {
    for held in instance.in_use() {
        let Ok(certificate) = held.certificate() else { continue };
        let end = key_use_ends(&certificate).unwrap_or(certificate.not_after);
        let values = [("role", held.role.name()), ("algorithm", held.algorithm.name()), ("date", &*end.to_string())];
        match end.unix_s() - now.unix_s() {
            left if left < 0 => patient.fault("doctor-certificate-over", &values),
            left if left < SOON_S => patient.warn("doctor-certificate-soon", &values),
            _ => patient.well("doctor-certificate-well", &values),
        }
    }
}

async fn lists(patient: &mut Patient<'_>, data: &Path, instance: &Instance, now: Time) {
    let lists = authority::lists(data).await.unwrap_or_default();
    for suite in &instance.suites {
        for held in [&suite.root, &suite.issuing] {
            let id = held.issuer_id().unwrap_or_default();
            let Some((_, list)) = lists.iter().find(|(known, _)| *known == id) else {
                let values = [("role", held.role.name()), ("algorithm", suite.algorithm.name())];
                patient.fault("doctor-list-missing", &values);
                continue;
            };
            let date = list.due.to_string();
            let values = [("role", held.role.name()), ("algorithm", suite.algorithm.name()), ("date", &date)];
            let soon_s = if held.has_key() { LIST_SOON_S } else { SOON_S };
            match list.due.unix_s() - now.unix_s() {
                left if left < 0 => patient.fault("doctor-list-over", &values),
                left if left < soon_s => patient.warn("doctor-list-soon", &values),
                _ => patient.well("doctor-list-well", &values),
            }
        }
    }
}

fn algorithms(patient: &mut Patient<'_>, instance: &Instance, now: Time) {
    for suite in &instance.suites {
        let Some((end, source)) = suite.algorithm.recommended_until() else { continue };
        let tsa_end = suite.tsa.certificate().map_or(now, |c| c.not_after);
        let date = end.to_string();
        let values = [("algorithm", suite.algorithm.name()), ("date", &date[..10]), ("source", source)];
        if now > end {
            patient.fault("doctor-algorithm-over", &values);
        } else if tsa_end > end {
            patient.warn("doctor-algorithm-before-certificate", &values);
        } else {
            patient.well("doctor-algorithm-well", &values);
        }
    }
}

async fn clock(patient: &mut Patient<'_>, config: &Config, instance: &Instance) {
    if instance.mode == Mode::Evaluation {
        patient.warn("doctor-clock-evaluation", &[]);
        return;
    }
    let clock = Arc::new(WatchedClock::new(config.clock.limits(), Arc::new(Machine), 0));
    clock.measure(&config.clock.sources()).await;
    let status = clock.status();
    for source in &status.sources {
        match &source.last {
            Ok((off_ns, error_ns)) => {
                let ms = |ns: i64| format!("{:.3} ms", ns as f64 / 1e6);
                let values = [("source", &*source.name), ("off", &ms(*off_ns)), ("error", &ms(*error_ns))];
                patient.well("doctor-source-well", &values);
            }
            Err(cause) => patient.warn("doctor-source", &[("source", &source.name), ("cause", cause)]),
        }
    }
    match status.told {
        Ok(told) => {
            patient.well("doctor-clock-well", &[("error", &format!("{:.3} ms", told.error_ns as f64 / 1e6))]);
        }
        Err(fault) => {
            let id = match fault {
                Fault::Unmeasured => "doctor-clock-unmeasured",
                Fault::Disagreement => "doctor-clock-disagreement",
                Fault::Unauthenticated => "doctor-clock-unauthenticated",
                Fault::HostApart => "doctor-clock-host-apart",
                _ => "doctor-clock",
            };
            patient.fault(id, &[("fault", fault.name())]);
        }
    }
}

/// The places for originals. Looked at, and not marked: that is done when they are first served.
async fn vault(patient: &mut Patient<'_>, data: &Path, storage: &Storage) {
    let names: Vec<&str> = storage.vault.iter().map(|place| &*place.name).collect();
    let stores = match Stores::open(data, storage, &names).await {
        Ok(stores) => stores,
        Err(error) => return patient.fault("doctor-vault", &[("cause", &error.to_string())]),
    };
    for name in names {
        if stores.is_new(name).await {
            patient.warn("doctor-vault-new", &[("place", name)]);
        } else if let Err(error) = stores.reach(name).await {
            patient.fault("doctor-vault", &[("cause", &error.to_string())]);
        }
    }
    match stores.names().count() {
        1 => patient.warn("doctor-vault-one", &[]),
        places => patient.well("doctor-vault-well", &[("places", &places.to_string())]),
    }
}

/// The host that originals are shown from.
fn content(patient: &mut Patient<'_>, config: &Config, instance: &Instance) {
    let Some(url) = &config.public.content_url else {
        if instance.mode == Mode::Production {
            patient.warn("doctor-content-none", &[]);
        }
        return;
    };
    let values = [("url", url.as_str())];
    match ContentHost::parse(url) {
        None => patient.fault("serve-content-url", &values),
        Some(host) => match fault_of(&host, &config.public.url) {
            Some(id) => patient.fault(id, &values),
            None => patient.well("doctor-content-well", &values),
        },
    }
}

/// Whether previews can be made: one is, of the smallest picture that there is.
async fn previews(patient: &mut Patient<'_>) {
    let maker = Maker::new(PathBuf::from("/proc/self/exe"), &[crate::PREVIEW]);
    match maker.trial().await {
        Ok(()) => patient.well("doctor-previews-well", &[]),
        Err(Not::Sandbox) => patient.warn("doctor-previews-sandbox", &[]),
        Err(_) => patient.warn("doctor-previews-failed", &[]),
    }
    let missing = maker.missing();
    if !missing.is_empty() {
        patient.warn("doctor-previews-program", &[("programs", &missing.join(", "))]);
    }
}

fn surroundings(patient: &mut Patient<'_>, config: &Config, data: &Path, instance: &Instance) {
    if let Ok(free) = store::files::free_bytes(data) {
        let values = [("free", &*format!("{} MiB", free >> 20))];
        if free < 1 << 30 { patient.warn("doctor-disk", &values) } else { patient.well("doctor-disk-well", &values) }
    }
    if config.external.authority.is_empty() {
        patient.warn("doctor-external", &[]);
    }
    if instance.mode == Mode::Production && config.serve.tls.is_none() && config.serve.trusted_proxies.is_empty() {
        patient.warn("doctor-tls", &[]);
    }
    if let Some(url) =
        instance.url.as_deref().filter(|url| url.trim_end_matches('/') != config.public.url.trim_end_matches('/'))
    {
        patient.warn("doctor-url", &[("url", url)]);
    }
}
