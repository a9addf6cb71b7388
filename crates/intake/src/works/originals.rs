//! The originals of an application that deposits: what is here, what is on its way, what is missing
//! (ipr-04).
//!
//! Files are uploaded for the person who applies, or for the organisation where it was chosen already; what
//! the person uploaded changes hands when the application is confirmed. A draft is confirmed only when every
//! original is here.

use super::model::Application;
use super::store::Opened;
use super::{WORDS, Works};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::Response;
use axum::routing::get;
use proof::der::Time;
use proof_wasm::page;
use registry::accounts::Me;
use registry::evidence::{DraftFile, Entry, Mode, Party};
use registry::holdings::Lacking;
use registry::web::{Cx, Fault, Words, json};
use std::collections::HashMap;

/// Names that one sentence lists.
const NAMED: usize = 5;

pub(super) fn router() -> Router<Works> {
    Router::new().route("/protect/{id}/originals", get(originals))
}

/// What one sentence says of these files: the first names, and how many more.
fn names<'f>(files: impl Iterator<Item = &'f DraftFile> + Clone) -> String {
    let more = files.clone().count().saturating_sub(NAMED);
    let named: Vec<&str> = files.take(NAMED).map(|file| file.path.as_str()).collect();
    let more = if more > 0 { format!(" + {more}") } else { String::new() };
    named.join("; ") + &more
}

/// What is lacking, with its remedy.
fn said(w: Words, lacking: &Lacking, files: &[DraftFile]) -> Option<String> {
    let of = |places: &[usize]| names(places.iter().filter_map(|at| files.get(*at)));
    let count = |places: &[usize]| places.len().to_string();
    let Lacking { missing, bound } = lacking;
    match (missing.is_empty(), bound.is_empty()) {
        (false, _) => Some(w.fill("originals-missing", &[("count", &count(missing)), ("names", &of(missing))])),
        (_, false) => Some(w.fill("originals-bound", &[("count", &count(bound)), ("names", &of(bound))])),
        _ => None,
    }
}

impl Works {
    /// The person alone, where the application is for an organisation: what was uploaded before that was
    /// chosen is the person's.
    async fn uploader(&self, me: &Me, application: &Application) -> Result<Option<Party>, Fault> {
        match application.organisation {
            Some(_) => Party::of(me, &Self::owner(me, None), &[]).await.map(Some),
            None => Ok(None),
        }
    }

    /// What an application lacks of its originals; none where nothing, or where it deposits nothing.
    pub(super) async fn lacking(
        &self,
        me: &Me,
        application: &Application,
        files: &[DraftFile],
    ) -> Result<Option<String>, Fault> {
        if application.mode() != Mode::Deposit {
            return Ok(None);
        }
        let by = self.party(me, application).await?;
        let from = self.uploader(me, application).await?;
        let lacking = self.holdings().lacking(&by, from.as_ref(), files).await?;
        Ok(said(me.cx.words(&WORDS), &lacking, files))
    }

    /// The same for a stored draft.
    pub(super) async fn draft_lacks(&self, me: &Me, draft: &Opened) -> Result<Option<String>, Fault> {
        if draft.application.mode() != Mode::Deposit {
            return Ok(None);
        }
        let files: Vec<DraftFile> = self.files(me, &draft.id).await?.into_iter().map(|(_, file)| file).collect();
        self.lacking(me, &draft.application, &files).await
    }

    /// Hands over to the organisation that applies what the person uploaded for it.
    pub(super) async fn hand_over(&self, me: &Me, application: &Application, files: &[DraftFile]) -> Result<(), Fault> {
        let Some(from) = self.uploader(me, application).await?.filter(|_| application.mode() == Mode::Deposit) else {
            return Ok(());
        };
        let by = self.party(me, application).await?;
        match self.holdings().hand_over(&from, &by, files).await {
            // The application can be changed, and then goes on.
            Err(Fault::Refused { what, remedy, .. }) => {
                Err(Fault::Field { field: "files", what: format!("{what}\u{3000}{remedy}") })
            }
            other => other,
        }
    }

    /// Refuses an application that deposits where an original is not here.
    pub(super) async fn check_originals(&self, by: &Party, files: &[DraftFile], w: Words) -> Result<(), Fault> {
        if !self.holdings().is_offered() {
            return Err(Fault::Field { field: "mode", what: w.say("deposit-off") });
        }
        let lacking = self.holdings().lacking(by, None, files).await?;
        said(w, &lacking, files).map_or(Ok(()), |what| Err(Fault::Field { field: "files", what }))
    }

    /// Puts the originals beside a record that was just put down. What fails here is done by the job that
    /// the record left.
    pub(super) async fn attach(&self, by: &Party, entry: &Entry) {
        if let Err(error) = self.holdings().attach_all(by, entry).await {
            tracing::warn!(?error, record = %entry.number, "originals are attached later");
        }
    }

    /// What is said of depositing before anybody commits: copies, term, the largest file.
    pub(super) fn deposit_note(&self, cx: &Cx) -> String {
        let (w, settings) = (cx.words(&WORDS), self.holdings().settings());
        let until = match settings.until(cx.now) {
            Some(until) => w.fill("deposit-until", &[("day", &day(until))]),
            None => w.say("deposit-no-end"),
        };
        let copies = self.holdings().places().to_string();
        let values =
            [("copies", copies.as_str()), ("until", &until), ("largest", &page::size(settings.file_bytes_max))];
        w.fill("mode-deposit-note", &values)
    }
}

fn day(time: Time) -> String {
    time.to_string().chars().take(10).collect()
}

/// `GET /protect/{id}/originals`: which originals of a draft are not here, and how far their uploads came;
/// JSON, for the script that sends them. So a reload, another day and another device go on alike.
async fn originals(State(works): State<Works>, me: Me, Path(id): Path<String>) -> Response<Body> {
    let told = async {
        let draft = works.open_draft(&me, &id).await?;
        let files: Vec<DraftFile> = works.files(&me, &id).await?.into_iter().map(|(_, file)| file).collect();
        let application = &draft.application;
        let by = works.party(&me, application).await?;
        let from = works.uploader(&me, application).await?;
        let lacking = works.holdings().lacking(&by, from.as_ref(), &files).await?;
        let mut begun: HashMap<String, (String, u64)> = HashMap::new();
        for upload in works.holdings().uploads_of(&by, &id).await? {
            if upload.holding.is_none() && begun.get(&upload.about.digest).is_none_or(|one| one.1 <= upload.received) {
                begun.insert(upload.about.digest.clone(), (format!("/uploads/{}", upload.id), upload.received));
            }
        }
        let missing = lacking.missing.iter().chain(&lacking.bound).filter_map(|at| files.get(*at));
        let missing: Vec<_> = missing
            .map(|file| {
                let begun = begun.get(&file.digest);
                serde_json::json!({
                    "path": file.path, "digest": file.digest, "size": file.size,
                    "upload": begun.map(|one| &one.0), "received": begun.map_or(0, |one| one.1),
                })
            })
            .collect();
        json(&serde_json::json!({
            "count": files.len(), "missing": missing, "organisation": application.organisation,
        }))
    };
    match told.await {
        Ok(response) => response,
        Err(fault) => fault.answer_to_script(&me.cx),
    }
}
