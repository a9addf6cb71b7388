//! The operator's words for works: types with their stages, tags with their fields, templates (ipr-07,
//! ipr-44). What records say already stays as it was.

use super::WORDS;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::Response;
use axum::routing::get;
use proof::report::Language;
use registry::accounts::{Operator, OperatorSent, said};
use registry::evidence::Evidence;
use registry::evidence::vocabulary::{Both, Caution, Kind, Stage, Tag, Template, Vocabulary};
use registry::web::sheet::{Block, Field, Form, Ledger, Part, Sheet, Value};
use registry::web::{Cx, Fault, Fields, Words};

const PLACE: &str = "/operator/words";

pub(super) fn router() -> Router<Evidence> {
    Router::new().route("/operator/words", get(list)).route("/operator/words/{part}/{id}", get(show).post(change))
}

/// What can be changed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Kinds,
    Tags,
    Templates,
}

impl Of {
    fn parse(name: &str) -> Result<Self, Fault> {
        match name {
            "types" => Ok(Self::Kinds),
            "tags" => Ok(Self::Tags),
            "templates" => Ok(Self::Templates),
            _ => Err(Fault::NotFound),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Kinds => "types",
            Self::Tags => "tags",
            Self::Templates => "templates",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Kinds => "words-types",
            Self::Tags => "words-tags",
            Self::Templates => "words-templates",
        }
    }
}

/// The id of what is not there yet.
const NEW: &str = "new";

fn row(cx: &Cx, w: Words, of: Of, id: &str, name: &Both, about: String, is_off: bool) -> Vec<Value> {
    let other = if cx.language == Language::Zh { &name.en } else { &name.zh };
    let state = if is_off { w.say("words-off") } else { String::new() };
    vec![
        Value::Titled(format!("{PLACE}/{}/{id}", of.name()), name.of(cx.language).to_owned(), other.clone()),
        Value::Mono(id.to_owned()),
        Value::Text(about),
        Value::Text(state),
    ]
}

/// `GET /operator/words`
async fn list(State(evidence): State<Evidence>, Operator(me): Operator) -> Response<Body> {
    let shown = async {
        let (cx, w) = (&me.cx, me.cx.words(&WORDS));
        let (_, words) = evidence.vocabularies().newest().await?;
        let mut sheet = Sheet::new(cx, w.say("words")).lead(w.say("words-lead")).said(said(cx)).under("/account");
        for of in [Of::Kinds, Of::Tags, Of::Templates] {
            let rows = match of {
                Of::Kinds => words
                    .kinds
                    .iter()
                    .map(|kind| {
                        let stages: Vec<&str> = kind.stages.iter().map(|stage| stage.name.of(cx.language)).collect();
                        row(cx, w, of, &kind.id, &kind.name, stages.join(&w.say("words-comma")), kind.is_off)
                    })
                    .collect::<Vec<_>>(),
                Of::Tags => words
                    .tags
                    .iter()
                    .map(|tag| {
                        let fields: Vec<&str> = tag.fields.iter().map(|field| field.of(cx.language)).collect();
                        row(cx, w, of, &tag.id, &tag.name, fields.join(&w.say("words-comma")), tag.is_off)
                    })
                    .collect(),
                Of::Templates => words
                    .templates
                    .iter()
                    .map(|template| {
                        let text = template.text.of(cx.language).chars().take(40).chain("…".chars()).collect();
                        row(cx, w, of, &template.id, &template.name, text, false)
                    })
                    .collect(),
            };
            let head = ["words-name", "words-id", "words-holds", "state"].map(|id| w.say(id)).to_vec();
            let ledger = Ledger { name: w.say(of.word()), head, rows };
            let new = vec![(format!("{PLACE}/{}/{NEW}", of.name()), w.say("words-add"))];
            sheet = sheet.part(Part::new(w.say(of.word())).full().with(Block::Ledger(ledger)).with(Block::Links(new)));
        }
        Ok(cx.page(&sheet))
    };
    me.cx.end(shown.await)
}

fn stage_lines(stages: &[Stage]) -> String {
    let line =
        |s: &Stage| [&s.id, &s.name.zh, &s.name.en, &s.suggests.zh, &s.suggests.en].map(String::as_str).join(" | ");
    stages.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn cells(line: &str) -> Vec<String> {
    line.split('|').map(|cell| cell.trim().to_owned()).collect()
}

fn both(fields: &Fields, zh: &str, en: &str) -> Both {
    Both::new(fields.text(zh), fields.text(en))
}

/// The lines of a field, each in so many cells at least; the number of the first that has fewer.
fn lines(text: &str, least: usize) -> Result<Vec<Vec<String>>, usize> {
    let all = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    all.map(|(number, line)| {
        let cells = cells(line);
        if cells.len() >= least { Ok(cells) } else { Err(number + 1) }
    })
    .collect()
}

/// The vocabulary with one thing as the form says; the field that is wrong, and why.
fn changed(words: &Vocabulary, of: Of, id: &str, fields: &Fields, w: Words) -> Result<Vocabulary, Fault> {
    let wrong = |field: &'static str, number: usize| Fault::Field {
        field,
        what: w.fill("words-line-wrong", &[("number", &number.to_string())]),
    };
    let mut words = words.clone();
    let (is_new, name) = (id == NEW, both(fields, "zh", "en"));
    let id = if is_new { fields.text("id") } else { id }.to_owned();
    let is_off = fields.is_ticked("off");
    let cell = |cells: &[String], place: usize| cells.get(place).cloned().unwrap_or_default();
    match of {
        Of::Kinds => {
            let stages = lines(fields.text("stages"), 3).map_err(|number| wrong("stages", number))?;
            let stage = |c: Vec<String>| Stage {
                id: cell(&c, 0),
                name: Both { zh: cell(&c, 1), en: cell(&c, 2) },
                suggests: Both { zh: cell(&c, 3), en: cell(&c, 4) },
            };
            let caution = Caution::ALL.into_iter().find(|one| one.name() == fields.text("caution")).unwrap_or_default();
            let stages = stages.into_iter().map(stage).collect();
            put(&mut words.kinds, Kind { id, name, stages, caution, is_off }, is_new, |kind| &kind.id)?;
        }
        Of::Tags => {
            let held = lines(fields.text("fields"), 2).map_err(|number| wrong("fields", number))?;
            let held = held.into_iter().map(|c| Both { zh: cell(&c, 0), en: cell(&c, 1) }).collect();
            put(&mut words.tags, Tag { id, name, fields: held, is_off }, is_new, |tag| &tag.id)?;
        }
        Of::Templates => {
            let text = both(fields, "text_zh", "text_en");
            put(&mut words.templates, Template { id, name, text }, is_new, |template| &template.id)?;
        }
    }
    Ok(words)
}

/// Puts one in the place of that of its id, or behind the others where it is new.
fn put<T>(all: &mut Vec<T>, one: T, is_new: bool, id: impl Fn(&T) -> &String) -> Result<(), Fault> {
    if is_new {
        all.push(one);
        return Ok(());
    }
    let place = all.iter().position(|known| id(known) == id(&one)).ok_or(Fault::NotFound)?;
    if let Some(known) = all.get_mut(place) {
        *known = one;
    }
    Ok(())
}

fn sheet(
    cx: &Cx,
    (version, words): (i64, &Vocabulary),
    of: Of,
    id: &str,
    wrong: Option<(&Fields, &Fault)>,
) -> Result<Sheet, Fault> {
    let w = cx.words(&WORDS);
    let is_new = id == NEW;
    let mut form = Form::new(format!("{PLACE}/{}/{id}", of.name()), w.say("words-save"))
        .of(cx)
        .hidden("version", version.to_string());
    if is_new {
        form = form.field(Field::text("id", w.say("words-id")).help(w.say("words-id-note")).short());
    }
    let named = |form: Form, name: &Both| {
        form.field(Field::text("zh", w.say("words-zh")).value(name.zh.as_str()))
            .field(Field::text("en", w.say("words-en")).value(name.en.as_str()))
    };
    let off = |is_off: bool| {
        let value = if is_off { "on" } else { "" };
        Field::check("off", w.say("state"), w.say("words-off-says")).value(value).optional()
    };
    let title;
    match of {
        Of::Kinds => {
            let kind = if is_new { Kind::default() } else { words.kind(id).cloned().ok_or(Fault::NotFound)? };
            let cautions = [
                (Caution::None, "caution-none", "caution-none-note"),
                (Caution::Patent, "caution-patent", "caution-patent-note"),
                (Caution::Secret, "caution-secret", "caution-secret-note"),
            ];
            let caution = |(one, name, note): (Caution, &str, &str)| (one.name().to_owned(), w.say(name), w.say(note));
            let cautions = cautions.map(caution).to_vec();
            form = named(form, &kind.name)
                .field(
                    Field::area("stages", w.say("words-stages"))
                        .value(stage_lines(&kind.stages))
                        .help(w.say("words-stages-note")),
                )
                .field(Field::choices("caution", w.say("caution"), cautions).value(kind.caution.name()));
            if !is_new {
                form = form.field(off(kind.is_off));
            }
            title = kind.name;
        }
        Of::Tags => {
            let tag = words.tags.iter().find(|tag| tag.id == id).cloned();
            let tag = if is_new { Tag::default() } else { tag.ok_or(Fault::NotFound)? };
            let held =
                tag.fields.iter().map(|field| format!("{} | {}", field.zh, field.en)).collect::<Vec<_>>().join("\n");
            let held = Field::area("fields", w.say("words-fields")).value(held).help(w.say("words-fields-note"));
            form = named(form, &tag.name).field(held.optional());
            if !is_new {
                form = form.field(off(tag.is_off));
            }
            title = tag.name;
        }
        Of::Templates => {
            let template = words.templates.iter().find(|template| template.id == id).cloned();
            let template = if is_new { Template::default() } else { template.ok_or(Fault::NotFound)? };
            form = named(form, &template.name)
                .field(Field::area("text_zh", w.say("words-text-zh")).value(template.text.zh.as_str()))
                .field(Field::area("text_en", w.say("words-text-en")).value(template.text.en.as_str()));
            title = template.name;
        }
    }
    let title = if is_new { w.say("words-add") } else { title.of(cx.language).to_owned() };
    let part = Part::new(w.say(of.word())).note(w.say("words-note")).with(Block::Form(form.after(wrong)));
    Ok(Sheet::new(cx, title).reference(if is_new { String::new() } else { id.to_owned() }).under("/account").part(part))
}

/// `GET /operator/words/{part}/{id}`: one of them, or `new`.
async fn show(
    State(evidence): State<Evidence>,
    Operator(me): Operator,
    Path((part, id)): Path<(String, String)>,
) -> Response<Body> {
    let shown = async {
        let (version, words) = evidence.vocabularies().newest().await?;
        Ok(me.cx.page(&sheet(&me.cx, (version, &words), Of::parse(&part)?, &id, None)?))
    };
    me.cx.end(shown.await)
}

/// `POST /operator/words/{part}/{id}`
async fn change(
    State(evidence): State<Evidence>,
    Path((part, id)): Path<(String, String)>,
    OperatorSent { me, fields }: OperatorSent,
) -> Response<Body> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let (of, words) = match (Of::parse(&part), evidence.vocabularies().newest().await) {
        (Ok(of), Ok(words)) => (of, words),
        (Err(fault), _) | (_, Err(fault)) => return fault.answer(cx),
    };
    let done = async {
        let name = |what: String| Fault::Field { field: "zh", what };
        let new = changed(&words.1, of, &id, &fields, w)?;
        if let Some(fault) = new.fault() {
            return Err(name(evidence.vocabularies().say(fault, cx)));
        }
        let is_current = fields.text("version") == words.0.to_string();
        if !is_current || !evidence.vocabularies().set(words.0, new, &me.actor(), cx.now).await? {
            return Err(name(w.say("words-overtaken")));
        }
        Ok(cx.see(&format!("{PLACE}?said=done")))
    };
    let answer = done.await;
    cx.end_form(answer, async |fault| sheet(cx, (words.0, &words.1), of, &id, Some((&fields, fault)))).await
}
