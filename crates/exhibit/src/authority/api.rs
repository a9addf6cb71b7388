//! What programs read of the public record: `GET /api/v1/authority`.

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use proof::x509::Certificate;
use registry::web::api::{Group, Operation, text};
use registry::web::{Cx, json};
use schemars::JsonSchema;
use serde::Serialize;
use trust::instance::{Held, log_id};

/// What a node says of itself.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("x-zh" = "节点对自己的说明"))]
struct Authority {
    /// Who runs it.
    #[schemars(extend("x-zh" = "由谁运营"))]
    operator: Operator,
    /// Whether it is for evaluation: its tokens prove nothing.
    #[schemars(extend("x-zh" = "是否试用：试用节点的令牌不作证明"))]
    evaluation: bool,
    /// The time by its clock.
    #[schemars(extend("x-zh" = "本节点时钟的时间", "format" = "date-time"))]
    time: String,
    /// Why it does not sign now; empty where it does.
    #[schemars(extend("x-zh" = "目前不能签署的原因；能签署时为空"))]
    unready: Vec<&'static str>,
    /// The policy of its tokens, an OID.
    #[schemars(extend("x-zh" = "令牌的策略，OID"))]
    policy: String,
    /// Its algorithms, the main one first.
    #[schemars(extend("x-zh" = "签名算法，首个为主"))]
    suites: Vec<&'static str>,
    /// What its documents are sealed with.
    #[schemars(extend("x-zh" = "文件签章所用的密钥"))]
    seal: Option<SealOf>,
    /// Its certificates.
    #[schemars(extend("x-zh" = "证书"))]
    certificates: Vec<OneCertificate>,
    /// Its revocation lists.
    #[schemars(extend("x-zh" = "吊销列表"))]
    revocation_lists: Vec<OneList>,
    /// Its clock; null where it is not watched.
    #[schemars(extend("x-zh" = "时钟；未受监测时为 null"))]
    clock: Option<Clock>,
    /// Its logs.
    #[schemars(extend("x-zh" = "日志"))]
    logs: Vec<OneLog>,
    /// The newest signed root of its log.
    #[schemars(extend("x-zh" = "日志最新的签名根"))]
    checkpoint: String,
    /// Who else stamps its log.
    #[schemars(extend("x-zh" = "为日志另行盖戳者"))]
    witnesses: Vec<String>,
    /// The SHA-256 of the offline verifier, /verify.html.
    #[schemars(extend("x-zh" = "离线核验程序 /verify.html 的 SHA-256", "pattern" = "^[0-9a-f]{64}$"))]
    verifier_sha256: String,
}

#[derive(Serialize, JsonSchema)]
struct Operator {
    /// The legal name.
    #[schemars(extend("x-zh" = "法定名称"))]
    name: String,
    /// The country, two letters.
    #[schemars(extend("x-zh" = "国家，两个字母"))]
    country: Option<String>,
    /// The number of its registration.
    #[schemars(extend("x-zh" = "登记号"))]
    registration: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Seal")]
struct SealOf {
    /// The SHA-256 of the certificate.
    #[schemars(extend("x-zh" = "证书的 SHA-256", "pattern" = "^[0-9a-f]{64}$"))]
    sha256: String,
    /// Where the chain is.
    #[schemars(extend("x-zh" = "证书链的地址"))]
    address: &'static str,
    /// Whether it seals now.
    #[schemars(extend("x-zh" = "目前能否签章"))]
    signs: bool,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Certificate")]
struct OneCertificate {
    /// What it is for.
    #[schemars(extend("x-zh" = "用途"))]
    role: &'static str,
    /// Its algorithm.
    #[schemars(extend("x-zh" = "算法"))]
    algorithm: &'static str,
    /// Its SHA-256.
    #[schemars(extend("x-zh" = "SHA-256", "pattern" = "^[0-9a-f]{64}$"))]
    sha256: String,
    /// Whose it is.
    #[schemars(extend("x-zh" = "主体"))]
    subject: Option<String>,
    /// From when it holds.
    #[schemars(extend("x-zh" = "生效时间", "format" = "date-time"))]
    not_before: Option<String>,
    /// Until when it holds.
    #[schemars(extend("x-zh" = "失效时间", "format" = "date-time"))]
    not_after: Option<String>,
    /// The certificate.
    #[schemars(extend("x-zh" = "证书"))]
    pem: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RevocationList")]
struct OneList {
    /// Where it is.
    #[schemars(extend("x-zh" = "地址"))]
    address: String,
    /// When the next one is due.
    #[schemars(extend("x-zh" = "下一份何时发布", "format" = "date-time"))]
    due: String,
}

#[derive(Serialize, JsonSchema)]
struct Clock {
    /// Whether it may sign by this clock now.
    #[schemars(extend("x-zh" = "目前能否据此签署"))]
    signs: bool,
    /// The clock less the sources, in nanoseconds.
    #[schemars(extend("x-zh" = "时钟与时间源之差，纳秒"))]
    offset_ns: Option<i64>,
    /// How uncertain that is, in nanoseconds.
    #[schemars(extend("x-zh" = "该差的不确定度，纳秒"))]
    error_ns: Option<i64>,
    /// The sources.
    #[schemars(extend("x-zh" = "时间源"))]
    sources: Vec<Source>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TimeSource")]
struct Source {
    /// What it is called.
    #[schemars(extend("x-zh" = "名称"))]
    name: String,
    /// Whether its answers are authenticated.
    #[schemars(extend("x-zh" = "应答是否经过认证"))]
    authenticated: bool,
    /// Whether it answered last time.
    #[schemars(extend("x-zh" = "上次是否应答"))]
    answered: bool,
    /// Its offset, in nanoseconds.
    #[schemars(extend("x-zh" = "偏差，纳秒"))]
    offset_ns: Option<i64>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Log")]
struct OneLog {
    /// What it is called in checkpoints.
    #[schemars(extend("x-zh" = "检查点中的名称"))]
    origin: String,
    /// Where its files are.
    #[schemars(extend("x-zh" = "文件的地址"))]
    address: String,
    /// The keys of its checkpoints.
    #[schemars(extend("x-zh" = "检查点的公钥"))]
    keys: Vec<String>,
}

/// What programs may read here.
pub(super) fn operations() -> Vec<Operation> {
    let summary =
        text("运营者、证书、策略、时钟、日志与检查点", "Operator, certificates, policy, clock, log and checkpoint");
    let about = text("本文档", "This document");
    vec![
        Operation::new("GET", "/api/v1/authority", "getAuthority", Group::Node, summary)
            .gives::<Authority>(200, text("公示的内容", "The public record")),
        Operation::new("GET", "/api/v1/openapi.json", "getOpenapi", Group::Node, about)
            .note(text("OpenAPI 3.1，语言随请求。", "OpenAPI 3.1, in the language of the request."))
            .gives::<serde_json::Map<String, serde_json::Value>>(200, text("文档", "The document")),
    ]
}

/// `GET /api/v1/authority`: the same for programs.
pub(super) async fn data(cx: Cx) -> Response<Body> {
    let node = &cx.site.node;
    let public = node.public();
    let instance = &public.instance;
    let certificate = |held: &Held| {
        let parsed = held.certificate().ok();
        let told = |read: fn(&Certificate) -> String| parsed.as_ref().map(read);
        OneCertificate {
            role: held.role.name(),
            algorithm: held.algorithm.name(),
            sha256: held.fingerprint(),
            subject: told(|c| c.subject.to_string()),
            not_before: told(|c| c.not_before.to_string()),
            not_after: told(|c| c.not_after.to_string()),
            pem: trust::instance::pem(&held.der),
        }
    };
    let clock = node.clock_status().map(|status| Clock {
        signs: status.told.is_ok(),
        offset_ns: status.measurement.map(|(off_ns, _)| off_ns),
        error_ns: status.measurement.map(|(_, error_ns)| error_ns),
        sources: status
            .sources
            .iter()
            .map(|s| Source {
                name: s.name.clone(),
                authenticated: s.authenticated,
                answered: s.last.is_ok(),
                offset_ns: s.last.as_ref().ok().map(|(off_ns, _)| *off_ns),
            })
            .collect(),
    });
    let body = Authority {
        operator: Operator {
            name: instance.operator.name.clone(),
            country: instance.operator.country.clone(),
            registration: instance.operator.registration.clone(),
        },
        evaluation: node.is_evaluation(),
        time: cx.now.to_string(),
        unready: node.unready(),
        policy: instance.policy().to_string(),
        suites: instance.suites.iter().map(|s| s.algorithm.name()).collect(),
        seal: instance.seal.as_ref().map(|chain| SealOf {
            sha256: chain.seal.fingerprint(),
            address: "/seal.pem",
            signs: node.seal().is_some(),
        }),
        certificates: instance.certificates.iter().map(certificate).collect(),
        revocation_lists: public
            .lists
            .iter()
            .map(|(id, list)| OneList { address: format!("/crl/{id}.crl"), due: list.due.to_string() })
            .collect(),
        clock,
        logs: instance
            .logs
            .iter()
            .map(|log| OneLog {
                origin: log.origin.clone(),
                address: format!("/log/{}/", log_id(log)),
                keys: log.keys.iter().map(ToString::to_string).collect(),
            })
            .collect(),
        checkpoint: node.tsa.ledger().checkpoint().to_string(),
        witnesses: node.witnesses().iter().map(|one| one.url.clone()).collect(),
        verifier_sha256: crate::verification::offline_digest().to_owned(),
    };
    cx.end(json(&body).map(|mut response| {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }))
}
