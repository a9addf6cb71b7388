//! What an application holds before it is confirmed, and what the record says of it.

use proof::digest::DigestAlgorithm;
use proof::report::Language;
use registry::evidence::vocabulary::{Both, Kind, Vocabulary};
use registry::evidence::{Draft, DraftFile, Mode, Party, Related, Said, Title};
use registry::web::{Fault, Node, Words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// People of one work.
pub(super) const PEOPLE_MAX: usize = 30;
const LINE_CHARS_MAX: usize = 200;

/// Somebody who made a work or has rights in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Somebody", extend("x-zh" = "作者或权利人"))]
pub(super) struct Somebody {
    /// The name.
    #[schemars(extend("x-zh" = "姓名", "maxLength" = 200))]
    pub name: String,
    /// What he or she did or holds.
    #[schemars(extend("x-zh" = "所做的工作或所享的权利", "maxLength" = 200))]
    pub part: String,
    /// Where it was made (ipr-53, ipr-56).
    #[schemars(description = "Where it was made.", extend("x-zh" = "创作地", "maxLength" = 200))]
    pub country: String,
    /// Where the rights hold.
    #[schemars(extend("x-zh" = "权利的地域", "maxLength" = 200))]
    pub territory: String,
    /// The share of the rights.
    #[schemars(extend("x-zh" = "份额", "maxLength" = 200))]
    pub share: String,
}

impl Somebody {
    fn line(&self) -> String {
        let parts = [&self.name, &self.part, &self.country, &self.territory, &self.share];
        parts.iter().filter(|part| !part.is_empty()).map(|part| part.as_str()).collect::<Vec<_>>().join(" · ")
    }

    pub fn is_empty(&self) -> bool {
        self.line().is_empty()
    }
}

/// A tag that was set, with what its fields hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TagSet", extend("x-zh" = "一个标签及其各字段的值"))]
pub(super) struct TagSet {
    /// A tag of the vocabulary.
    #[schemars(extend("x-zh" = "词汇表中的标签"))]
    pub id: String,
    /// What its fields hold, in their order.
    #[serde(default)]
    #[schemars(extend("x-zh" = "各字段的值，按顺序"))]
    pub values: Vec<String>,
}

/// What an application holds. Everything may be missing until it is confirmed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Application {
    pub kind: String,
    pub is_published: Option<bool>,
    pub mode: Option<Mode>,
    /// Whether each file gets a record of its own (ipr-17).
    pub is_each: bool,
    /// The organisation that applies; the person where there is none.
    pub organisation: Option<String>,
    /// Whether the applicant says to have nothing to do with the operator.
    pub is_unrelated: Option<bool>,
    /// The work that it belongs to; a new one where there is none.
    pub work: Option<String>,
    pub title: String,
    /// A stage of the type; or in the applicant's own words, where it is none of them.
    pub stage: String,
    pub own_stage: String,
    pub version: String,
    pub summary: String,
    pub people: Vec<Somebody>,
    pub tags: Vec<TagSet>,
    pub declaration: String,
    pub platforms: String,
    pub materials: String,
}

/// The stage under which own words stand.
pub(super) const OWN_STAGE: &str = "own";

fn field(field: &'static str, what: String) -> Fault {
    Fault::Field { field, what }
}

/// One line without control characters.
pub(super) fn line(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Application {
    /// The mode: what was chosen, else what the type urges.
    pub fn mode(&self) -> Mode {
        self.mode.unwrap_or(Mode::Digest)
    }

    /// What the stage is called.
    pub fn stage_words(&self, kind: Option<&Kind>) -> Both {
        if self.stage == OWN_STAGE {
            return Both::new(&self.own_stage, &self.own_stage);
        }
        let stage = kind.and_then(|kind| kind.stages.iter().find(|stage| stage.id == self.stage));
        stage.map(|stage| stage.name.clone()).unwrap_or_default()
    }

    fn tag_lines(&self, vocabulary: &Vocabulary) -> String {
        let line = |set: &TagSet| {
            let tag = vocabulary.tags.iter().find(|tag| tag.id == set.id)?;
            let values: Vec<&str> = set.values.iter().map(String::as_str).filter(|value| !value.is_empty()).collect();
            let name = format!("{} {}", tag.name.zh, tag.name.en);
            Some(if values.is_empty() { name } else { format!("{name}: {}", values.join("; ")) })
        };
        self.tags.iter().filter_map(line).collect::<Vec<_>>().join("\n")
    }

    /// What is missing of the first screen. Attachments alone are no work.
    pub fn check_what(&self, w: Words, vocabulary: &Vocabulary, files: u64) -> Result<(), Fault> {
        match vocabulary.kind(&self.kind) {
            None => return Err(field("kind", w.say("kind-missing"))),
            Some(kind) if kind.is_off => return Err(field("kind", w.say("kind-missing"))),
            Some(_) => {}
        }
        if self.is_published.is_none() {
            return Err(field("published", w.say("published-missing")));
        }
        if self.mode.is_none() {
            return Err(field("mode", w.say("mode-missing")));
        }
        if files == 0 {
            return Err(field("digests", w.say("files-missing")));
        }
        Ok(())
    }

    /// What is missing of the second screen.
    pub fn check_about(&self, w: Words, vocabulary: &Vocabulary) -> Result<(), Fault> {
        let is_line = |text: &str| text.chars().count() <= LINE_CHARS_MAX;
        if self.title.is_empty() || !is_line(&self.title) {
            return Err(field("title", w.say("title-missing")));
        }
        let kind = vocabulary.kind(&self.kind);
        let is_known = kind.is_some_and(|kind| kind.stages.iter().any(|stage| stage.id == self.stage));
        if !is_known && self.stage != OWN_STAGE {
            return Err(field("stage", w.say("stage-missing")));
        }
        if self.stage == OWN_STAGE && (self.own_stage.is_empty() || !is_line(&self.own_stage)) {
            return Err(field("own_stage", w.say("own-stage-missing")));
        }
        if self.declaration.trim().is_empty() {
            return Err(field("declaration", w.say("declaration-missing")));
        }
        let people =
            self.people.iter().flat_map(|one| [&one.name, &one.part, &one.country, &one.territory, &one.share]);
        if self.tags.iter().any(|set| vocabulary.tags.iter().all(|tag| tag.id != set.id)) {
            return Err(field("tags", w.say("tags-unknown")));
        }
        let is_long = |mut texts: Box<dyn Iterator<Item = &String> + '_>| texts.any(|text| !is_line(text));
        if self.people.len() > PEOPLE_MAX || is_long(Box::new(people)) {
            return Err(field("people", w.say("people-wrong")));
        }
        if self.people.iter().any(|one| one.name.is_empty() && !one.is_empty()) {
            return Err(field("people", w.say("people-nameless")));
        }
        if is_long(Box::new(self.tags.iter().flat_map(|tag| &tag.values))) {
            return Err(field("tags", w.say("people-wrong")));
        }
        Ok(())
    }

    /// How the operator is related to who applies.
    pub fn related(&self, node: &Node, by: &Party) -> Related {
        Related::of(node, by.is_operator, self.is_unrelated)
    }

    /// What tells whether the same is asked for again: all that was filled in, and the files.
    pub fn content(&self, files: &[DraftFile]) -> String {
        let json = serde_json::to_vec(&(self, files)).unwrap_or_default();
        DigestAlgorithm::Sha256.digest(&json).to_string()
    }

    /// The draft that the heart gets, under this key, as part of this work.
    pub fn draft(
        &self,
        node: &Node,
        by: &Party,
        vocabulary: &Vocabulary,
        (idem, content, work): (String, String, &str),
        files: Vec<DraftFile>,
    ) -> Draft {
        let kind = vocabulary.kind(&self.kind);
        let (name, stage) = (kind.map(|kind| kind.name.clone()).unwrap_or_default(), self.stage_words(kind));
        let both = |kind: &str, stage: &str, comma: &str| match stage {
            "" => kind.to_owned(),
            stage => format!("{kind}{comma}{stage}"),
        };
        let title = Title {
            title: self.title.clone(),
            zh: both(&name.zh, &stage.zh, "，"),
            en: both(&name.en, &stage.en, ", "),
        };
        let people: Vec<String> = self.people.iter().filter(|one| !one.is_empty()).map(Somebody::line).collect();
        let sealed = [
            ("summary", self.summary.clone()),
            ("authors", people.join("\n")),
            ("tags", self.tag_lines(vocabulary)),
            ("declaration", self.declaration.clone()),
            ("version", self.version.clone()),
            ("platforms", self.platforms.clone()),
            ("materials", self.materials.clone()),
        ];
        let mut statements: Vec<(String, Said)> = Vec::new();
        for (name, text) in sealed {
            let text = text.trim().replace("\r\n", "\n");
            if !text.is_empty() {
                statements.push((name.to_owned(), Said::Sealed(text)));
            }
        }
        statements.push(("stage".to_owned(), Said::Open(self.stage.clone())));
        // What a person wrote is never open; what the operator set is.
        let words = match self.stage.as_str() {
            OWN_STAGE => Said::Sealed(self.own_stage.clone()),
            _ => Said::Open(format!("{} / {}", stage.zh, stage.en)),
        };
        statements.push(("stage-name".to_owned(), words));
        let published = if self.is_published == Some(true) { "yes" } else { "no" };
        statements.push(("published".to_owned(), Said::Open(published.to_owned())));
        Draft {
            idem,
            content,
            maker: super::MAKER,
            origin: work.to_owned(),
            kind: self.kind.clone(),
            kind_name: name,
            mode: self.mode(),
            title,
            files,
            statements,
            previous: Vec::new(),
            related: self.related(node, by),
            is_free: false,
        }
    }
}

/// A path as it is kept: separators of this kind, nothing that leaves the folder, no control characters.
/// None where nothing is left.
pub(super) fn tidy_path(path: &str) -> Option<String> {
    let visible = |c: char| match c {
        // A control character in a name is shown by its picture.
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        c if c.is_control() => '\u{fffd}',
        other => other,
    };
    let path: String = path.chars().map(visible).collect();
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    (!parts.is_empty() && !parts.contains(&"..")).then(|| parts.join("/"))
}

/// Another name for a file whose name is taken: `a.jpg` becomes `a (2).jpg`.
pub(super) fn renamed(path: &str, number: usize) -> String {
    let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
    let (stem, end) = match name.rsplit_once('.') {
        Some((stem, end)) if !stem.is_empty() => (stem, format!(".{end}")),
        _ => (name, String::new()),
    };
    let slash = if folder.is_empty() { "" } else { "/" };
    format!("{folder}{slash}{stem} ({number}){end}")
}

/// What names are compared by: two that differ in small and large letters alone fall together on many
/// systems.
pub(super) fn name_key(path: &str) -> String {
    path.to_lowercase()
}

/// The words of a template, by the reader's language.
pub(super) fn template(vocabulary: &Vocabulary, id: &str, language: Language) -> Option<String> {
    vocabulary.templates.iter().find(|template| template.id == id).map(|found| found.text.of(language).to_owned())
}

/// Digests typed by hand: `digest size path` in each line.
pub(super) fn typed_digests(text: &str) -> Result<Vec<DraftFile>, usize> {
    let mut files = Vec::new();
    for (number, typed) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let mut words = typed.trim().splitn(3, char::is_whitespace);
        let (digest, size, path) = (words.next(), words.next(), words.next().map(str::trim));
        let size = size.and_then(|size| size.parse().ok());
        let path = path.and_then(|path| tidy_path(path.trim_start_matches("./")));
        let (Some(digest), Some(size), Some(path)) = (digest, size, path) else { return Err(number + 1) };
        let file = DraftFile { path, size, digest: digest.to_lowercase(), sm3: String::new(), is_attached: false };
        if file.fault(Mode::Digest).is_some() {
            return Err(number + 1);
        }
        files.push(file);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_their_folder() {
        for (path, kept) in [
            ("a/b.txt", Some("a/b.txt")),
            ("/a//./b", Some("a/b")),
            ("../a", None),
            ("a/../b", None),
            ("a/..b", Some("a/..b")),
            ("a\nb\u{7f}", Some("a␊b\u{fffd}")),
            ("a\0", Some("a␀")),
            ("C:\\x", Some("C:\\x")),
            ("", None),
            ("./", None),
        ] {
            assert_eq!(tidy_path(path).as_deref(), kept, "{path:?}");
        }
        assert_eq!(renamed("x/a.tar.gz", 2), "x/a.tar (2).gz");
        assert_eq!(renamed(".profile", 3), ".profile (3)");
        assert_eq!(name_key("É/A.JPG"), name_key("é/a.jpg"));
    }

    #[test]
    fn digests_are_read_line_by_line() {
        let digest = "ab".repeat(32);
        let files =
            typed_digests(&format!("{digest}  3 ./a b.txt\n\n{} 0 月.txt\n", digest.to_uppercase())).unwrap_err();
        assert_eq!(files, 1, "two blanks are an empty size");
        let files = typed_digests(&format!("{digest} 3 ./a b.txt\n\n{} 0 月.txt\n", digest.to_uppercase())).unwrap();
        assert_eq!((files.len(), files[0].path.as_str(), files[1].digest == digest), (2, "a b.txt", true));
        for wrong in ["x 3 a", &format!("{digest} x a"), &format!("{digest} 3"), &format!("{digest} 3 ../a")] {
            assert_eq!(typed_digests(wrong), Err(1), "{wrong}");
        }
    }
}
