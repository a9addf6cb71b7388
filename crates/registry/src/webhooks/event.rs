//! What happened: an event, written in the transaction that makes it happen.
//!
//! An event is thin: ids, numbers, digests, states, and where the API shows the rest to whoever has a key. It holds no
//! content and names nobody, so it may pass through whatever stands before a receiver. Rooms above say what happened;
//! this room knows no record, no original and no batch.

use crate::accounts::new_id;
use proof::der::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Row, StoreError, Tx};

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A record was kept.
    RecordKept,
    /// A record waits.
    RecordWaiting,
    /// A record was refused.
    RecordRefused,
    /// A batch is done.
    BatchDone,
    /// A copy of an original was found bad.
    HoldingDamaged,
    /// No copy of an original is good.
    HoldingLost,
    /// What was bad is good again.
    HoldingRepaired,
    /// A test.
    Ping,
}

impl Kind {
    /// Those that an endpoint can choose. A ping is sent where it is asked for.
    pub const CHOSEN: [Self; 7] = [
        Self::RecordKept,
        Self::RecordWaiting,
        Self::RecordRefused,
        Self::BatchDone,
        Self::HoldingDamaged,
        Self::HoldingLost,
        Self::HoldingRepaired,
    ];

    /// Its name for receivers and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RecordKept => "record.kept",
            Self::RecordWaiting => "record.waiting",
            Self::RecordRefused => "record.refused",
            Self::BatchDone => "batch.done",
            Self::HoldingDamaged => "holding.damaged",
            Self::HoldingLost => "holding.lost",
            Self::HoldingRepaired => "holding.repaired",
            Self::Ping => "ping",
        }
    }

    /// That of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::CHOSEN.into_iter().chain([Self::Ping]).find(|kind| kind.name() == name)
    }

    /// What it is called for people: a message of this room.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::RecordKept => "kind-record-kept",
            Self::RecordWaiting => "kind-record-waiting",
            Self::RecordRefused => "kind-record-refused",
            Self::BatchDone => "kind-batch-done",
            Self::HoldingDamaged => "kind-holding-damaged",
            Self::HoldingLost => "kind-holding-lost",
            Self::HoldingRepaired => "kind-holding-repaired",
            Self::Ping => "kind-ping",
        }
    }
}

/// What an event says of a record.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "RecordEventData", extend("x-zh" = "事件中关于记录的内容"))]
pub struct RecordData {
    /// The evidence number.
    #[schemars(extend("x-zh" = "证据编号"))]
    pub number: String,
    /// The SHA-256 of the record, in hexadecimal.
    #[schemars(extend("x-zh" = "记录的 SHA-256，十六进制"))]
    pub sha256: String,
    /// `kept`, `asked`, `waiting` or `declined`.
    #[schemars(extend("x-zh" = "kept、asked、waiting 或 declined"))]
    pub state: String,
    /// What it waits for: `approval` or `authority`; null where it does not wait.
    #[schemars(extend("x-zh" = "在等什么：approval（批准）或 authority（时间戳服务）；不在等待时为 null"))]
    pub waits_for: Option<String>,
    /// Where the API shows the record.
    #[schemars(extend("x-zh" = "记录在接口中的地址"))]
    pub record: String,
    /// Where the API gives its certificate, which is made when it is asked for; null where the record is not kept.
    #[schemars(extend("x-zh" = "证明在接口中的地址，取用时生成；记录未保存时为 null"))]
    pub certificate: Option<String>,
}

/// What an event says of a batch.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "BatchEventData", extend("x-zh" = "事件中关于批次的内容"))]
pub struct BatchData {
    /// Its id.
    #[schemars(extend("x-zh" = "编号"))]
    pub id: String,
    /// `done`, or `stopped` where whoever sent it may not apply any more.
    #[schemars(extend("x-zh" = "done，或提交者不能再申请时为 stopped"))]
    pub state: String,
    /// Its items.
    #[schemars(extend("x-zh" = "项数"))]
    pub items: u64,
    /// Items that are records now.
    #[schemars(extend("x-zh" = "已成为记录的项数"))]
    pub made: u64,
    /// Items that were refused.
    #[schemars(extend("x-zh" = "被拒绝的项数"))]
    pub failed: u64,
    /// Where the API shows the batch.
    #[schemars(extend("x-zh" = "批次在接口中的地址"))]
    pub batch: String,
}

/// What an event says of an original.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "HoldingEventData", extend("x-zh" = "事件中关于原件的内容"))]
pub struct HoldingData {
    /// Its id.
    #[schemars(extend("x-zh" = "编号"))]
    pub id: String,
    /// `damaged`, `missing` or `wrong` (of one copy), `lost` (of all), `mended` (one), `found` (again, after `lost`).
    #[schemars(extend("x-zh" = "damaged、missing、wrong（某一份副本）、lost（全部）、mended（某一份）、found（lost 之后重新找到）"))]
    pub finding: String,
    /// Where the API gives the original.
    #[schemars(extend("x-zh" = "原件在接口中的地址"))]
    pub holding: String,
}

/// What a test says.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "PingEventData", extend("x-zh" = "测试事件的内容"))]
pub struct PingData {
    /// The endpoint's id.
    #[schemars(extend("x-zh" = "接收端的编号"))]
    pub webhook: String,
}

/// What happened, with what is said of it.
#[derive(Clone, Debug)]
pub enum Happened {
    /// Something to a record.
    Record(Kind, RecordData),
    /// A batch is done.
    Batch(BatchData),
    /// Something to an original.
    Holding(Kind, HoldingData),
    /// A test was asked for.
    Ping(PingData),
}

impl Happened {
    fn kind(&self) -> Kind {
        match self {
            Self::Record(kind, _) | Self::Holding(kind, _) => *kind,
            Self::Batch(_) => Kind::BatchDone,
            Self::Ping(_) => Kind::Ping,
        }
    }

    fn data(&self) -> Value {
        let data = match self {
            Self::Record(_, data) => serde_json::to_value(data),
            Self::Batch(data) => serde_json::to_value(data),
            Self::Holding(_, data) => serde_json::to_value(data),
            Self::Ping(data) => serde_json::to_value(data),
        };
        data.unwrap_or_default()
    }
}

/// An event, as it is sent and as programs list it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-zh" = "事件"))]
pub struct Event {
    /// Its id, the same in each delivery: what was seen before can be left aside.
    #[schemars(extend("x-zh" = "编号，重发时不变，可据此去重"))]
    pub id: String,
    /// What kind of thing happened.
    #[serde(rename = "type")]
    #[schemars(extend("x-zh" = "类型"))]
    pub kind: String,
    /// When it happened.
    #[schemars(extend("x-zh" = "发生的时间"))]
    pub created: String,
    /// What is said of it, by its type: numbers, digests and addresses of the API.
    #[schemars(extend("x-zh" = "内容，因类型而异：编号、摘要与接口地址"))]
    pub data: Value,
}

/// Milliseconds since 1970.
pub(super) fn ms(time: Time) -> i64 {
    time.unix_s() * 1000 + i64::from(time.nanos() / 1_000_000)
}

/// Says that something happened to what is `person/ID`'s or `organisation/ID`'s, in the transaction in which it does.
///
/// # Errors
/// Where the database fails.
pub async fn tell(tx: &mut Tx, owner: &str, happened: &Happened, now: Time) -> Result<(), StoreError> {
    put(tx, owner, happened, None, now).await.map(drop)
}

/// Says so where it was not said under this name before.
///
/// # Errors
/// Where the database fails.
pub async fn tell_once(tx: &mut Tx, owner: &str, once: &str, happened: &Happened, now: Time) -> Result<(), StoreError> {
    put(tx, owner, happened, Some(once), now).await.map(drop)
}

/// Puts an event down; its id.
pub(super) async fn put(
    tx: &mut Tx,
    owner: &str,
    happened: &Happened,
    once: Option<&str>,
    now: Time,
) -> Result<String, StoreError> {
    let id = new_id().map_err(|error| StoreError::Broken(error.to_string()))?;
    let (id, kind) = (format!("evt_{id}"), happened.kind().name());
    let body =
        json!({ "id": id, "type": kind, "created": now.truncate_to_second().to_string(), "data": happened.data() });
    // A test has its delivery already.
    let is_spread = happened.kind() == Kind::Ping;
    let sql = "insert into webhook_event (id, owner, kind, body, once, made_ms, is_spread) \
               values ($1, $2, $3, $4, $5, $6, $7) on conflict (once) do nothing";
    let values = [
        id.as_str().into(),
        owner.into(),
        kind.into(),
        body.to_string().into(),
        once.into(),
        ms(now).into(),
        is_spread.into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(id)
}

/// An event, out of its body.
pub(super) fn read(row: &Row, column: usize) -> Result<Event, StoreError> {
    serde_json::from_str(row.text(column)?).map_err(|error| StoreError::Broken(format!("an event: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_read_back() {
        for kind in Kind::CHOSEN.into_iter().chain([Kind::Ping]) {
            assert_eq!(Kind::parse(kind.name()), Some(kind));
        }
        assert_eq!(Kind::parse("*"), None);
    }
}
