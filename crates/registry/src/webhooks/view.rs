//! What programs read and write of webhooks.

use super::Event;
use super::model::{Attempt, Choice, Delivery, Endpoint, State, Trouble, Why};
use proof::der::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

fn all() -> Vec<String> {
    vec![Choice::ALL.to_owned()]
}

fn yes() -> bool {
    true
}

/// A webhook to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-zh" = "要添加的接收端"))]
pub(super) struct NewWebhook {
    /// Where events are sent: `https`, port 443 or above 1023, a public host.
    #[schemars(length(min = 1, max = 2000), extend("x-zh" = "事件发往的地址：https，端口 443 或大于 1023，公开的主机"))]
    pub url: String,
    /// What it is called.
    #[serde(default)]
    #[schemars(length(max = 200), extend("x-zh" = "名称"))]
    pub description: String,
    /// Types of events, or `*` for all.
    #[serde(default = "all")]
    #[schemars(length(min = 1, max = 16), extend("x-zh" = "事件类型；* 为全部"))]
    pub events: Vec<String>,
    /// Whether it gets any.
    #[serde(default = "yes")]
    #[schemars(extend("x-zh" = "是否启用"))]
    pub enabled: bool,
}

/// What is to be changed of a webhook; what is left out stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-zh" = "要修改的内容；未给出的不变"))]
pub(super) struct WebhookChange {
    /// Where events are sent.
    #[serde(default)]
    #[schemars(length(min = 1, max = 2000), extend("x-zh" = "事件发往的地址"))]
    pub url: Option<String>,
    /// What it is called.
    #[serde(default)]
    #[schemars(length(max = 200), extend("x-zh" = "名称"))]
    pub description: Option<String>,
    /// Types of events, or `*` for all.
    #[serde(default)]
    #[schemars(length(min = 1, max = 16), extend("x-zh" = "事件类型；* 为全部"))]
    pub events: Option<Vec<String>>,
    /// Whether it gets any.
    #[serde(default)]
    #[schemars(extend("x-zh" = "是否启用"))]
    pub enabled: Option<bool>,
}

/// A webhook.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("x-zh" = "接收端"))]
pub(super) struct Webhook {
    /// Its id.
    #[schemars(extend("x-zh" = "编号"))]
    id: String,
    /// Where events are sent.
    #[schemars(extend("x-zh" = "事件发往的地址"))]
    url: String,
    /// What it is called.
    #[schemars(extend("x-zh" = "名称"))]
    description: String,
    /// Types of events, or `*` for all.
    #[schemars(extend("x-zh" = "事件类型；* 为全部"))]
    events: Vec<String>,
    /// Whether it gets any.
    #[schemars(extend("x-zh" = "是否启用"))]
    enabled: bool,
    /// `owner`, `gone` (it answered 410) or `failing` (nothing but failures for five days); null where it is enabled.
    #[schemars(extend("x-zh" = "停用的原因：owner（本人）、gone（应答 410）或 failing（连续五天失败）；启用时为 null"))]
    disabled_because: Option<String>,
    /// Since when it is there.
    #[schemars(extend("x-zh" = "添加的时间"))]
    created: String,
    /// Since when every attempt has failed; null where the last did not.
    #[schemars(extend("x-zh" = "从何时起每次都失败；最近一次成功时为 null"))]
    failing_since: Option<String>,
    /// Until when the secret before the last change signs too; null where it does not.
    #[schemars(extend("x-zh" = "旧密钥签名到何时；没有旧密钥时为 null"))]
    old_secret_until: Option<String>,
    /// Its address.
    #[schemars(extend("x-zh" = "接口地址"))]
    href: String,
    /// The address of its deliveries.
    #[schemars(extend("x-zh" = "投递记录的地址"))]
    deliveries: String,
}

/// A webhook with its secret, which is not shown again.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("x-zh" = "接收端与其密钥；密钥不再显示"))]
pub(super) struct WebhookSecret {
    /// The webhook.
    #[schemars(extend("x-zh" = "接收端"))]
    pub webhook: Webhook,
    /// What signs what is sent: `whsec_` and 32 bytes in base64.
    #[schemars(extend("x-zh" = "签名密钥：whsec_ 与 32 字节的 base64"))]
    pub secret: String,
}

/// Webhooks.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("x-zh" = "全部接收端"))]
pub(super) struct WebhookList {
    /// All of them, the oldest first.
    #[schemars(extend("x-zh" = "全部，按添加的先后"))]
    pub webhooks: Vec<Webhook>,
}

/// An event on its way to a webhook.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Delivery", extend("x-zh" = "一次投递"))]
pub(super) struct ToldDelivery {
    /// Its id.
    #[schemars(extend("x-zh" = "编号"))]
    id: String,
    /// The webhook's id.
    #[schemars(extend("x-zh" = "接收端的编号"))]
    webhook: String,
    /// The event's id, which is sent as `webhook-id`.
    #[schemars(extend("x-zh" = "事件的编号，即 webhook-id"))]
    event: String,
    /// The event's type.
    #[serde(rename = "type")]
    #[schemars(extend("x-zh" = "事件的类型"))]
    kind: String,
    /// `waiting`, `sending`, `delivered`, `failed` (given up) or `stopped` (the webhook was disabled before).
    #[schemars(extend("x-zh" = "waiting、sending、delivered、failed（已放弃）或 stopped（此前接收端已停用）"))]
    state: String,
    /// Attempts so far.
    #[schemars(extend("x-zh" = "已尝试的次数"))]
    attempts: u64,
    /// Since when it is there.
    #[schemars(extend("x-zh" = "开始的时间"))]
    created: String,
    /// When it is tried next; null where it is not.
    #[schemars(extend("x-zh" = "下次尝试的时间；不再尝试时为 null"))]
    next_attempt: Option<String>,
    /// The status of the last answer; null where there was none.
    #[schemars(extend("x-zh" = "最近一次应答的状态码；没有应答时为 null"))]
    last_status: Option<u16>,
    /// Why the last attempt failed: `name`, `closed`, `connect`, `tls`, `timeout`, `answer` or `status`; else null.
    #[schemars(extend("x-zh" = "最近一次失败的原因：name、closed、connect、tls、timeout、answer 或 status；否则为 null"))]
    last_trouble: Option<String>,
    /// When it was taken or given up; else null.
    #[schemars(extend("x-zh" = "送达或放弃的时间；否则为 null"))]
    ended: Option<String>,
    /// Its address.
    #[schemars(extend("x-zh" = "接口地址"))]
    href: String,
}

/// Deliveries.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("x-zh" = "一页投递记录"))]
pub(super) struct DeliveryPage {
    /// The newest first.
    #[schemars(extend("x-zh" = "新的在前"))]
    pub deliveries: Vec<ToldDelivery>,
    /// The cursor of the next page; null where there is none.
    #[schemars(extend("x-zh" = "下一页的游标；没有下一页时为 null"))]
    pub next: Option<String>,
}

/// One attempt of a delivery.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeliveryAttempt", extend("x-zh" = "一次尝试"))]
pub(super) struct ToldAttempt {
    /// Which, from 1.
    #[schemars(extend("x-zh" = "序号，从 1 起"))]
    number: u64,
    /// When it was made.
    #[schemars(extend("x-zh" = "时间"))]
    created: String,
    /// How long it took, in milliseconds.
    #[schemars(extend("x-zh" = "用时，毫秒"))]
    took_ms: u64,
    /// What was sent beside the body.
    #[schemars(extend("x-zh" = "发出的请求头"))]
    headers: BTreeMap<String, String>,
    /// The status of the answer; null where there was none.
    #[schemars(extend("x-zh" = "应答的状态码；没有应答时为 null"))]
    status: Option<u16>,
    /// Why it failed; null where it did not.
    #[schemars(extend("x-zh" = "失败的原因；成功时为 null"))]
    trouble: Option<String>,
    /// How the answer began, as text.
    #[schemars(extend("x-zh" = "应答的开头，文本"))]
    answer: String,
}

/// A delivery with what was sent and what came back.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("x-zh" = "一次投递及其收发的内容"))]
pub(super) struct DeliveryDetail {
    /// The delivery.
    #[schemars(extend("x-zh" = "投递"))]
    pub delivery: ToldDelivery,
    /// The body, as it is sent to the last byte.
    #[schemars(extend("x-zh" = "请求体，与发出的逐字节相同"))]
    pub body: String,
    /// The attempts, the newest first.
    #[schemars(extend("x-zh" = "各次尝试，新的在前"))]
    pub attempts: Vec<ToldAttempt>,
}

/// Events.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("x-zh" = "一页事件"))]
pub(super) struct EventPage {
    /// The newest first.
    #[schemars(extend("x-zh" = "新的在前"))]
    pub events: Vec<Event>,
    /// The cursor of the next page; null where there is none.
    #[schemars(extend("x-zh" = "下一页的游标；没有下一页时为 null"))]
    pub next: Option<String>,
}

/// An event of one type, as receivers take it.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "EventOf{T}", extend("x-zh" = "发给接收端的事件"))]
pub(super) struct Sent<T> {
    /// Its id, the same in each delivery.
    #[serde(rename = "id")]
    #[schemars(extend("x-zh" = "编号，每次投递都相同"))]
    _id: String,
    /// Its type.
    #[serde(rename = "type")]
    #[schemars(extend("x-zh" = "类型"))]
    _kind: String,
    /// When it happened.
    #[serde(rename = "created")]
    #[schemars(extend("x-zh" = "发生的时间"))]
    _created: String,
    /// What is said of it.
    #[serde(rename = "data")]
    #[schemars(extend("x-zh" = "内容"))]
    _data: T,
}

fn told(time: Option<Time>) -> Option<String> {
    time.map(|time| time.to_string())
}

impl Webhook {
    pub(super) fn of(endpoint: &Endpoint) -> Self {
        let href = format!("/api/v1/webhooks/{}", endpoint.id);
        Self {
            id: endpoint.id.clone(),
            url: endpoint.url.clone(),
            description: endpoint.description.clone(),
            events: endpoint.choice.names().into_iter().map(str::to_owned).collect(),
            enabled: endpoint.disabled.is_none(),
            disabled_because: endpoint.disabled.map(|why: Why| why.name().to_owned()),
            created: endpoint.made.to_string(),
            failing_since: told(endpoint.failing_since),
            old_secret_until: told(endpoint.old_until),
            deliveries: format!("{href}/deliveries"),
            href,
        }
    }
}

impl ToldDelivery {
    pub(super) fn of(delivery: &Delivery) -> Self {
        Self {
            id: delivery.id.clone(),
            webhook: delivery.endpoint.clone(),
            event: delivery.event.clone(),
            kind: delivery.kind.clone(),
            state: State::name(delivery.state).to_owned(),
            attempts: delivery.attempts,
            created: Time::from_unix(delivery.made_ms.div_euclid(1000)).to_string(),
            next_attempt: told(delivery.due),
            last_status: delivery.status,
            last_trouble: delivery.trouble.map(|trouble: Trouble| trouble.name().to_owned()),
            ended: told(delivery.ended),
            href: format!("/api/v1/deliveries/{}", delivery.id),
        }
    }
}

impl ToldAttempt {
    pub(super) fn of(attempt: Attempt) -> Self {
        Self {
            number: attempt.number,
            created: attempt.made.to_string(),
            took_ms: attempt.took_ms,
            headers: attempt.headers.into_iter().collect(),
            status: attempt.status,
            trouble: attempt.trouble.map(|trouble| trouble.name().to_owned()),
            answer: attempt.answer,
        }
    }
}
