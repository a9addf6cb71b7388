//! What a program does to be signed in: `/api/v1/device`, and what it does to be signed out again.

use super::{Accounts, INTERVAL_S, LIFE_S, NotYet};
use crate::accounts::keys::{Program, Scopes};
use crate::accounts::{WORDS, keys};
use crate::web::api::{Group, Operation, text};
use crate::web::{Code, Cx, Fault, json};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::Response;
use axum::routing::{delete, post};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// No program has more to say.
const BODY_BYTES_MAX: usize = 4 << 10;
const LABEL_CHARS_MAX: usize = 60;
const HOST_CHARS_MAX: usize = 100;

pub(super) fn router() -> Router<Accounts> {
    Router::new()
        .route("/api/v1/device", post(begin))
        .route("/api/v1/device/token", post(fetch))
        .route("/api/v1/account/key", delete(end))
}

/// What programs do to be signed in and out.
pub(in crate::accounts::keys) fn operations() -> Vec<Operation> {
    let of = |method, path, id, summary| Operation::new(method, path, id, Group::Account, summary);
    vec![
        of("POST", "/api/v1/device", "beginDevice", text("请求登录一个程序", "Asks to sign a program in"))
            .note(text(
                "RFC 8628 的设备流程。请让本人打开 verification_uri，核对 user_code 并允许；同时按 interval 的间隔取密钥。十分钟内有效。",
                "The device flow of RFC 8628. Have the person open verification_uri, compare user_code and allow it; \
                 meanwhile ask for the key, no more often than interval says. It holds for ten minutes.",
            ))
            .takes::<Beginning>(serde_json::json!({ "label": "camera", "host": "studio-7", "scopes": ["records:write"] }))
            .gives::<Begun>(200, text("已开始", "It has begun")),
        of("POST", "/api/v1/device/token", "fetchDeviceKey", text("取得密钥", "Fetches the key"))
            .note(text(
                "本人允许之后，密钥只交付一次。此前的应答为 400，code 为 authorization_pending、slow_down、access_denied 或 expired_token。",
                "Once it was allowed, the key is given once. Until then the answer is 400, with the code authorization_pending, \
                 slow_down, access_denied or expired_token.",
            ))
            .takes::<Fetching>(serde_json::json!({ "device_code": "…" }))
            .refuses(&[400])
            .gives::<Key>(200, text("密钥", "The key")),
        of("DELETE", "/api/v1/account/key", "endKey", text("停用本密钥", "Ends the key itself"))
            .note(text("此后该密钥不再有效。任何密钥都可以停用自己。", "The key is worth nothing afterwards. Every key may end itself."))
            .any_key()
            .gives::<Ended>(200, text("已停用", "It has ended")),
    ]
}

/// What a program says of itself.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DeviceRequest", extend("x-zh" = "程序对自己的说明"))]
struct Beginning {
    /// What the key is to be called.
    #[schemars(extend("x-zh" = "密钥的名称", "minLength" = 1, "maxLength" = 60))]
    label: String,
    /// The host that it runs on.
    #[serde(default)]
    #[schemars(extend("x-zh" = "程序所在的主机", "maxLength" = 100))]
    host: String,
    /// What it wants to do.
    #[schemars(extend("x-zh" = "所需的权限", "minItems" = 1))]
    scopes: Vec<String>,
}

/// An answer that is waited for.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Device", extend("x-zh" = "等待本人允许"))]
struct Begun {
    /// What the key is asked for with; a secret of the program.
    #[schemars(extend("x-zh" = "取密钥的凭据，只属于该程序"))]
    device_code: String,
    /// What the person compares.
    #[schemars(extend("x-zh" = "供本人核对的代码"))]
    user_code: String,
    /// What the person opens.
    #[schemars(extend("x-zh" = "请本人打开的地址"))]
    verification_uri: String,
    /// Seconds for which it holds.
    #[schemars(extend("x-zh" = "有效的秒数"))]
    expires_in: i64,
    /// Seconds between two questions.
    #[schemars(extend("x-zh" = "两次询问之间的秒数"))]
    interval: i64,
}

/// A program's question for its key.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DeviceQuestion", extend("x-zh" = "询问密钥"))]
struct Fetching {
    /// From the answer to the request.
    #[schemars(extend("x-zh" = "请求时得到的凭据", "minLength" = 1))]
    device_code: String,
}

/// A key, told once.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeviceKey", extend("x-zh" = "密钥，仅告知一次"))]
struct Key {
    /// The key.
    #[schemars(extend("x-zh" = "密钥"))]
    key: String,
    /// Its id, which opens nothing.
    #[schemars(extend("x-zh" = "密钥的编号"))]
    id: String,
    /// What it is called.
    #[schemars(extend("x-zh" = "密钥的名称"))]
    label: String,
    /// What it may do.
    #[schemars(extend("x-zh" = "密钥的权限"))]
    scopes: Vec<String>,
    /// Within which organisation; null where in none.
    #[schemars(extend("x-zh" = "所属组织；不属于组织时为 null"))]
    organisation: Option<String>,
    /// Until when it holds.
    #[schemars(extend("x-zh" = "有效期至", "format" = "date-time"))]
    until: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EndedKey", extend("x-zh" = "已停用的密钥"))]
struct Ended {
    /// Its id.
    #[schemars(extend("x-zh" = "密钥的编号"))]
    ended: String,
}

fn read<'b, T: Deserialize<'b>>(body: &'b Bytes) -> Result<T, Fault> {
    if body.len() > BODY_BYTES_MAX {
        return Err(Fault::TooLarge(BODY_BYTES_MAX));
    }
    serde_json::from_slice(body).map_err(|_| Fault::Form)
}

/// Text that shows as it is: nothing in it moves or turns the line.
fn is_plain(text: &str, chars_max: usize) -> bool {
    let is_odd = |c: char| {
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().count() <= chars_max && !text.contains(is_odd)
}

/// `POST /api/v1/device`
async fn begin(State(accounts): State<Accounts>, cx: Cx, body: Bytes) -> Response<Body> {
    let begun = async {
        let w = cx.words(&WORDS);
        let field = |field: &'static str, id: &str| Fault::Field { field, what: w.say(id) };
        let asked: Beginning = read(&body)?;
        let (label, host) = (asked.label.trim(), asked.host.trim());
        if label.is_empty() || !is_plain(label, LABEL_CHARS_MAX) {
            return Err(field("label", "key-label-wrong"));
        }
        if !is_plain(host, HOST_CHARS_MAX) {
            return Err(field("host", "device-host-wrong"));
        }
        let known = |name: &String| Scopes::ALL.iter().any(|scope| scope.name() == name);
        if asked.scopes.is_empty() || !asked.scopes.iter().all(known) {
            return Err(field("scopes", "device-scopes-wrong"));
        }
        let scopes = keys::scopes_of(&asked.scopes.join(" "));
        let names: Vec<&str> = Scopes::ALL.iter().filter(|s| scopes.contains(s)).map(|s| s.name()).collect();
        let begun = accounts.begin_device(&cx, label, host, &names.join(" ")).await?;
        json(&Begun {
            device_code: begun.secret,
            user_code: begun.code,
            verification_uri: format!("{}{}", cx.site.node.profile.url, super::pages::PLACE),
            expires_in: LIFE_S,
            interval: INTERVAL_S,
        })
    };
    cx.end(begun.await)
}

/// `POST /api/v1/device/token`: the key, once it was allowed.
async fn fetch(State(accounts): State<Accounts>, cx: Cx, body: Bytes) -> Response<Body> {
    let fetched = async {
        let fetching: Fetching = read(&body)?;
        let given = accounts.fetch_device(&cx, &fetching.device_code).await?.map_err(|why| refusal(&cx, why))?;
        json(&Key {
            key: given.secret,
            id: given.id,
            label: given.label,
            scopes: given.scopes.iter().map(|scope| scope.name().to_owned()).collect(),
            organisation: given.organisation,
            until: given.due.to_string(),
        })
    };
    cx.end(fetched.await)
}

/// The names of RFC 8628 section 3.5, in this house's dress.
fn refusal(cx: &Cx, why: NotYet) -> Fault {
    let w = cx.words(&WORDS);
    let (code, what, remedy) = match why {
        NotYet::Pending => (Code::AuthorizationPending, w.say("device-pending"), w.say("device-pending-do")),
        NotYet::SlowDown => (Code::SlowDown, w.say("device-slow"), w.say("device-slow-do")),
        NotYet::Denied => (Code::AccessDenied, w.say("device-denied"), w.say("device-denied-do")),
        NotYet::Expired => (Code::ExpiredToken, w.say("device-expired"), w.say("device-expired-do")),
    };
    Fault::Refused { code, what, remedy }
}

/// `DELETE /api/v1/account/key`: the program ends its own key.
async fn end(program: Program) -> Response<Body> {
    let ended = async {
        let (person, id) = (&program.person.id, program.id.clone());
        let actor = format!("key/{id}");
        let was = program.accounts.end_key(person, &actor, &id, program.cx.now).await?;
        if was { json(&Ended { ended: id }) } else { Err(Fault::NotFound) }
    };
    program.cx.end(ended.await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_says_of_itself_cannot_turn_the_line() {
        assert!(is_plain("build-7 青屿", 60) && is_plain("", 1));
        for wrong in ["a\nb", "a\u{202e}b", "a\u{2028}b", "a\u{200b}b", "xx"] {
            assert!(!is_plain(wrong, 1) && (wrong == "xx" || !is_plain(wrong, 60)), "{wrong:?}");
        }
    }
}
