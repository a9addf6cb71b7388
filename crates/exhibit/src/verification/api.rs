//! `POST /api/v1/verify`: a token against digests, for programs. The report is the one that
//! every other door gives.

use super::anchors;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::http::Response;
use base64ct::{Base64, Encoding as _};
use proof::crypto::RustCrypto;
use proof::digest::{Digest, DigestAlgorithm, from_hex};
use proof::pem;
use proof::report::{JsonReport, Language};
use proof::verify::{self, Context};
use registry::web::api::{Group, Operation, text};
use registry::web::{Cx, Fault, guard, json};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Digests, certificates or lists in one request.
const MANY: usize = 64;

/// What is asked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "VerifyRequest", extend("x-zh" = "要核验的令牌与依据"))]
pub(super) struct Request {
    /// The response or token, in base64.
    #[schemars(extend("x-zh" = "应答或令牌，base64"))]
    token: String,
    /// Digests of the content by the names of their algorithms, in hexadecimal.
    #[schemars(extend("x-zh" = "内容的摘要，按算法名称，十六进制"))]
    #[serde(default)]
    digests: BTreeMap<String, String>,
    /// Certificates to trust beside this node's own, PEM.
    #[schemars(extend("x-zh" = "除本节点的根之外另行信任的证书，PEM"))]
    #[serde(default)]
    trust: Vec<String>,
    /// Certificates for building paths, PEM.
    #[schemars(extend("x-zh" = "用于构建路径的证书，PEM"))]
    #[serde(default)]
    certificates: Vec<String>,
    /// Revocation lists or OCSP responses, in base64.
    #[schemars(extend("x-zh" = "吊销列表或 OCSP 应答，base64"))]
    #[serde(default)]
    lists: Vec<String>,
    /// `zh` or `en`; else as the headers ask.
    #[schemars(extend("x-zh" = "zh 或 en；不给则随请求头"))]
    language: Option<String>,
}

/// The report, whose type is of the floor that knows no schema; `e2e/test_api.py` holds both together.
struct Report;

impl JsonSchema for Report {
    fn schema_name() -> Cow<'static, str> {
        "Report".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let both = |en: &str, zh: &str, mut schema: serde_json::Value| {
            schema["description"] = en.into();
            schema["x-zh"] = zh.into();
            schema
        };
        let word = || serde_json::json!({ "type": "string" });
        let maybe = || serde_json::json!({ "type": ["string", "null"] });
        let verdict =
            serde_json::json!({ "type": "string", "enum": ["valid", "unconfirmed", "incomplete", "invalid"] });
        json_schema!({
            "type": "object",
            "description": "What was found, as `shiyin verify --json` and the page say it.",
            "x-zh": "核验的结论与依据，与 shiyin verify --json 及网页相同",
            "required": ["verdict", "findings", "facts"],
            "properties": {
                "verdict": both("The verdict.", "结论", verdict),
                "findings": both("What was found, one by one.", "逐项发现", serde_json::json!({
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["code", "severity", "fault", "section", "sentence", "remedy"],
                        "properties": {
                            "code": both("What programs know it by.", "供程序识别的代码", word()),
                            "severity": both("How much it weighs.", "轻重", word()),
                            "fault": both("Whom it concerns.", "涉及哪一方", word()),
                            "section": both("The section of the standard.", "标准的条款", word()),
                            "sentence": both("What it says.", "说明", word()),
                            "remedy": both("What to do, where there is something.", "如何处理", maybe()),
                        },
                    },
                })),
                "facts": both("What the token says; null where it cannot be read.", "令牌所述；无法读取时为 null", serde_json::json!({
                    "type": ["object", "null"],
                    "required": ["time", "policy", "serial", "imprint_algorithm", "imprint", "path"],
                    "properties": {
                        "time": both("The time that the authority states.", "时间戳机构所述的时间", word()),
                        "accuracy": both("How exact it says that is.", "所述的准确度", maybe()),
                        "policy": both("The policy, an OID.", "策略，OID", word()),
                        "serial": both("The serial number.", "序列号", word()),
                        "imprint_algorithm": both("The algorithm of the digest.", "摘要算法", word()),
                        "imprint": both("The digest that was stamped.", "所盖的摘要", word()),
                        "signer": both("Who signed.", "签署者", maybe()),
                        "path": both("The path to the root.", "到根的路径", serde_json::json!({ "type": "array", "items": { "type": "string" } })),
                        "authority_sha256": both("The SHA-256 of the root.", "根证书的 SHA-256", maybe()),
                        "token_digest": both("The digest by which the log knows the token.", "日志中的令牌摘要", maybe()),
                        "log": both("Its place in the log.", "在日志中的位置", serde_json::json!({ "type": ["object", "null"] })),
                        "independent": both("The earliest independent time.", "最早的独立时间", serde_json::json!({ "type": ["object", "null"] })),
                    },
                })),
            },
        })
    }
}

pub(super) fn operations() -> Vec<Operation> {
    let summary = text("核验令牌", "Verifies a token");
    vec![
        Operation::new("POST", "/api/v1/verify", "verify", Group::Verification, summary)
            .note(text(
                "核对令牌与摘要，不传文件。除 token 外均可省略；同一地址每秒至多 30 次。令牌读不出来也是一种结论，而非拒绝。",
                "A token against digests; no file is sent. All but token may be left out; an address gets 30 in a second. \
                 That a token cannot be read is a finding and no refusal.",
            ))
            .takes::<Request>(serde_json::json!({ "token": "MIIB…", "digests": { "SHA-256": "ab".repeat(32) } }))
            .command(
                "printf '{\"token\":\"%s\",\"digests\":{\"SHA-256\":\"%s\"}}' \\\n  \"$(base64 -w0 record.tsr)\" \
                 \"$(sha256sum record.json | cut -c1-64)\" |\n  curl -H 'Content-Type: application/json' -d @- \
                 \"$SHIYIN/api/v1/verify\"",
            )
            .refuses(&[429])
            .gives::<Report>(200, text("报告", "The report")),
    ]
}

pub(super) async fn verify(cx: Cx, body: Result<Bytes, BytesRejection>) -> Response<Body> {
    if let Err(fault) = cx.count_check() {
        return fault.answer(&cx);
    }
    let Ok(body) = body else { return Fault::TooLarge(guard::BODY_BYTES_MAX).answer(&cx) };
    let request: Request = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => return Fault::Field { field: "body", what: error.to_string() }.answer(&cx),
    };
    let job = cx.clone();
    match cx.site.node.check(move || report(&job, &request)).await {
        Ok(Ok(report)) => cx.end(json(&report)),
        Ok(Err(field)) => {
            let what = format!("{field}: base64, hexadecimal under a known algorithm, or PEM; {MANY} at most");
            Fault::Field { field, what }.answer(&cx)
        }
        Err(cause) => Fault::Broken(cause).answer(&cx),
    }
}

/// The report, or the name of the field that cannot be used.
fn report(cx: &Cx, request: &Request) -> Result<JsonReport, &'static str> {
    let base64 = |text: &String| Base64::decode_vec(text.trim()).ok();
    let token = base64(&request.token).ok_or("token")?;
    let is_many = |count: usize| count > MANY;
    let digest = |(name, value): (&String, &String)| {
        let algorithm = DigestAlgorithm::ALL.into_iter().find(|a| a.name().eq_ignore_ascii_case(name))?;
        Digest::new(algorithm, &from_hex(&value.to_lowercase())?)
    };
    if is_many(request.digests.len()) {
        return Err("digests");
    }
    let content: Vec<Digest> = request.digests.iter().map(digest).collect::<Option<_>>().ok_or("digests")?;
    let certificates = |texts: &[String]| -> Option<Vec<Vec<u8>>> {
        let found: Vec<_> = texts.iter().map(|text| pem::blocks(text.as_bytes(), "CERTIFICATE")).collect();
        let is_read = found.iter().all(|ders| !ders.is_empty());
        let all: Vec<Vec<u8>> = found.into_iter().flatten().collect();
        (is_read && !is_many(all.len())).then_some(all)
    };
    let mut trusted = anchors(&cx.site.node);
    trusted.extend(certificates(&request.trust).ok_or("trust")?);
    let further = certificates(&request.certificates).ok_or("certificates")?;
    let given: Option<Vec<Vec<u8>>> = request.lists.iter().map(base64).collect();
    let mut lists = given.filter(|lists| !is_many(lists.len())).ok_or("lists")?;
    lists.extend(cx.site.node.public().lists.iter().map(|(_, list)| list.der.clone()));
    let language = match request.language.as_deref() {
        None => cx.language,
        Some("zh") => Language::Zh,
        Some("en") => Language::En,
        Some(_) => return Err("language"),
    };
    let context = Context {
        content: &content,
        anchors: &trusted,
        certificates: &further,
        crls: &lists,
        ..Context::new(&RustCrypto, cx.now)
    };
    Ok(JsonReport::new(&verify::verify(&token, &context), language))
}
