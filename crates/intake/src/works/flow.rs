//! The four screens: what, about, confirm, done (ipr-02, ipr-27, ipr-28).
//!
//! Every step stores the draft and leads on; going back loses nothing. A form that was made from an
//! older version of the draft is shown again with what was typed, never taken over what is newer.

use super::model::{Application, OWN_STAGE, Somebody, TagSet, line, template, typed_digests};
use super::pages::{About, Common, Confirm, Costs, What};
use super::store::Opened;
use super::{WORDS, Works};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::Response;
use axum::routing::{get, post};
use futures_util::future::join_all;
use registry::accounts::organisation::Role;
use registry::accounts::{Me, Sent};
use registry::billing::Wanted;
use registry::evidence::leaf::Leaf;
use registry::evidence::vocabulary::Caution;
use registry::evidence::{Draft, DraftFile, Entry, FILES_MAX, Mode, Owner, Party, Said};
use registry::web::{Code, Fault, Fields, Words};

/// Records that one application may make, one for each file.
const EACH_MAX: usize = 1_000;
/// Attachments that each of them may carry.
const ATTACHED_MAX: usize = 20;
/// Records that are made at the same time.
const AT_ONCE: usize = 8;
/// Digests that are compared with earlier records.
const COMPARED: usize = 50;

pub(super) fn router() -> Router<Works> {
    Router::new()
        .route("/protect", get(begin))
        .route("/protect/{id}", get(what).post(take_what))
        .route("/protect/{id}/about", get(about).post(take_about))
        .route("/protect/{id}/confirm", get(confirm).post(take_confirm))
        .route("/protect/{id}/drop", post(drop_draft))
}

/// Whether an id is one that we could have made.
pub(super) fn is_id(id: &str) -> bool {
    id.len() == 20 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl Works {
    /// The owner that an application is for.
    pub(super) fn owner(me: &Me, organisation: Option<&str>) -> Owner {
        organisation.map_or_else(|| Owner::Person(me.person.id.clone()), |id| Owner::Organisation(id.to_owned()))
    }

    /// Who applies.
    pub(super) async fn party(&self, me: &Me, application: &Application) -> Result<Party, Fault> {
        let owner = Self::owner(me, application.organisation.as_deref());
        Party::of(me, &owner, &[Role::Applicant]).await
    }

    /// The key of the work that a draft begins: nobody else can make it up, and the same draft for the
    /// same owner gives the same.
    pub(super) fn new_work(by: &Party, idem: &str) -> String {
        format!("W{}", by.blind("work", idem))
    }

    /// The organisations that this person may apply for.
    async fn organisations(&self, me: &Me) -> Result<Vec<(String, String)>, Fault> {
        let found = self.accounts().organisations_of(&me.person.id).await?;
        let may = found.into_iter().filter(|(_, roles)| roles.has(Role::Applicant));
        Ok(may.map(|(organisation, _)| (organisation.id, organisation.profile.name)).collect())
    }

    /// A stored draft that is not a record yet.
    pub(super) async fn open_draft(&self, me: &Me, id: &str) -> Result<Opened, Fault> {
        self.draft(me, id).await?.ok_or(Fault::NotFound)
    }
}

/// A stored draft, or where it led.
enum Found {
    Draft(Box<Opened>),
    /// It was confirmed, and what came of it is not known: only the confirmation goes on.
    Confirmed(Box<Opened>),
    Done(String),
}

async fn find(works: &Works, me: &Me, id: &str) -> Result<Found, Fault> {
    let mut draft = works.open_draft(me, id).await?;
    if let Some(number) = &draft.record {
        return Ok(Found::Done(done_place(&draft.application, number)));
    }
    if draft.is_confirmed {
        return Ok(Found::Confirmed(Box::new(draft)));
    }
    // Who may not apply for the organisation any more applies alone, and sees so.
    if draft.application.organisation.is_some() && works.party(me, &draft.application).await.is_err() {
        (draft.application.organisation, draft.application.work) = (None, None);
    }
    Ok(Found::Draft(Box::new(draft)))
}

fn done_place(application: &Application, number: &str) -> String {
    if !application.is_each {
        return format!("/records/{number}?said=kept");
    }
    // The list shows them.
    let organisation = application.organisation.as_ref().map(|id| format!("&organisation={id}"));
    format!("/records?said=kept{}", organisation.unwrap_or_default())
}

/// `GET /protect`: an empty application; `?work=ID` goes on with a work.
async fn begin(State(works): State<Works>, me: Me) -> Response<Body> {
    let shown = async {
        let mut draft = Works::fresh(&me)?;
        let work = me.cx.query("work");
        if !work.is_empty() {
            let owner = works.work_owner(&work).await?.ok_or(Fault::NotFound)?;
            let by = Party::of(&me, &owner, &[Role::Applicant]).await?;
            let known = works.find_work(&by, &work).await?.ok_or(Fault::NotFound)?;
            draft.application = Application {
                kind: known.kind.clone(),
                title: known.title.clone(),
                work: Some(known.id),
                organisation: match owner {
                    Owner::Organisation(id) => Some(id),
                    Owner::Person(_) => None,
                },
                ..Application::default()
            };
            // It is stored at once, so that the work is not lost on the way.
            works.save(&me, &draft).await?;
            return Ok(me.cx.see(&format!("/protect/{}", draft.id)));
        }
        show_what(&works, &me, &draft, "", None, false).await
    };
    me.cx.end(shown.await)
}

async fn show_what(
    works: &Works,
    me: &Me,
    draft: &Opened,
    typed: &str,
    fault: Option<&Fault>,
    is_overtaken: bool,
) -> Result<Response<Body>, Fault> {
    let common = Common::new(&me.cx, draft, fault, is_overtaken);
    let vocabulary = works.evidence().vocabularies().now();
    let drafts = works.drafts(me).await?;
    let work = match &draft.application.work {
        Some(id) => works.find_work(&works.party(me, &draft.application).await?, id).await?,
        None => None,
    };
    let deposit = works.holdings().is_offered().then(|| works.deposit_note(&me.cx));
    let page = What::new(&me.cx, common, draft, &vocabulary, (&drafts, work.as_ref(), typed, deposit.as_deref()));
    Ok(me.cx.page(&page))
}

/// `GET /protect/{id}`
async fn what(State(works): State<Works>, me: Me, Path(id): Path<String>) -> Response<Body> {
    let shown = async {
        match find(&works, &me, &id).await? {
            Found::Done(place) => Ok(me.cx.see(&place)),
            Found::Confirmed(_) => Ok(me.cx.see(&format!("/protect/{id}/confirm"))),
            Found::Draft(draft) => show_what(&works, &me, &draft, "", None, false).await,
        }
    };
    me.cx.end(shown.await)
}

/// The draft that a form is of: the stored one, or a new one under the id that its page made up.
async fn draft_of(works: &Works, me: &Me, id: &str, fields: &Fields) -> Result<Opened, Fault> {
    if let Some(draft) = works.draft(me, id).await? {
        return Ok(draft);
    }
    match is_id(id) && fields.text("version") == "0" {
        true => Ok(Opened { id: id.to_owned(), ..Works::fresh(me)? }),
        false => Err(Fault::NotFound),
    }
}

/// `POST /protect/{id}`: type, state of publication, mode, digests typed by hand.
async fn take_what(State(works): State<Works>, Path(id): Path<String>, Sent { me, fields }: Sent) -> Response<Body> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let taken = async {
        let mut draft = draft_of(&works, &me, &id, &fields).await?;
        if let Some(number) = &draft.record {
            return Ok(cx.see(&done_place(&draft.application, number)));
        }
        if draft.is_confirmed {
            return Ok(cx.see(&format!("/protect/{id}/confirm")));
        }
        let vocabulary = works.evidence().vocabularies().now();
        let application = &mut draft.application;
        application.kind = fields.text("kind").to_owned();
        application.is_published = match fields.text("published") {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        application.is_each = fields.is_ticked("each");
        let typed = fields.text("digests");
        let is_offered = |mode: &Mode| *mode != Mode::Deposit || works.holdings().is_offered();
        let chosen = Mode::parse(fields.text("mode")).filter(is_offered);
        if draft.files == 0 && chosen.is_some() {
            application.mode = chosen;
        }
        // The stage of another type is none of this one.
        let kind = vocabulary.kind(&application.kind);
        let is_known = kind.is_some_and(|kind| kind.stages.iter().any(|stage| stage.id == application.stage));
        if !is_known && application.stage != OWN_STAGE {
            application.stage.clear();
        }
        let is_current = fields.text("version") == draft.version.to_string();
        if !is_current || !works.save(&me, &draft).await? {
            // Not stored, and not there: the id is another's.
            let newest = works.draft(&me, &id).await?.ok_or(Fault::NotFound)?;
            let draft = Opened { application: draft.application, ..newest };
            return show_what(&works, &me, &draft, typed, None, true).await;
        }
        let mut draft = works.open_draft(&me, &id).await?;
        let checked = async {
            if !typed.is_empty() {
                if draft.application.mode.is_none() {
                    return draft.application.check_what(w, &vocabulary, draft.files);
                }
                let field = |what: String| Fault::Field { field: "digests", what };
                let files = typed_digests(typed)
                    .map_err(|number| field(w.fill("digests-wrong", &[("number", &number.to_string())])))?;
                if draft.application.mode() == Mode::Salted {
                    return Err(field(w.say("digests-salted")));
                }
                works.add_files(&me, &draft, draft.application.mode(), &files).await?;
                draft = works.open_draft(&me, &id).await?;
            }
            if fields.text("go") == "keep" {
                return Ok(());
            }
            draft.application.check_what(w, &vocabulary, draft.files)?;
            let lacks = works.draft_lacks(&me, &draft).await?;
            lacks.map_or(Ok(()), |what| Err(Fault::Field { field: "originals", what }))
        };
        match checked.await {
            Err(fault @ Fault::Field { .. }) => show_what(&works, &me, &draft, typed, Some(&fault), false).await,
            Err(other) => Err(other),
            Ok(()) if fields.text("go") == "keep" => Ok(cx.see("/protect")),
            Ok(()) => Ok(cx.see(&format!("/protect/{id}/about"))),
        }
    };
    cx.end(taken.await)
}

async fn show_about(
    works: &Works,
    me: &Me,
    draft: &Opened,
    fault: Option<&Fault>,
    is_overtaken: bool,
) -> Result<Response<Body>, Fault> {
    let vocabulary = works.evidence().vocabularies().now();
    let organisations = works.organisations(me).await?;
    let by = works.party(me, &draft.application).await?;
    let offered = works.offered(&by).await?;
    let common = Common::new(&me.cx, draft, fault, is_overtaken);
    Ok(me.cx.page(&About::new(&me.cx, common, &draft.application, &vocabulary, (&by, &organisations, &offered))))
}

/// `GET /protect/{id}/about`
async fn about(State(works): State<Works>, me: Me, Path(id): Path<String>) -> Response<Body> {
    let shown = async {
        match find(&works, &me, &id).await? {
            Found::Done(place) => Ok(me.cx.see(&place)),
            Found::Confirmed(_) => Ok(me.cx.see(&format!("/protect/{id}/confirm"))),
            Found::Draft(draft) => show_about(&works, &me, &draft, None, false).await,
        }
    };
    me.cx.end(shown.await)
}

fn people_of(fields: &Fields) -> Vec<Somebody> {
    let column = |name: &'static str| fields.all(name).map(line).collect::<Vec<_>>();
    let [names, parts, countries, territories, shares] =
        ["person_name", "person_part", "person_country", "person_territory", "person_share"].map(column);
    let at = |column: &[String], place: usize| column.get(place).cloned().unwrap_or_default();
    let people = (0..names.len()).map(|place| Somebody {
        name: at(&names, place),
        part: at(&parts, place),
        country: at(&countries, place),
        territory: at(&territories, place),
        share: at(&shares, place),
    });
    people.filter(|one| !one.is_empty()).collect()
}

/// `POST /protect/{id}/about`: who, which work, what is stated.
async fn take_about(State(works): State<Works>, Path(id): Path<String>, Sent { me, fields }: Sent) -> Response<Body> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let taken = async {
        let mut draft = match find(&works, &me, &id).await? {
            Found::Done(place) => return Ok(cx.see(&place)),
            Found::Confirmed(_) => return Ok(cx.see(&format!("/protect/{id}/confirm"))),
            Found::Draft(draft) => *draft,
        };
        let vocabulary = works.evidence().vocabularies().now();
        let go = fields.text("go").to_owned();
        let application = &mut draft.application;
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        if fields.has("organisation") {
            application.organisation = some(fields.text("organisation"));
        }
        if fields.has("work") {
            application.work = some(fields.text("work"));
        }
        application.is_unrelated = match fields.text("related") {
            "no" => Some(true),
            "yes" => Some(false),
            _ => None,
        };
        application.title = line(fields.text("title"));
        application.stage = fields.text("stage").to_owned();
        application.own_stage = line(fields.text("own_stage"));
        application.version = line(fields.text("version_note"));
        application.summary = fields.text("summary").to_owned();
        application.people = people_of(&fields);
        application.declaration = fields.text("declaration").to_owned();
        application.platforms = line(fields.text("platforms"));
        application.materials = fields.text("materials").to_owned();
        application.tags.clear();
        for tag in &vocabulary.tags {
            if fields.all("tag").any(|set| set == tag.id) {
                let values = fields.all(&format!("tag_{}", tag.id)).map(line).take(tag.fields.len()).collect();
                application.tags.push(TagSet { id: tag.id.clone(), values });
            }
        }
        if let Some(text) = go.strip_prefix("template-").and_then(|id| template(&vocabulary, id, cx.language)) {
            application.declaration = text;
        }
        // Another's organisation or work is not there; a membership may have ended since.
        let by = works.party(&me, application).await?;
        if let Some(work) = &application.work
            && works.find_work(&by, work).await?.is_none()
        {
            application.work = None;
        }
        let is_current = fields.text("version") == draft.version.to_string();
        if !is_current || !works.save(&me, &draft).await? {
            let newest = works.open_draft(&me, &id).await?;
            let draft = Opened { application: draft.application, ..newest };
            return show_about(&works, &me, &draft, None, true).await;
        }
        let mut draft = works.open_draft(&me, &id).await?;
        match go.as_str() {
            "back" => return Ok(cx.see(&format!("/protect/{id}"))),
            "keep" => return Ok(cx.see("/protect")),
            "person" => {
                draft.application.people.push(Somebody::default());
                return show_about(&works, &me, &draft, None, false).await;
            }
            go if go.starts_with("template-") => return show_about(&works, &me, &draft, None, false).await,
            _ => {}
        }
        let asks = draft.application.related(&cx.site.node, &by) == registry::evidence::Related::Unknown;
        let checked = match asks {
            true => Err(Fault::Field { field: "related", what: w.say("related-missing") }),
            false => draft.application.check_about(w, &vocabulary),
        };
        match checked {
            Err(fault @ Fault::Field { .. }) => show_about(&works, &me, &draft, Some(&fault), false).await,
            Err(other) => Err(other),
            Ok(()) => Ok(cx.see(&format!("/protect/{id}/confirm"))),
        }
    };
    cx.end(taken.await)
}

async fn show_confirm(
    works: &Works,
    me: &Me,
    draft: &Opened,
    fault: Option<&Fault>,
    is_overtaken: bool,
) -> Result<Response<Body>, Fault> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let vocabulary = works.evidence().vocabularies().now();
    // What is missing is shown where it is asked for.
    if let Err(Fault::Field { .. }) = draft.application.check_what(w, &vocabulary, draft.files) {
        return Ok(cx.see(&format!("/protect/{}", draft.id)));
    }
    if let Err(Fault::Field { .. }) = draft.application.check_about(w, &vocabulary) {
        return Ok(cx.see(&format!("/protect/{}/about", draft.id)));
    }
    let by = works.party(me, &draft.application).await?;
    let files: Vec<DraftFile> = works.files(me, &draft.id).await?.into_iter().map(|(_, file)| file).collect();
    let digests: Vec<String> = files.iter().take(COMPARED).map(|file| file.digest.clone()).collect();
    let earlier = works.evidence().earliest(&by, &digests).await?.map(|entry| {
        let title = entry.title.map(|title| title.title).unwrap_or_default();
        (entry.number.to_string(), title)
    });
    let lacks = works.lacking(me, &draft.application, &files).await?;
    let kind = vocabulary.kind(&draft.application.kind);
    let own = files.iter().filter(|file| !file.is_attached).count() as u64;
    let (count, each) = (draft.files, if draft.application.is_each { own } else { 0 });
    let wanted = wanted(&draft.application, &files);
    let at = (cx.now, cx.language);
    let quote = works.evidence().billing().quote(&by.owner.name(), &wanted, at).await?;
    let made = draft.application.draft(works.node(), &by, &vocabulary, Default::default(), files);
    let leaf = Leaf::of_draft(cx, &by, &made);
    let page = Confirm {
        c: Common::new(cx, draft, fault, is_overtaken),
        leaf: askama::Template::render(&leaf).map_err(Fault::broken)?,
        is_salted: made.mode == Mode::Salted,
        deposit: (made.mode == Mode::Deposit).then(|| works.deposit_note(cx)),
        lacks,
        each,
        count,
        earlier,
        asks: by.organisation.as_ref().filter(|one| one.asks).map(|one| one.profile.name.clone()),
        unready: !works.node().unready().is_empty(),
        cost: quote.map(|quote| Costs::new(w, &by, &quote)),
        is_patent: kind.is_some_and(|kind| kind.caution == Caution::Patent),
    };
    Ok(cx.page(&page))
}

/// `GET /protect/{id}/confirm`
async fn confirm(State(works): State<Works>, me: Me, Path(id): Path<String>) -> Response<Body> {
    let shown = async {
        match find(&works, &me, &id).await? {
            Found::Done(place) => Ok(me.cx.see(&place)),
            Found::Confirmed(draft) | Found::Draft(draft) => show_confirm(&works, &me, &draft, None, false).await,
        }
    };
    me.cx.end(shown.await)
}

/// `POST /protect/{id}/confirm`: makes the record. Nothing is stamped before.
async fn take_confirm(State(works): State<Works>, Path(id): Path<String>, Sent { me, fields }: Sent) -> Response<Body> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let taken = async {
        let draft = match find(&works, &me, &id).await? {
            Found::Done(place) => return Ok(cx.see(&place)),
            Found::Confirmed(draft) | Found::Draft(draft) => *draft,
        };
        // What was confirmed is what was shown: this version, and for this applicant.
        let stored = works.open_draft(&me, &id).await?;
        let is_same = stored.application == draft.application;
        if fields.text("version") != draft.version.to_string() || !is_same {
            return show_confirm(&works, &me, &draft, None, true).await;
        }
        let is_sure =
            fields.is_ticked("sure") && (draft.application.mode() != Mode::Salted || fields.is_ticked("salts"));
        if !is_sure {
            let fault = Fault::Field { field: "sure", what: w.say("sure-missing") };
            return show_confirm(&works, &me, &draft, Some(&fault), false).await;
        }
        // What cannot be paid is refused while it can still be changed; what was begun is gone on with.
        let agreed = fields.text("price").parse().unwrap_or(0);
        if !draft.is_confirmed
            && let Err(fault) = works.check_cost(&me, &draft, agreed).await
        {
            return refuse_cost(&works, &me, &draft, fault).await;
        }
        // From here on it does not change, so that what was begun can be gone on with.
        if !works.fix(&me, &draft).await? {
            return match find(&works, &me, &id).await? {
                Found::Done(place) => Ok(cx.see(&place)),
                Found::Confirmed(draft) | Found::Draft(draft) => show_confirm(&works, &me, &draft, None, true).await,
            };
        }
        match works.make(&me, &draft, agreed).await {
            Ok(entries) => {
                let first = entries.first().map(|entry| entry.number.to_string()).unwrap_or_default();
                works.settle(&me, &id, &first).await?;
                Ok(cx.see(&done_place(&draft.application, &first)))
            }
            Err(fault @ Fault::Field { .. }) => {
                works.loosen(&me, &id).await?;
                show_confirm(&works, &me, &draft, Some(&fault), false).await
            }
            // Spent meanwhile by somebody else. Of several records some may be there: those are gone on with.
            Err(fault @ Fault::Refused { .. }) => {
                if !draft.application.is_each {
                    works.loosen(&me, &id).await?;
                }
                let draft = works.open_draft(&me, &id).await?;
                refuse_cost(&works, &me, &draft, fault).await
            }
            // The applicant left the organisation in this moment: the draft is the person's again.
            Err(fault @ (Fault::NotFound | Fault::NotAllowed)) => {
                works.loosen(&me, &id).await?;
                Err(fault)
            }
            Err(other) => Err(other),
        }
    };
    cx.end(taken.await)
}

/// The page again, with why it cannot be paid; or with the new cost.
async fn refuse_cost(works: &Works, me: &Me, draft: &Opened, fault: Fault) -> Result<Response<Body>, Fault> {
    match fault {
        Fault::Refused { code: Code::PriceChanged, .. } => show_confirm(works, me, draft, None, true).await,
        Fault::Refused { code: Code::InsufficientBalance | Code::FreeUnitsUsed, what, remedy } => {
            let w = me.cx.words(&WORDS);
            let what = w.fill("cost-refused", &[("what", &what), ("remedy", &remedy)]);
            show_confirm(works, me, draft, Some(&Fault::Field { field: "cost", what }), false).await
        }
        other => Err(other),
    }
}

/// What is counted of an application, record by record.
fn wanted(application: &Application, files: &[DraftFile]) -> Vec<Wanted> {
    let bytes = |size: u64| if application.mode() == Mode::Deposit { size } else { 0 };
    let size_of = |files: &mut dyn Iterator<Item = &DraftFile>| files.map(|file| file.size).sum::<u64>();
    if !application.is_each {
        return vec![Wanted { units: files.len() as u64, bytes: bytes(size_of(&mut files.iter())) }];
    }
    let attached = files.iter().filter(|file| file.is_attached).count() as u64;
    let beside = size_of(&mut files.iter().filter(|file| file.is_attached));
    let own = files.iter().filter(|file| !file.is_attached);
    own.map(|file| Wanted { units: 1 + attached, bytes: bytes(file.size + beside) }).collect()
}

impl Works {
    /// Whether an application can be paid for, under the price list that was shown.
    async fn check_cost(&self, me: &Me, draft: &Opened, agreed: i64) -> Result<(), Fault> {
        let by = self.party(me, &draft.application).await?;
        let files: Vec<DraftFile> = self.files(me, &draft.id).await?.into_iter().map(|(_, file)| file).collect();
        let (wanted, at) = (wanted(&draft.application, &files), (me.cx.now, me.cx.language));
        self.evidence().billing().check(&by.owner.name(), &wanted, Some(agreed), at).await
    }

    /// Makes the record of a draft, or one for each of its files, at the prices that were agreed to.
    pub(super) async fn make(&self, me: &Me, draft: &Opened, agreed: i64) -> Result<Vec<Entry>, Fault> {
        let w = me.cx.words(&WORDS);
        let vocabulary = self.evidence().vocabularies().now();
        draft.application.check_what(w, &vocabulary, draft.files)?;
        draft.application.check_about(w, &vocabulary)?;
        let by = self.party(me, &draft.application).await?.agreeing(Some(agreed));
        let files: Vec<DraftFile> = self.files(me, &draft.id).await?.into_iter().map(|(_, file)| file).collect();
        let idem = format!("draft/{}", draft.id);
        let work = draft.application.work.clone().unwrap_or_else(|| Self::new_work(&by, &idem));
        self.hand_over(me, &draft.application, &files).await?;
        self.preserve(&by, &draft.application, (&idem, &work), files, w).await
    }

    /// The same for what came whole.
    pub(super) async fn preserve(
        &self,
        by: &Party,
        application: &Application,
        (idem, work): (&str, &str),
        files: Vec<DraftFile>,
        w: Words,
    ) -> Result<Vec<Entry>, Fault> {
        let vocabulary = self.evidence().vocabularies().now();
        let node = self.node();
        let field = |field: &'static str, what: String| Fault::Field { field, what };
        let content = application.content(&files);
        if !files.iter().any(|file| !file.is_attached) {
            return Err(field("files", w.say("files-missing")));
        }
        if files.len() > FILES_MAX {
            return Err(field("files", w.fill("files-many", &[("count", &FILES_MAX.to_string())])));
        }
        let all = application.draft(node, by, &vocabulary, (idem.to_owned(), content.clone(), work), files.clone());
        if !application.is_each {
            // Asked for again, it is the same record, whatever became of its originals since.
            if all.mode == Mode::Deposit && !self.evidence().is_made(by, &all).await? {
                self.check_originals(by, &files, w).await?;
            }
            let entry = self.evidence().preserve(by, &all).await?;
            self.attach(by, &entry).await;
            self.note_kept(by, &entry).await?;
            return Ok(vec![entry]);
        }
        self.evidence().check(by, &all).await?;
        let first = Draft { idem: format!("{idem}/0"), ..all.clone() };
        if !self.evidence().is_made(by, &first).await? {
            if all.mode == Mode::Deposit {
                self.check_originals(by, &files, w).await?;
            }
            // All of them, before the first is stamped.
            let (owner, at) = (by.owner.name(), (by.now, by.language));
            self.evidence().billing().check(&owner, &wanted(application, &files), by.agreed, at).await?;
        }
        let (attached, own): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.is_attached);
        if own.len() > EACH_MAX || attached.len() > ATTACHED_MAX {
            let counts = [("count", EACH_MAX.to_string()), ("attached", ATTACHED_MAX.to_string())];
            let counts = counts.each_ref().map(|(name, count)| (*name, count.as_str()));
            return Err(field("each", w.fill("each-many", &counts)));
        }
        let mut entries = Vec::with_capacity(own.len());
        let mut own = own.into_iter().enumerate().peekable();
        while own.peek().is_some() {
            let made: Vec<Draft> = own
                .by_ref()
                .take(AT_ONCE)
                .map(|(place, file)| {
                    let name = file.path.rsplit('/').next().unwrap_or_default();
                    let title = line(&format!("{} · {name}", application.title)).chars().take(200).collect();
                    let one = Application { title, ..application.clone() };
                    let files = std::iter::once(file).chain(attached.iter().cloned()).collect();
                    let key = (format!("{idem}/{place}"), content.clone(), work);
                    let mut draft = one.draft(node, by, &vocabulary, key, files);
                    draft.statements.push(("work".to_owned(), Said::Sealed(application.title.clone())));
                    draft
                })
                .collect();
            for entry in join_all(made.iter().map(|draft| self.evidence().preserve(by, draft))).await {
                let entry = entry?;
                self.attach(by, &entry).await;
                self.note_kept(by, &entry).await?;
                entries.push(entry);
            }
        }
        Ok(entries)
    }
}

/// `POST /protect/{id}/drop`
async fn drop_draft(State(works): State<Works>, Path(id): Path<String>, Sent { me, .. }: Sent) -> Response<Body> {
    let dropped = async {
        match works.drop_draft(&me, &id).await? {
            true => Ok(me.cx.see("/protect")),
            false => Err(Fault::NotFound),
        }
    };
    me.cx.end(dropped.await)
}
