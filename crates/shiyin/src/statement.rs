//! `shiyin statement`: a practice and disclosure statement made of the configuration, for the operator
//! to complete. It says what is set, and claims nothing beyond that.

use crate::config::{self, Relation, SourceConfig};
use crate::exit::{Exit, Failure};
use crate::instance::{now, runtime};
use crate::words::Words;
use crate::{input, tell};
use clap::ArgMatches;
use proof::report::Language;
use trust::instance::{Instance, Mode};
use trust::tsa::PRODUCTION_POLICY;

/// `shiyin statement`
pub fn run(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let data = input::path(matches, "data");
    let config = config::read(data, words)?;
    let fault = |e: trust::TrustError| Failure::new(Exit::Instance, e.to_string());
    let instance = runtime()?.block_on(Instance::open(data)).map_err(fault)?;
    if instance.mode == Mode::Evaluation {
        return Err(Failure::new(Exit::Instance, words.say("statement-evaluation", &[])));
    }
    let gap = words.say("statement-gap", &[]);
    let or_gap = |text: &str| if text.is_empty() { gap.clone() } else { text.to_owned() };
    let ms = |ms: u32| if ms.is_multiple_of(1000) { format!("{} s", ms / 1000) } else { format!("{ms} ms") };
    let sources = config.clock.source.iter().map(|source| match source {
        SourceConfig::Ntp { ntp } => format!("NTP {ntp}"),
        SourceConfig::Chrony { .. } => "NTS (chrony)".to_owned(),
    });
    let joined = |list: &mut dyn Iterator<Item = String>| list.collect::<Vec<_>>().join(", ");
    let relation = config.operator.relation.map(|r| {
        let id = match r {
            Relation::Independent => "statement-relation-independent",
            Relation::OwnWorks => "statement-relation-own-works",
            Relation::Both => "statement-relation-both",
        };
        words.say(id, &[])
    });
    let is_own_policy = instance.policy().to_string() != PRODUCTION_POLICY;
    let policy_note = words.say(if is_own_policy { "statement-own-policy" } else { "statement-shiyin-policy" }, &[]);
    let in_token = instance.suites.iter().any(|s| s.tsa.place.starts_with("pkcs11:"));
    let in_file = instance.suites.iter().any(|s| s.tsa.place.starts_with("file:"));
    let places = [(in_token, "statement-keys-token"), (in_file, "statement-keys-file")];
    let places = joined(&mut places.iter().filter(|(is, _)| *is).map(|(_, id)| words.say(id, &[])));
    let seal = instance.seal.as_ref().map(|chain| format!("`{}`", chain.seal.fingerprint()));
    let seal = seal.unwrap_or_else(|| words.say("statement-no-seal", &[]));
    let external = match config.external.authority.is_empty() {
        true => words.say("statement-no-external", &[]),
        false => joined(&mut config.external.authority.iter().map(|a| a.url.clone())),
    };
    let mut roots = String::new();
    for suite in &instance.suites {
        roots.push_str(&format!("  - {}: `{}`\n", suite.algorithm, suite.root.fingerprint()));
    }
    let values = [
        ("operator", instance.operator.name.clone()),
        ("country", or_gap(instance.operator.country.as_deref().unwrap_or_default())),
        ("registration", or_gap(instance.operator.registration.as_deref().unwrap_or_default())),
        ("address", or_gap(&config.operator.address)),
        ("contact", or_gap(&config.operator.contact)),
        ("filing", or_gap(&config.operator.filing)),
        ("relation", relation.unwrap_or_else(|| gap.clone())),
        ("url", or_gap(instance.url.as_deref().unwrap_or_default())),
        ("date", now(words)?.to_string()[..10].to_owned()),
        ("policy", instance.policy().to_string()),
        ("policy_note", policy_note),
        ("algorithms", joined(&mut instance.suites.iter().map(|s| s.algorithm.to_string()))),
        ("sources", joined(&mut sources.into_iter())),
        ("quorum", config.clock.quorum.max(config.clock.source.len() / 2 + 1).to_string()),
        ("authenticated", config.clock.authenticated.to_string()),
        ("accuracy", ms(config.clock.accuracy_ms)),
        ("every", config.clock.every_s.to_string()),
        ("fresh", config.clock.fresh_s.to_string()),
        ("step", ms(config.clock.step_ms)),
        ("day", ms(config.clock.day_ms)),
        ("host", ms(config.clock.host_ms)),
        ("key_places", places),
        ("seal", seal),
        ("roots", roots.trim_end().to_owned()),
        ("log", instance.logs.last().map(|log| log.origin.clone()).unwrap_or_default()),
        ("external", external),
        ("retention", config.tsa.retention_years.to_string()),
        ("messages", config.messages.keep_days.to_string()),
    ];
    let template = match words.language() {
        Language::Zh => include_str!("statement/zh.md"),
        Language::En => include_str!("statement/en.md"),
    };
    tell(fill(template, &values).trim_end());
    Ok(Exit::Valid)
}

/// The template with values in their places; what a value says is never read as a place again.
fn fill(template: &str, values: &[(&str, String)]) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else { break };
        out.push_str(values.iter().find(|(n, _)| *n == name).map_or("", |(_, value)| value));
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_put_in_once() {
        let values = [("a", "{b}".to_owned()), ("b", "2".to_owned())];
        assert_eq!(fill("x{a}y{b}z", &values), "x{b}y2z");
    }

    #[test]
    fn both_languages_have_the_same_places() {
        let places = |text: &str| {
            let mut names: Vec<String> =
                text.split('{').skip(1).filter_map(|t| t.split_once('}')).map(|(name, _)| name.to_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(places(include_str!("statement/zh.md")), places(include_str!("statement/en.md")));
    }
}
