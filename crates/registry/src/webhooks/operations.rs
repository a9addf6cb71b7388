//! What programs may do with webhooks, and what this node sends them, for the document of the API.

use super::event::{BatchData, HoldingData, Kind, PingData, RecordData};
use super::model::{KEPT_S, State};
use super::view::{
    DeliveryDetail, DeliveryPage, EventPage, NewWebhook, Sent, ToldDelivery, Webhook, WebhookChange, WebhookList,
    WebhookSecret,
};
use crate::accounts::keys::Scopes;
use crate::web::api::{At, Group, Operation, Parameter, text};
use schemars::JsonSchema;
use serde_json::json;

/// What one answer gives.
pub(super) const PAGE_MAX: usize = 100;
pub(super) const PAGE: usize = 50;

const _: () = assert!(KEPT_S == 30 * 86_400, "the texts say 30 days");

/// The operations, and the events.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let of = |method, path, id, summary| Operation::new(method, path, id, Group::Webhooks, summary);
    let (read, write) = (Scopes::WebhooksRead.name(), Scopes::WebhooksWrite.name());
    let webhook = || Parameter::id(text("接收端的编号", "The webhook's id"));
    let delivery = || Parameter::id(text("投递的编号", "The delivery's id"));
    let states: Vec<&str> = State::ALL.iter().map(|state| state.name()).collect();
    let kinds: Vec<&str> = Kind::CHOSEN.iter().map(|kind| kind.name()).collect();
    let example = json!({ "url": "https://hooks.example/shiyin", "description": "Desk", "events": ["record.kept", "batch.done"] });
    let mut all = vec![
        of("GET", "/api/v1/webhooks", "listWebhooks", text("列出接收端", "Lists webhooks"))
            .note(text(
                "密钥代表的个人或组织的，至多 16 个；组织的须由其所有者办理。",
                "Of the key's person or organisation, 16 at most; those of an organisation are for its owners.",
            ))
            .key(read)
            .gives::<WebhookList>(200, text("接收端", "The webhooks")),
        of("POST", "/api/v1/webhooks", "createWebhook", text("添加接收端", "Adds a webhook"))
            .note(text(
                "此后发生的事件会签名后发往该地址（Standard Webhooks 1.0.0）。密钥仅在此次应答中给出。",
                "Events from now on are signed and sent to the address (Standard Webhooks 1.0.0). The secret is given in this \
                 answer and never again.",
            ))
            .key(write)
            .parameter(Parameter::idempotency_key())
            .takes::<NewWebhook>(example)
            .refuses(&[409])
            .gives::<WebhookSecret>(201, text("接收端与密钥", "The webhook and its secret"))
            .header("Location", text("接收端的地址", "The webhook's address")),
        of("GET", "/api/v1/webhooks/{id}", "getWebhook", text("查看接收端", "A webhook"))
            .key(read)
            .parameter(webhook())
            .gives::<Webhook>(200, text("接收端", "The webhook")),
        of("PATCH", "/api/v1/webhooks/{id}", "editWebhook", text("修改、停用或启用接收端", "Changes, disables or enables a webhook"))
            .note(text(
                "停用之后，等待中的投递即停止，可逐个重发。",
                "What waits for a webhook stops when it is disabled, and can be sent again one by one.",
            ))
            .key(write)
            .parameter(webhook())
            .takes::<WebhookChange>(json!({ "events": ["*"], "enabled": true }))
            .gives::<Webhook>(200, text("已修改", "It is changed")),
        of("DELETE", "/api/v1/webhooks/{id}", "deleteWebhook", text("删除接收端", "Removes a webhook"))
            .note(text("其投递记录一并删除；事件仍可列出。", "Its deliveries go with it; the events stay in their list."))
            .key(write)
            .parameter(webhook())
            .gives_nothing(204, text("已删除", "It is removed")),
        of("POST", "/api/v1/webhooks/{id}/secret", "rotateWebhookSecret", text("更换密钥", "Gives a webhook another secret"))
            .note(text(
                "24 小时内新旧密钥同时签名，webhook-signature 中以空格分隔。",
                "For 24 hours both secrets sign; webhook-signature then holds two signatures with a space between them.",
            ))
            .key(write)
            .parameter(webhook())
            .parameter(Parameter::idempotency_key())
            .refuses(&[409])
            .gives::<WebhookSecret>(200, text("接收端与新密钥", "The webhook and its new secret")),
        of("POST", "/api/v1/webhooks/{id}/ping", "pingWebhook", text("发送测试", "Sends a test"))
            .key(write)
            .parameter(webhook())
            .parameter(Parameter::idempotency_key())
            .refuses(&[409])
            .gives::<ToldDelivery>(202, text("已安排", "It is on its way")),
        of("GET", "/api/v1/webhooks/{id}/deliveries", "listDeliveries", text("列出投递", "Lists deliveries to a webhook"))
            .note(text("保留 30 天。", "They are kept for 30 days."))
            .key(read)
            .parameter(webhook())
            .parameter(Parameter::new("state", At::Query, json!({ "type": "string", "enum": states }), text("状态", "Where they stand")))
            .paged(PAGE_MAX, PAGE)
            .gives::<DeliveryPage>(200, text("一页", "A page")),
        of("GET", "/api/v1/deliveries/{id}", "getDelivery", text("查看一次投递", "A delivery, with what was sent and what came back"))
            .key(read)
            .parameter(delivery())
            .gives::<DeliveryDetail>(200, text("投递", "The delivery")),
        of("POST", "/api/v1/deliveries/{id}/replay", "replayDelivery", text("重发", "Sends a delivery again"))
            .note(text("webhook-id 不变，时间与签名是新的。", "With the same webhook-id; time and signature are new."))
            .key(write)
            .parameter(delivery())
            .parameter(Parameter::idempotency_key())
            .refuses(&[409])
            .gives::<ToldDelivery>(202, text("已安排", "It is on its way")),
        of("GET", "/api/v1/events", "listEvents", text("列出事件", "Lists events"))
            .note(text(
                "最近 30 天的，不论有无接收端；接收端停过的，可由此补齐。",
                "Of the last 30 days, whether or not there is a webhook; a receiver that was down catches up here.",
            ))
            .key(read)
            .parameter(Parameter::new("type", At::Query, json!({ "type": "string", "enum": kinds }), text("类型", "Of which type")))
            .paged(PAGE_MAX, PAGE)
            .gives::<EventPage>(200, text("一页", "A page")),
    ];
    all.extend(events());
    all
}

fn sent<T: JsonSchema>(operation: Operation, kind: Kind, data: serde_json::Value) -> Operation {
    let body = json!({ "id": "evt_LwAjWWFCt0cnJkzqUWzf", "type": kind.name(), "created": "2026-09-14T08:00:00Z", "data": data });
    let header = |name, says| Parameter::new(name, At::Header, json!({ "type": "string" }), says).needed();
    operation
        .takes::<Sent<T>>(body)
        .parameter(header("webhook-id", text("事件的编号，重发时不变", "The event's id, the same each time")))
        .parameter(header(
            "webhook-timestamp",
            text("本次尝试的时间，Unix 秒", "The time of this attempt, in Unix seconds"),
        ))
        .parameter(header(
            "webhook-signature",
            text(
                "一个或两个签名：v1, 与 id.timestamp.body 的 HMAC-SHA256 的 base64",
                "One or two signatures: v1, and the HMAC-SHA256 of id.timestamp.body in base64",
            ),
        ))
        .gives_nothing(200, text("任一 2xx 即为收到；无需内容", "Any status of 2xx takes it; no body is needed"))
}

/// What this node sends.
fn events() -> Vec<Operation> {
    let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0bbf1f2c7d37e3e1d1f0aa";
    let record = |state: &str, waits_for: Option<&str>| {
        let number = "SY-AB12-CD34-EF56-7";
        let certificate = (state == "kept").then(|| format!("/api/v1/records/{number}/certificate.pdf"));
        json!({
            "number": number, "sha256": digest, "state": state, "waits_for": waits_for,
            "record": format!("/api/v1/records/{number}"), "certificate": certificate,
        })
    };
    let holding = |finding: &str| json!({ "id": "hW3kq", "finding": finding, "holding": "/api/v1/holdings/hW3kq" });
    let of = |kind: Kind, id, summary| Operation::event(kind.name(), id, summary);
    let batch = json!({ "id": "bT7xn", "items": 3, "made": 2, "failed": 1, "batch": "/api/v1/batches/bT7xn" });
    vec![
        sent::<RecordData>(
            of(Kind::RecordKept, "onRecordKept", text("记录已保存", "A record was kept")),
            Kind::RecordKept,
            record("kept", None),
        ),
        sent::<RecordData>(
            of(
                Kind::RecordWaiting,
                "onRecordWaiting",
                text("记录在等待批准或时间戳", "A record waits for an approval or the authority"),
            ),
            Kind::RecordWaiting,
            record("asked", Some("approval")),
        ),
        sent::<RecordData>(
            of(Kind::RecordRefused, "onRecordRefused", text("记录未获批准", "A record was refused by its approver")),
            Kind::RecordRefused,
            record("declined", None),
        ),
        sent::<BatchData>(
            of(Kind::BatchDone, "onBatchDone", text("一批已办完", "A batch is done")),
            Kind::BatchDone,
            batch,
        ),
        sent::<HoldingData>(
            of(
                Kind::HoldingDamaged,
                "onHoldingDamaged",
                text("原件的一份副本已坏", "A copy of an original was found bad"),
            ),
            Kind::HoldingDamaged,
            holding("damaged"),
        ),
        sent::<HoldingData>(
            of(Kind::HoldingLost, "onHoldingLost", text("原件没有完好的副本", "No copy of an original is good")),
            Kind::HoldingLost,
            holding("lost"),
        ),
        sent::<HoldingData>(
            of(
                Kind::HoldingRepaired,
                "onHoldingRepaired",
                text("原件已修复", "What was bad of an original is good again"),
            ),
            Kind::HoldingRepaired,
            holding("mended"),
        ),
        sent::<PingData>(of(Kind::Ping, "onPing", text("测试", "A test")), Kind::Ping, json!({ "webhook": "wH9pd" })),
    ]
}
