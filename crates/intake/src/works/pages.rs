//! The pages of the flow, as their templates fill them.

use super::model::{Application, OWN_STAGE, Somebody};
use super::store::{Opened, Work};
use super::{PLACE, WORDS};
use askama::Template;
use axum::http::StatusCode;
use proof_wasm::page;
use registry::billing::Quote;
use registry::evidence::vocabulary::{Caution, Vocabulary};
use registry::evidence::{Mode, Owner, Party, Related};
use registry::web::{Cx, Fault, Page, Scripts, Words, assets};

/// What is wrong with one field; none where nothing is.
#[derive(Default)]
pub(super) struct Wrong {
    field: &'static str,
    what: String,
}

impl Wrong {
    pub fn of(fault: Option<&Fault>) -> Self {
        match fault {
            Some(Fault::Field { field, what }) => Self { field, what: what.clone() },
            _ => Self::default(),
        }
    }

    fn is(&self, field: &&str) -> bool {
        self.field == *field
    }

    fn is_any(&self) -> bool {
        !self.field.is_empty()
    }

    /// A fault that no field of the page shows.
    fn is_elsewhere(&self, fields: &[&str]) -> bool {
        self.is_any() && !fields.contains(&self.field)
    }

    fn status(&self) -> StatusCode {
        if self.is_any() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
    }
}

/// One of several.
pub(super) struct Choice {
    id: String,
    name: String,
    note: String,
    is_chosen: bool,
}

/// A draft that was begun before.
struct Begun {
    id: String,
    title: String,
    about: String,
    changed: String,
}

/// What every screen has.
pub(super) struct Common {
    w: Words,
    id: String,
    version: i64,
    token: String,
    wrong: Wrong,
    /// Somebody changed the draft in another window meanwhile.
    is_overtaken: bool,
}

impl Common {
    pub fn new(cx: &Cx, draft: &Opened, fault: Option<&Fault>, is_overtaken: bool) -> Self {
        Self {
            w: cx.words(&WORDS),
            id: draft.id.clone(),
            version: draft.version,
            token: cx.form_token(),
            wrong: Wrong::of(fault),
            is_overtaken,
        }
    }

    fn status(&self) -> StatusCode {
        if self.is_overtaken { StatusCode::CONFLICT } else { self.wrong.status() }
    }
}

/// The first screen: type, mode, files.
#[derive(Template)]
#[template(path = "works/what.html")]
pub(super) struct What {
    c: Common,
    kinds: Vec<Choice>,
    patent: bool,
    secret: bool,
    is_published: Option<bool>,
    modes: Vec<Choice>,
    is_mode_fixed: bool,
    takes_originals: bool,
    is_deposit: bool,
    is_each: bool,
    typed: String,
    files: u64,
    size: String,
    work: String,
    begun: Vec<Begun>,
    verifier: &'static str,
    hasher: &'static str,
}

impl What {
    pub fn new(
        cx: &Cx,
        common: Common,
        draft: &Opened,
        vocabulary: &Vocabulary,
        (drafts, work, typed, deposit): (&[Opened], Option<&Work>, &str, Option<&str>),
    ) -> Self {
        let w = cx.words(&WORDS);
        let application = &draft.application;
        let offered = vocabulary.kinds.iter().filter(|kind| !kind.is_off || kind.id == application.kind);
        let kinds = offered.map(|kind| Choice {
            id: kind.id.clone(),
            name: kind.name.of(cx.language).to_owned(),
            note: kind.caution.name().to_owned(),
            is_chosen: kind.id == application.kind,
        });
        let caution = vocabulary.kind(&application.kind).map(|kind| kind.caution).unwrap_or_default();
        let mode = |mode: Mode| {
            let (name, note) = match mode {
                Mode::Digest => ("mode-digest", w.say("mode-digest-note")),
                Mode::Deposit => ("mode-deposit", deposit.unwrap_or_default().to_owned()),
                Mode::Salted => ("mode-salted", w.say("mode-salted-note")),
            };
            Choice { id: mode.name().to_owned(), name: w.say(name), note, is_chosen: application.mode == Some(mode) }
        };
        let is_offered = |mode: &Mode| *mode != Mode::Deposit || deposit.is_some();
        let begun = |one: &Opened| {
            let kind = vocabulary.kind_words(&one.application.kind, cx.language);
            let untitled = one.application.title.is_empty();
            let title = if untitled { w.say("draft-untitled") } else { one.application.title.clone() };
            let about = w.fill("draft-about", &[("kind", &kind), ("count", &one.files.to_string())]);
            Begun { id: one.id.clone(), title, about, changed: page::instant(one.changed, cx.language) }
        };
        Self {
            kinds: kinds.collect(),
            patent: caution == Caution::Patent,
            secret: caution == Caution::Secret,
            is_published: application.is_published,
            modes: Mode::ALL.into_iter().filter(is_offered).map(mode).collect(),
            takes_originals: deposit.is_some(),
            is_deposit: application.mode == Some(Mode::Deposit),
            is_mode_fixed: draft.files > 0,
            is_each: application.is_each,
            typed: typed.to_owned(),
            files: draft.files,
            size: page::size(draft.bytes),
            work: work.map(|work| work.title.clone()).unwrap_or_default(),
            begun: drafts.iter().filter(|one| one.id != draft.id).map(begun).collect(),
            verifier: assets::path("verifier.wasm"),
            hasher: assets::path("hash.js"),
            c: common,
        }
    }
}

/// A tag with its fields.
pub(super) struct TagRow {
    id: String,
    name: String,
    is_set: bool,
    /// What a field is called, and what it holds.
    fields: Vec<(String, String)>,
}

/// The second screen: who, which work, what is stated.
#[derive(Template)]
#[template(path = "works/about.html")]
pub(super) struct About {
    c: Common,
    applicants: Vec<Choice>,
    applicant: String,
    called: String,
    asks_related: bool,
    is_unrelated: Option<bool>,
    works: Vec<Choice>,
    title_of: String,
    stages: Vec<Choice>,
    own_stage: String,
    summary: String,
    version_note: String,
    people: Vec<Somebody>,
    tags: Vec<TagRow>,
    declaration: String,
    templates: Vec<Choice>,
    platforms: String,
    materials: String,
    is_secret: bool,
}

impl About {
    pub fn new(
        cx: &Cx,
        common: Common,
        application: &Application,
        vocabulary: &Vocabulary,
        (by, organisations, works): (&Party, &[(String, String)], &[Work]),
    ) -> Self {
        let w = cx.words(&WORDS);
        let person = Choice {
            id: String::new(),
            name: w.say("applicant-self"),
            note: String::new(),
            is_chosen: application.organisation.is_none(),
        };
        let organisation = |(id, name): &(String, String)| Choice {
            id: id.clone(),
            name: name.clone(),
            note: String::new(),
            is_chosen: application.organisation.as_ref() == Some(id),
        };
        let new = Choice {
            id: String::new(),
            name: w.say("work-new"),
            note: String::new(),
            is_chosen: application.work.is_none(),
        };
        let known = |work: &Work| Choice {
            id: work.id.clone(),
            name: work.title.clone(),
            note: vocabulary.kind_words(&work.kind, cx.language),
            is_chosen: application.work.as_ref() == Some(&work.id),
        };
        let kind = vocabulary.kind(&application.kind);
        let mut stages: Vec<Choice> = Vec::new();
        for stage in kind.map(|kind| kind.stages.as_slice()).unwrap_or_default() {
            stages.push(Choice {
                id: stage.id.clone(),
                name: stage.name.of(cx.language).to_owned(),
                note: stage.suggests.of(cx.language).to_owned(),
                is_chosen: stage.id == application.stage,
            });
        }
        stages.push(Choice {
            id: OWN_STAGE.to_owned(),
            name: w.say("stage-own"),
            note: String::new(),
            is_chosen: application.stage == OWN_STAGE,
        });
        let tags = vocabulary.tags.iter().filter_map(|tag| {
            let set = application.tags.iter().find(|set| set.id == tag.id);
            if tag.is_off && set.is_none() {
                return None;
            }
            let value = |place: usize| set.and_then(|set| set.values.get(place)).cloned().unwrap_or_default();
            let fields = tag.fields.iter().enumerate();
            let fields = fields.map(|(place, field)| (field.of(cx.language).to_owned(), value(place))).collect();
            Some(TagRow {
                id: tag.id.clone(),
                name: tag.name.of(cx.language).to_owned(),
                is_set: set.is_some(),
                fields,
            })
        });
        let template = |template: &registry::evidence::vocabulary::Template| Choice {
            id: template.id.clone(),
            name: template.name.of(cx.language).to_owned(),
            note: String::new(),
            is_chosen: false,
        };
        let mut people = application.people.clone();
        if people.is_empty() {
            people.push(Somebody::default());
        }
        let related = Related::of(&cx.site.node, by.is_operator, None);
        Self {
            applicants: std::iter::once(person).chain(organisations.iter().map(organisation)).collect(),
            applicant: applicant(by, cx),
            called: by.name.clone(),
            asks_related: related == Related::Unknown,
            is_unrelated: application.is_unrelated,
            works: std::iter::once(new).chain(works.iter().map(known)).collect(),
            title_of: application.title.clone(),
            stages,
            own_stage: application.own_stage.clone(),
            summary: application.summary.clone(),
            version_note: application.version.clone(),
            people,
            tags: tags.collect(),
            declaration: application.declaration.clone(),
            templates: vocabulary.templates.iter().map(template).collect(),
            platforms: application.platforms.clone(),
            materials: application.materials.clone(),
            is_secret: kind.is_some_and(|kind| kind.caution != Caution::None),
            c: common,
        }
    }
}

fn applicant(by: &Party, cx: &Cx) -> String {
    use registry::accounts::identity::Level;
    let w = cx.words(&WORDS);
    let day = by.confirmed.map(|time| time.to_string().chars().take(10).collect::<String>()).unwrap_or_default();
    let values = [("day", day.as_str()), ("number", by.paper.as_str())];
    match by.level {
        Level::Mail => w.say("applicant-mail"),
        Level::Papers => w.fill("applicant-papers", &values),
        Level::Provider => w.fill("applicant-provider", &values),
    }
}

/// The third screen: the document as it will be.
#[derive(Template)]
#[template(path = "works/confirm.html")]
pub(super) struct Confirm {
    pub c: Common,
    pub leaf: String,
    pub is_salted: bool,
    /// What is said of depositing, where it does.
    pub deposit: Option<String>,
    /// What is lacking of its originals.
    pub lacks: Option<String>,
    /// The number of records where each file gets its own; else 0.
    pub each: u64,
    pub count: u64,
    pub earlier: Option<(String, String)>,
    pub asks: Option<String>,
    pub unready: bool,
    pub is_patent: bool,
    /// What it costs; none where nothing costs anything.
    pub cost: Option<Costs>,
}

/// What a confirmation costs.
pub(super) struct Costs {
    /// The price list that is agreed to.
    version: i64,
    /// Labels and values.
    rows: Vec<(String, String)>,
    /// What stands in the way: words, and where that is mended.
    short: Option<(String, String)>,
}

impl Costs {
    pub fn new(w: Words, by: &Party, quote: &Quote) -> Self {
        let (list, cost) = (&quote.list, &quote.cost);
        let count = |count: i64| count.to_string();
        let unit = w.fill("cost-units-of", &[("count", &count(cost.units)), ("price", &list.currency.show(list.unit))]);
        let mut rows = vec![(w.say("cost-units"), unit)];
        if cost.free_units > 0 {
            rows.push((w.say("cost-free"), count(cost.free_units)));
        }
        if cost.gigabytes > 0 {
            let values = [("count", count(cost.gigabytes)), ("price", list.currency.show(list.gigabyte))];
            let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
            rows.push((w.say("cost-gigabytes"), w.fill("cost-units-of", &values)));
        }
        rows.push((w.say("cost-all"), list.currency.show(cost.amount)));
        rows.push((w.say("cost-left"), list.currency.show(quote.funds.left())));
        let short = match (&by.owner, quote.waits(), quote.is_enough()) {
            (_, true, _) => Some((w.say("cost-waits"), "/prices".to_owned())),
            (_, false, true) => None,
            (Owner::Person(_), ..) => Some((w.say("cost-short"), "/account/billing".to_owned())),
            (Owner::Organisation(id), ..) => {
                Some((w.say("cost-short-organisation"), format!("/organisations/{id}/billing")))
            }
        };
        Self { version: list.version, rows, short }
    }
}

macro_rules! screens {
    ($($screen:ident)*) => {
        $(impl Page for $screen {
            fn title(&self) -> String {
                self.c.w.say("title")
            }

            fn current(&self) -> &'static str {
                PLACE
            }

            fn scripts(&self) -> Scripts {
                Scripts::Protect
            }

            fn status(&self) -> StatusCode {
                self.c.status()
            }
        })*
    };
}
screens! { What About Confirm }
