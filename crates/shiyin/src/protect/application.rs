//! What an application says of a work, from flags and from a file; the same names as in the API.

use crate::exit::{Exit, Failure};
use crate::input;
use crate::words::Words;
use clap::ArgMatches;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Somebody who made a work or has rights in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Somebody {
    name: String,
    part: String,
    country: String,
    territory: String,
    share: String,
}

/// A tag with what its fields hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    id: String,
    #[serde(default)]
    values: Vec<String>,
}

/// An application without its files. What is empty was not given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Application {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub stage: String,
    pub own_stage: String,
    pub version: String,
    pub summary: String,
    pub published: Option<bool>,
    pub work: String,
    pub people: Vec<Somebody>,
    pub tags: Vec<Tag>,
    pub declaration: String,
    pub platforms: String,
    pub materials: String,
    pub unrelated: Option<bool>,
}

/// The fields that are one line or text, with their flags.
const TEXTS: [&str; 10] =
    ["type", "title", "stage", "own-stage", "work-version", "summary", "work", "declaration", "platforms", "materials"];

impl Application {
    /// Out of `--file` where it is given, with what the flags say in its place.
    pub fn of(matches: &ArgMatches, words: &Words) -> Result<Self, Failure> {
        let mut all = match matches.get_one::<PathBuf>("file") {
            None => Self::default(),
            Some(path) => {
                let bytes = input::read(path, input::SMALL_BYTES_MAX, words)?;
                let text = String::from_utf8_lossy(&bytes);
                toml::from_str(&text).map_err(|error| {
                    let values = [("path", &*path.to_string_lossy()), ("cause", error.message())];
                    Failure::new(Exit::Usage, words.say("protect-file-wrong", &values))
                })?
            }
        };
        for name in TEXTS {
            let Some(text) = matches.get_one::<String>(name) else { continue };
            let text = match text.strip_prefix('@').filter(|_| matches!(name, "declaration" | "summary" | "materials"))
            {
                Some(path) => {
                    let bytes = input::read(PathBuf::from(path).as_path(), 64 << 10, words)?;
                    String::from_utf8_lossy(&bytes).trim().to_owned()
                }
                None => text.clone(),
            };
            *all.text(name) = text;
        }
        let people: Vec<_> = matches.get_many::<String>("person").unwrap_or_default().map(|t| somebody(t)).collect();
        if !people.is_empty() {
            all.people = people;
        }
        let tags: Vec<_> = matches.get_many::<String>("tag").unwrap_or_default().map(|text| tag(text)).collect();
        if !tags.is_empty() {
            all.tags = tags;
        }
        let yes = |name: &str| matches.get_one::<String>(name).map(|answer| answer == "yes");
        all.published = yes("published").or(all.published);
        all.unrelated = yes("unrelated").or(all.unrelated);
        Ok(all)
    }

    fn text(&mut self, flag: &str) -> &mut String {
        match flag {
            "type" => &mut self.kind,
            "title" => &mut self.title,
            "stage" => &mut self.stage,
            "own-stage" => &mut self.own_stage,
            "work-version" => &mut self.version,
            "summary" => &mut self.summary,
            "work" => &mut self.work,
            "declaration" => &mut self.declaration,
            "platforms" => &mut self.platforms,
            _ => &mut self.materials,
        }
    }

    /// Names the flags that are missing, where some are.
    pub fn complete(&self, words: &Words) -> Result<(), Failure> {
        let missing: Vec<&str> = [
            ("--type", self.kind.is_empty()),
            ("--title", self.title.is_empty()),
            ("--stage", self.stage.is_empty()),
            ("--own-stage", self.stage == "own" && self.own_stage.is_empty()),
            ("--published", self.published.is_none()),
            ("--declaration", self.declaration.trim().is_empty()),
        ]
        .into_iter()
        .filter_map(|(flag, is_missing)| is_missing.then_some(flag))
        .collect();
        match missing.is_empty() {
            true => Ok(()),
            false => {
                let values = [("flags", &*missing.join(" ")), ("program", &crate::program())];
                Err(Failure::new(Exit::Usage, words.say("protect-missing", &values)))
            }
        }
    }

    /// What is sent, with these files.
    pub fn body(&self, mode: &str, is_each: bool, files: &[Value]) -> Value {
        let mut body = json!({
            "type": self.kind, "published": self.published, "mode": mode, "each": is_each, "title": self.title,
            "stage": self.stage, "own_stage": self.own_stage, "version": self.version, "summary": self.summary,
            "people": self.people, "tags": self.tags, "declaration": self.declaration,
            "platforms": self.platforms, "materials": self.materials, "files": files,
        });
        if !self.work.is_empty() {
            body["work"] = self.work.as_str().into();
        }
        if let Some(unrelated) = self.unrelated {
            body["unrelated"] = unrelated.into();
        }
        body
    }
}

/// `NAME; PART; COUNTRY; TERRITORY; SHARE`, of which all but the name may be left out.
fn somebody(text: &str) -> Somebody {
    let mut parts = text.split([';', '；']).map(|part| part.trim().to_owned());
    let mut next = || parts.next().unwrap_or_default();
    Somebody { name: next(), part: next(), country: next(), territory: next(), share: next() }
}

/// `ID`, or `ID=VALUE; VALUE`.
fn tag(text: &str) -> Tag {
    let (id, values) = text.split_once('=').unwrap_or((text, ""));
    let values = values.split([';', '；']).map(|value| value.trim().to_owned());
    let values: Vec<String> = values.collect();
    let values = if values.iter().all(String::is_empty) { Vec::new() } else { values };
    Tag { id: id.trim().to_owned(), values }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_tags_are_read_from_one_line() {
        let lin = somebody("林; 摄影 ；葡萄牙;; 50%");
        assert_eq!((&*lin.name, &*lin.part, &*lin.country, &*lin.share), ("林", "摄影", "葡萄牙", "50%"));
        assert_eq!(tag("ai"), Tag { id: "ai".to_owned(), values: Vec::new() });
        assert_eq!(tag("shot-abroad=葡萄牙;;2026").values, ["葡萄牙", "", "2026"]);
    }

    #[test]
    fn a_file_is_read_strictly() {
        let text = "type = \"photo\"\npublished = false\n[[people]]\nname = \"Lin\"\n[[tags]]\nid = \"ai\"\n";
        let read: Application = toml::from_str(text).unwrap();
        assert_eq!((read.kind.as_str(), read.published, read.people.len()), ("photo", Some(false), 1));
        assert!(toml::from_str::<Application>("kind = \"photo\"").is_err());
    }
}
