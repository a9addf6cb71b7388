//! A signed report of a verification, for whoever asks: the node checks the same again from what is public
//! and from digests, and seals what it found (ver-02, ver-05, case-05).
//!
//! Each report costs two stamps, so strangers get so many in an hour. What was checked is never kept.

use super::findings::Findings;
use super::pages::laid;
use super::{NAMES, Numbers, WORDS};
use crate::sealed::sealed;
use crate::verification::desk;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{Request, State};
use axum::http::Response;
use axum::routing::post;
use proof::digest::DigestAlgorithm;
use proof::verify::token_der;
use proof_wasm::docket::Docket;
use registry::evidence::{Mode, State as Stands};
use registry::web::api::{Group, Operation, text};
use registry::web::{Cx, Fault, Fields, download, guard};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) fn router() -> Router<Numbers> {
    Router::new().route("/verify/report", post(of_form)).route("/api/v1/verify/report", post(of_docket))
}

/// `POST /verify/report`: the form without scripts, with a number and the digest of a file or none.
async fn of_form(State(room): State<Numbers>, cx: Cx, request: Request) -> Response<Body> {
    let fields = match Fields::of(request, &cx.site).await {
        Ok(fields) => fields,
        Err(fault) => return fault.answer(&cx),
    };
    let given = fields.text("digest");
    let plain: String = given.chars().filter(|c| !c.is_whitespace()).collect();
    let digest = if plain.contains(':') { plain } else { format!("SHA-256:{plain}") };
    let files = if given.is_empty() { Vec::new() } else { vec![vec![digest]] };
    let docket = Docket { number: Some(fields.text("number").to_owned()), token: None, files };
    let made = room.report(&cx, &docket).await;
    cx.end(made)
}

/// `POST /api/v1/verify/report`: for scripts and programs.
async fn of_docket(State(room): State<Numbers>, cx: Cx, body: Result<Bytes, BytesRejection>) -> Response<Body> {
    let Ok(body) = body else { return Fault::TooLarge(guard::BODY_BYTES_MAX).answer(&cx) };
    let made = match serde_json::from_slice::<ReportRequest>(&body) {
        Ok(ReportRequest { number, token, files }) => room.report(&cx, &Docket { number, token, files }).await,
        Err(error) => Err(Fault::Field { field: "body", what: error.to_string() }),
    };
    cx.end(made)
}

/// What the signed report is asked for with; [`Docket`] is its reading.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-zh" = "签章报告的对象"))]
struct ReportRequest {
    /// The evidence number of a record.
    #[serde(default)]
    #[schemars(extend("x-zh" = "记录的证据编号"))]
    number: Option<String>,
    /// Instead of the number: a token over a file, in hexadecimal.
    #[serde(default)]
    #[schemars(extend("x-zh" = "代替编号：某文件的令牌，十六进制"))]
    token: Option<String>,
    /// For each file its digests, such as `SHA-256:…`, one of each algorithm; a salted record takes none.
    #[serde(default)]
    #[schemars(extend("x-zh" = "每个文件的摘要，如 SHA-256:…，每种算法一个；加盐的记录不收"))]
    files: Vec<Vec<String>>,
}

pub(super) fn operations() -> Vec<Operation> {
    let summary = text("取得签章的核验报告", "A signed report of a verification");
    vec![
        Operation::new("POST", "/api/v1/verify/report", "signReport", Group::Verification, summary)
            .note(text(
                "给出记录的编号或某文件的令牌，可附文件的摘要。同一地址每小时至多 60 份。",
                "Of a record by its number, or of a token over a file, with digests of files or none. An address gets 60 in an hour.",
            ))
            .takes::<ReportRequest>(serde_json::json!({ "number": "SY-…" }))
            .command(
                "curl -X POST -OJ -H 'Content-Type: application/json' -d \"{\\\"number\\\":\\\"$NUMBER\\\"}\" \
                 \"$SHIYIN/api/v1/verify/report\"",
            )
            .refuses(&[404, 429])
            .gives_bytes(200, "application/pdf", text("报告，PDF", "The report as PDF")),
    ]
}

impl Numbers {
    async fn report(&self, cx: &Cx, docket: &Docket) -> Result<Response<Body>, Fault> {
        cx.count_check()?;
        let w = cx.words(&WORDS);
        let refused = |field, id: &str| Fault::Field { field, what: w.say(id) };
        let wrong = |field| match field {
            "number" => refused("number", "find-mistyped"),
            "token" => refused("token", "report-token-wrong"),
            other => refused(other, "report-files-wrong"),
        };
        let (number, token) = (docket.number().map_err(wrong)?, docket.token().map_err(wrong)?);
        // What is certainly refused costs nobody a turn.
        desk(self.node()).offer_hashed(&docket.files).map_err(wrong)?;
        let mut is_bare = false;
        let (name, files) = match (number, token) {
            (Some(number), None) => {
                let entry = self.evidence.entry_of(number).await?.filter(|entry| entry.state == Stands::Kept);
                let entry = entry.ok_or_else(|| refused("number", "find-unknown"))?;
                // Commitments are public: that somebody hands one in shows nothing.
                if entry.mode == Mode::Salted && !docket.files.is_empty() {
                    return Err(refused("files", "report-salted"));
                }
                self.evidence.accounts().count_document(cx).await?;
                let public = self.public(number, &NAMES, cx.now).await?.ok_or(Fault::NotFound)?;
                (number.to_string(), public.files)
            }
            (None, Some(token)) => {
                is_bare = token_der(&token).is_ok_and(|der| der.len() == token.len());
                self.evidence.accounts().count_document(cx).await?;
                ("token".to_owned(), vec![("token.tsr", token)])
            }
            _ => return Err(refused("number", "report-one")),
        };
        let node = self.node();
        let about = Findings {
            number,
            docket: docket.clone(),
            is_bare,
            operator: node.public().instance.operator.name.clone(),
            url: node.profile.url.clone(),
            anchors: crate::verification::anchors(node),
            is_evaluation: node.is_evaluation(),
            id: DigestAlgorithm::Sha256.digest(format!("{docket:?} {}", cx.enquiry).as_bytes()).to_string(),
        };
        let (desk, now) = (desk(node), cx.now);
        let made = node.check(move || {
            let mut desk = laid(desk, &files);
            // Looked at above.
            desk.offer_hashed(&about.docket.files).map_err(Fault::broken)?;
            about.document(&desk.judge(now), files)?.to_pdf().map_err(Fault::broken)
        });
        let pdf = made.await.map_err(Fault::Broken)??;
        let sealed = sealed(node, &pdf).await;
        let sealed = sealed.map_err(|why| why.fault("report", w.say("report-no-seal"), w.say("report-no-stamp")))?;
        Ok(download(&format!("{name}.verification.pdf"), "application/pdf", sealed))
    }
}
