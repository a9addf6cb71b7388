//! What is taken away of a record: the certificate and its code, by its owner or a program.

use super::{Certificates, WORDS};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Response};
use axum::routing::get;
use paper::Scan;
use registry::accounts::audit::Act;
use registry::accounts::keys::Scopes;
use registry::accounts::organisation::ANYONE;
use registry::accounts::{Me, Program};
use registry::evidence::{Party, State as Stands};
use registry::web::api::{At, Group, Operation, Parameter, text};
use registry::web::{Fault, download, download_part, get_alone};
use serde_json::json;

pub(super) fn router() -> Router<Certificates> {
    Router::new()
        .route("/records/{number}/certificate.pdf", get(certificate).head(get_alone))
        .route("/records/{number}/code.svg", get(svg))
        .route("/records/{number}/code.png", get(png))
        .route("/api/v1/records/{number}/certificate.pdf", get(for_program).head(get_alone))
}

/// `GET /records/{number}/certificate.pdf`
async fn certificate(
    State(room): State<Certificates>,
    me: Me,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let taken = async {
        let (by, _) = room.evidence().reader(&me, &number, ANYONE).await?;
        room.taken(&by, &number, &headers).await
    };
    me.cx.end(taken.await)
}

/// `GET /api/v1/records/{number}/certificate.pdf`
async fn for_program(
    State(room): State<Certificates>,
    program: Program,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let taken = async {
        program.may(Scopes::RecordsRead)?;
        let by = Party::of_program(&program, ANYONE).await?;
        room.taken(&by, &number, &headers).await
    };
    program.cx.end(taken.await)
}

pub(super) fn operations() -> Vec<Operation> {
    let summary = text("证明，PDF", "The certificate as PDF");
    vec![
        Operation::new("GET", "/api/v1/records/{number}/certificate.pdf", "getCertificate", Group::Records, summary)
            .note(text(
                "首次取得时签发：PDF/A-3，签章并盖时间戳；此后总是同一份。尚未盖戳的记录没有证明，应答 422。",
                "Issued when it is first asked for: PDF/A-3, sealed and stamped; ever after it is the same. A record that is not stamped \
                 yet has none, and the answer is 422.",
            ))
            .key(Scopes::RecordsRead.name())
            .parameter(Parameter::number())
            .parameter(Parameter::new(
                "Range",
                At::Header,
                json!({ "type": "string" }),
                text("取哪一段；ETag 不变则可续传", "Which part; while ETag is the same, what was cut goes on"),
            ))
            .refuses(&[416, 422])
            .gives_bytes(200, "application/pdf", text("证明", "The certificate"))
            .gives_bytes(206, "application/pdf", text("其中一段", "A part of it")),
    ]
}

impl Certificates {
    async fn taken(&self, by: &Party, number: &str, headers: &HeaderMap) -> Result<Response<Body>, Fault> {
        let kept = self.evidence().kept(by, number.parse().map_err(|_| Fault::NotFound)?).await?;
        let pdf = self.of(by, &kept).await?;
        self.evidence().note(by, &kept.entry, Act::Downloaded).await?;
        Ok(download_part(headers, &format!("{}.pdf", kept.entry.number), "application/pdf", pdf))
    }

    /// The code of a record, for who may see it.
    async fn code(&self, me: &Me, number: &str) -> Result<(String, Scan), Fault> {
        let (_, entry) = self.evidence().reader(me, number, ANYONE).await?;
        if entry.state != Stands::Kept {
            let what = me.cx.words(&WORDS).say("certificate-waits");
            return Err(Fault::Field { field: "record", what });
        }
        let address = format!("{}/v/{}", self.node().profile.url, entry.number);
        let scan = Scan::new(&address).map_err(|_| Fault::broken("the public address is too long for a code"))?;
        Ok((entry.number.to_string(), scan))
    }
}

/// `GET /records/{number}/code.svg`
async fn svg(State(room): State<Certificates>, me: Me, Path(number): Path<String>) -> Response<Body> {
    let made = room.code(&me, &number).await;
    me.cx.end(made.map(|(number, scan)| download(&format!("{number}.svg"), "image/svg+xml", scan.svg().into_bytes())))
}

/// `GET /records/{number}/code.png`
async fn png(State(room): State<Certificates>, me: Me, Path(number): Path<String>) -> Response<Body> {
    let made = room.code(&me, &number).await;
    me.cx.end(made.map(|(number, scan)| download(&format!("{number}.png"), "image/png", scan.png())))
}
