//! The words that makers and readers of records share: types of works with their stages, tags with
//! their fields, templates of declarations. They come with the program and are the operator's to change.
//!
//! A record holds the words as they were when it was made, so that a change touches no record.

use crate::accounts::audit::{Act, Scope, note};
use crate::web::{Cx, Fault};
use proof::der::Time;
use proof::report::Language;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, PoisonError, RwLock};
use store::Db;
use trust::TrustError;

const NAME: &str = "works";
const WORDS_CHARS_MAX: usize = 60;
const TEXT_CHARS_MAX: usize = 2_000;
const TYPES_MAX: usize = 100;
const STAGES_MAX: usize = 20;

/// Words in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-zh" = "两种语言的文字"))]
pub struct Both {
    /// Chinese.
    #[schemars(extend("x-zh" = "中文"))]
    pub zh: String,
    /// English.
    #[schemars(extend("x-zh" = "英文"))]
    pub en: String,
}

impl Both {
    /// These.
    #[must_use]
    pub fn new(zh: &str, en: &str) -> Self {
        Self { zh: zh.to_owned(), en: en.to_owned() }
    }

    /// In a reader's language.
    #[must_use]
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::Zh => &self.zh,
            Language::En => &self.en,
        }
    }
}

/// What is said where a type is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(extend("x-zh" = "选择此类型时的提示"))]
pub enum Caution {
    /// Nothing.
    #[schemars(description = "Nothing.", extend("x-zh" = "无提示"))]
    #[default]
    None,
    /// A stamp gives no patent right, and to publish may be to disclose (FEATURES 1.15).
    #[schemars(description = "A stamp gives no patent right, and to publish may be to disclose.", extend("x-zh" = "时间戳不产生专利权，公开可能构成披露"))]
    Patent,
    /// A secret: hash-only is urged, salted where the content can be guessed (ent-03).
    #[schemars(description = "A secret: digests alone are urged, salted ones where the content can be guessed.", extend("x-zh" = "商业秘密：宜只取摘要；内容易猜时宜加盐"))]
    Secret,
}

impl Caution {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Patent, Self::Secret];

    /// Its name in forms.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Patent => "patent",
            Self::Secret => "secret",
        }
    }
}

/// A stage of a work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-zh" = "作品的阶段"))]
pub struct Stage {
    /// Its name in records.
    #[schemars(extend("x-zh" = "在记录中的名称"))]
    pub id: String,
    /// What it is called.
    #[schemars(extend("x-zh" = "名称"))]
    pub name: Both,
    /// What is usually protected in it.
    #[schemars(extend("x-zh" = "此阶段通常保护什么"))]
    #[serde(default)]
    pub suggests: Both,
}

/// A type of work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-zh" = "作品类型"))]
pub struct Kind {
    /// Its name in records.
    #[schemars(extend("x-zh" = "在记录中的名称"))]
    pub id: String,
    /// What it is called.
    #[schemars(extend("x-zh" = "名称"))]
    pub name: Both,
    /// Its stages, in their order.
    #[schemars(extend("x-zh" = "各阶段，按顺序"))]
    pub stages: Vec<Stage>,
    /// What is said where it is chosen.
    #[schemars(extend("x-zh" = "选择时的提示"))]
    #[serde(default)]
    pub caution: Caution,
    /// Not offered any more.
    #[schemars(extend("x-zh" = "不再提供"))]
    #[serde(default)]
    pub is_off: bool,
}

/// A tag, with what is asked where it is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-zh" = "标签及设置时所问的字段"))]
pub struct Tag {
    /// Its name in records.
    #[schemars(extend("x-zh" = "在记录中的名称"))]
    pub id: String,
    /// What it is called.
    #[schemars(extend("x-zh" = "名称"))]
    pub name: Both,
    /// Its fields.
    #[schemars(extend("x-zh" = "字段"))]
    pub fields: Vec<Both>,
    /// Not offered any more.
    #[schemars(extend("x-zh" = "不再提供"))]
    #[serde(default)]
    pub is_off: bool,
}

/// A text to begin a declaration with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-zh" = "声明的起始文本"))]
pub struct Template {
    /// Its name in addresses.
    #[schemars(extend("x-zh" = "在地址中的名称"))]
    pub id: String,
    /// What it is called.
    #[schemars(extend("x-zh" = "名称"))]
    pub name: Both,
    /// The text.
    #[schemars(extend("x-zh" = "文本"))]
    pub text: Both,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-zh" = "全部词汇"))]
pub struct Vocabulary {
    /// The types of works.
    #[schemars(extend("x-zh" = "作品类型"))]
    pub kinds: Vec<Kind>,
    /// The tags.
    #[schemars(extend("x-zh" = "标签"))]
    pub tags: Vec<Tag>,
    /// The templates.
    #[schemars(extend("x-zh" = "声明模板"))]
    pub templates: Vec<Template>,
}

impl Vocabulary {
    /// A type.
    #[must_use]
    pub fn kind(&self, id: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.id == id)
    }

    /// What a type is called; its id where it is not known any more.
    #[must_use]
    pub fn kind_words(&self, id: &str, language: Language) -> String {
        self.kind(id).map_or(id, |kind| kind.name.of(language)).to_owned()
    }

    /// What cannot stand in it; none where everything can. The words are a message of this room.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        let is_id = |id: &str| {
            let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            (1..=40).contains(&id.len()) && id.bytes().all(fits) && !id.starts_with('-') && !id.ends_with('-')
        };
        let is_plain = |text: &str, most: usize| {
            (1..=most).contains(&text.chars().count()) && !text.contains(|c: char| c.is_control() && c != '\n')
        };
        let is_named = |both: &Both| is_plain(&both.zh, WORDS_CHARS_MAX) && is_plain(&both.en, WORDS_CHARS_MAX);
        let is_double = |ids: Vec<&str>| {
            let mut seen = std::collections::BTreeSet::new();
            !ids.into_iter().all(|id| seen.insert(id.to_owned()))
        };
        let (kinds, tags, templates) = (&self.kinds, &self.tags, &self.templates);
        let stages = || kinds.iter().flat_map(|kind| &kind.stages);
        if kinds.len() > TYPES_MAX || kinds.iter().any(|kind| kind.stages.len() > STAGES_MAX) {
            return Some("vocabulary-many");
        }
        if kinds.iter().all(|kind| kind.is_off) {
            return Some("vocabulary-none");
        }
        let ids = kinds.iter().map(|k| &k.id).chain(tags.iter().map(|t| &t.id)).chain(templates.iter().map(|t| &t.id));
        if !ids.chain(stages().map(|s| &s.id)).all(|id| is_id(id)) {
            return Some("vocabulary-id");
        }
        let is_twice = is_double(kinds.iter().map(|k| k.id.as_str()).collect())
            || is_double(tags.iter().map(|t| t.id.as_str()).collect())
            || is_double(templates.iter().map(|t| t.id.as_str()).collect())
            || kinds.iter().any(|kind| is_double(kind.stages.iter().map(|s| s.id.as_str()).collect()));
        if is_twice {
            return Some("vocabulary-twice");
        }
        let names = kinds.iter().map(|k| &k.name).chain(tags.iter().map(|t| &t.name));
        let names = names.chain(templates.iter().map(|t| &t.name)).chain(stages().map(|s| &s.name));
        if !names.chain(tags.iter().flat_map(|tag| &tag.fields)).all(is_named) {
            return Some("vocabulary-words");
        }
        let is_text = |both: &Both| is_plain(&both.zh, TEXT_CHARS_MAX) && is_plain(&both.en, TEXT_CHARS_MAX);
        (!templates.iter().all(|template| is_text(&template.text))).then_some("vocabulary-words")
    }
}

/// The vocabulary of an instance, as it is now.
pub struct Vocabularies {
    db: Db,
    now: RwLock<(i64, Arc<Vocabulary>)>,
}

fn broken(error: impl std::fmt::Display) -> TrustError {
    TrustError::Broken(format!("the vocabulary cannot be read: {error}"))
}

impl Vocabularies {
    pub(super) async fn open(db: &Db) -> Result<Self, TrustError> {
        let now = match Self::stored(db).await? {
            Some((version, vocabulary)) => (version, Arc::new(vocabulary)),
            None => (0, Arc::new(serde_json::from_str(include_str!("vocabulary.json")).map_err(broken)?)),
        };
        Ok(Self { db: db.clone(), now: RwLock::new(now) })
    }

    /// What a [fault](Vocabulary::fault) says.
    #[must_use]
    pub fn say(&self, fault: &str, cx: &Cx) -> String {
        cx.words(&super::WORDS).say(fault)
    }

    async fn stored(db: &Db) -> Result<Option<(i64, Vocabulary)>, TrustError> {
        let rows = db.rows("select version, body from vocabulary where name = $1", &[NAME.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some((row.int(0)?, serde_json::from_str(row.text(1)?).map_err(broken)?)))
    }

    /// The vocabulary.
    #[must_use]
    pub fn now(&self) -> Arc<Vocabulary> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner).1)
    }

    /// The vocabulary with its version, for who changes it. Read anew: another process may have.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn newest(&self) -> Result<(i64, Arc<Vocabulary>), Fault> {
        if let Some((version, vocabulary)) = Self::stored(&self.db).await? {
            self.take(version, vocabulary);
        }
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        Ok((now.0, Arc::clone(&now.1)))
    }

    fn take(&self, version: i64, vocabulary: Vocabulary) {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        if version > now.0 {
            *now = (version, Arc::new(vocabulary));
        }
    }

    /// Goes on with this one, where the version is still the one that was changed. False where it is not.
    ///
    /// # Errors
    /// Where the database fails. The caller has checked the [fault](Vocabulary::fault).
    pub async fn set(&self, version: i64, vocabulary: Vocabulary, actor: &str, at: Time) -> Result<bool, Fault> {
        let body = serde_json::to_string(&vocabulary).map_err(Fault::broken)?;
        let set: Result<bool, store::StoreError> = store::transaction!(self.db, tx => {
            let rows = tx.rows("select version from vocabulary where name = $1", &[NAME.into()]).await?;
            let stored = rows.first().map_or(Ok(0), |row| row.int(0))?;
            if stored != version {
                return Ok(false);
            }
            let sql = "insert into vocabulary (name, version, body) values ($1, $2, $3) \
                       on conflict (name) do update set version = excluded.version, body = excluded.body";
            tx.execute(sql, &[NAME.into(), (version + 1).into(), body.as_str().into()]).await?;
            note(tx, &Scope::Node, actor, Act::WordsChanged, "", at).await?;
            Ok(true)
        });
        let is_set = set?;
        if is_set {
            self.take(version + 1, vocabulary);
        }
        Ok(is_set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Vocabulary {
        serde_json::from_str(include_str!("vocabulary.json")).unwrap()
    }

    #[test]
    fn our_own_is_sound_and_has_the_types_that_are_promised() {
        assert_eq!(own().fault(), None);
        // ipr-08 to ipr-13.
        for id in [
            "text",
            "music",
            "film",
            "picture-text",
            "short-video",
            "novel",
            "picture",
            "patent-design",
            "industrial-design",
            "fashion",
            "digital-art",
            "character",
            "video",
            "photo",
            "news",
            "broadcast",
            "software",
            "animation",
            "game",
            "design-draft",
            "secret",
            "trademark",
            "data",
            "process",
            "formula",
            "mould",
        ] {
            assert!(own().kind(id).is_some(), "{id}");
        }
        // ipr-40 to ipr-44.
        let stages = |id: &str| own().kind(id).unwrap().stages.iter().map(|s| s.id.clone()).collect::<Vec<_>>();
        assert_eq!(stages("video"), ["idea", "shooting", "post", "derived"]);
        assert_eq!(stages("industrial-design")[..3], ["idea", "design", "finished"]);
        assert_eq!(own().kind("patent-design").unwrap().caution, Caution::Patent);
        assert_eq!(own().tags[0].fields.len(), 3);
    }

    #[test]
    fn what_cannot_stand_is_named() {
        let wrong = |change: &dyn Fn(&mut Vocabulary)| {
            let mut vocabulary = own();
            change(&mut vocabulary);
            vocabulary.fault()
        };
        assert_eq!(wrong(&|v| v.kinds[0].id = "A b".to_owned()), Some("vocabulary-id"));
        assert_eq!(wrong(&|v| v.kinds[1].id = v.kinds[0].id.clone()), Some("vocabulary-twice"));
        assert_eq!(wrong(&|v| v.kinds[0].name.en.clear()), Some("vocabulary-words"));
        assert_eq!(wrong(&|v| v.tags[0].fields[0].zh = "x".repeat(61)), Some("vocabulary-words"));
        assert_eq!(wrong(&|v| v.kinds.iter_mut().for_each(|kind| kind.is_off = true)), Some("vocabulary-none"));
        assert_eq!(wrong(&|v| v.kinds = vec![v.kinds[0].clone(); 101]), Some("vocabulary-many"));
    }
}
