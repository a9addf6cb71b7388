//! What programs ask about cost, and what providers tell.

use super::provider::Notice;
use super::{Billing, Charge, Quote, WORDS, Wanted};
use crate::accounts::Program;
use crate::accounts::keys::Scopes;
use crate::web::api::{At, Group, Operation, Parameter, text};
use crate::web::{Cx, Fault, json};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::routing::{get, post};
use schemars::JsonSchema;
use serde::Serialize;

/// The header that a program agrees to a price list with.
pub const PRICE_VERSION: &str = "price-version";
/// No notice is larger.
const NOTICE_BYTES_MAX: usize = 64 << 10;
/// What one question may ask about.
const UNITS_MAX: u64 = 10_000;
const BYTES_MAX: u64 = 1 << 50;
const RECORDS_MAX: u64 = 10_000;

pub(super) fn router() -> Router<Billing> {
    Router::new().route("/api/v1/quote", get(quote)).route("/billing/notices/{provider}", post(notice))
}

/// What a record cost, as programs are told: amounts in the smallest unit of the currency.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Charge", extend("x-zh" = "一条记录的费用，以货币的最小单位计"))]
pub struct ToldCharge {
    /// The currency (ISO 4217).
    #[schemars(extend("x-zh" = "货币（ISO 4217）"))]
    currency: String,
    /// Decimal places of the currency.
    #[schemars(extend("x-zh" = "货币的小数位数"))]
    exponent: u32,
    /// To be paid.
    #[schemars(extend("x-zh" = "应付金额"))]
    amount: i64,
    /// Files and texts.
    #[schemars(extend("x-zh" = "文件与文本的数目"))]
    units: i64,
    /// Those of them that were free.
    #[schemars(extend("x-zh" = "其中免费的数目"))]
    free_units: i64,
    /// Begun gigabytes of originals.
    #[schemars(extend("x-zh" = "原件的 GB 数，不足一 GB 按一 GB 计"))]
    gigabytes: i64,
    /// The version of the price list.
    #[schemars(extend("x-zh" = "价目的版本"))]
    price_version: i64,
    /// `held`, `charged`, `released` or `refunded`.
    #[schemars(extend("x-zh" = "held（冻结）、charged（已扣）、released（已释放）或 refunded（已退）"))]
    state: String,
}

impl Charge {
    /// For programs.
    #[must_use]
    pub fn told(&self) -> ToldCharge {
        ToldCharge {
            currency: self.currency.code().to_owned(),
            exponent: self.currency.exponent(),
            amount: self.cost.amount,
            units: self.cost.units,
            free_units: self.cost.free_units,
            gigabytes: self.cost.gigabytes,
            price_version: self.price,
            state: self.state.clone(),
        }
    }
}

/// What something would cost now. Where nothing costs anything, there is no currency to say that in.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Quote", extend("x-zh" = "现在的费用"))]
struct ToldQuote {
    /// Whether records cost nothing at this node.
    #[schemars(extend("x-zh" = "本节点是否不收费"))]
    free: bool,
    /// The cost; null where records cost nothing.
    #[schemars(extend("x-zh" = "费用；不收费时为 null"))]
    cost: Option<ToldCost>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Cost", extend("x-zh" = "费用，以货币的最小单位计"))]
struct ToldCost {
    /// The version of the price list, to be agreed to with the header Price-Version.
    #[schemars(extend("x-zh" = "价目的版本；以 Price-Version 请求头表示同意"))]
    price_version: i64,
    /// The currency (ISO 4217).
    #[schemars(extend("x-zh" = "货币（ISO 4217）"))]
    currency: String,
    /// Decimal places of the currency.
    #[schemars(extend("x-zh" = "货币的小数位数"))]
    exponent: u32,
    /// The price of a file or text.
    #[schemars(extend("x-zh" = "每个文件或文本的价格"))]
    unit_price: i64,
    /// The price of each begun gigabyte of originals.
    #[schemars(extend("x-zh" = "原件每 GB 的价格"))]
    gigabyte_price: i64,
    /// Files and texts.
    #[schemars(extend("x-zh" = "文件与文本的数目"))]
    units: i64,
    /// Those of them that are free.
    #[schemars(extend("x-zh" = "其中免费的数目"))]
    free_units: i64,
    /// Begun gigabytes of originals.
    #[schemars(extend("x-zh" = "原件的 GB 数，不足一 GB 按一 GB 计"))]
    gigabytes: i64,
    /// To be paid.
    #[schemars(extend("x-zh" = "应付金额"))]
    amount: i64,
    /// Free units left in this month, before this.
    #[schemars(extend("x-zh" = "此前本月剩余的免费数目"))]
    free_units_left: i64,
    /// What there is to spend.
    #[schemars(extend("x-zh" = "余额"))]
    balance: i64,
    /// How far below zero the balance may go.
    #[schemars(extend("x-zh" = "余额可低于零的额度"))]
    credit: i64,
    /// Whether it can be paid now.
    #[schemars(extend("x-zh" = "现在是否足以支付"))]
    enough: bool,
}

fn told(quote: &Quote) -> ToldCost {
    ToldCost {
        price_version: quote.list.version,
        currency: quote.list.currency.code().to_owned(),
        exponent: quote.list.currency.exponent(),
        unit_price: quote.list.unit,
        gigabyte_price: quote.list.gigabyte,
        units: quote.cost.units,
        free_units: quote.cost.free_units,
        gigabytes: quote.cost.gigabytes,
        amount: quote.cost.amount,
        free_units_left: quote.free_left,
        balance: quote.funds.balance,
        credit: quote.funds.credit,
        enough: quote.is_enough() && !quote.waits(),
    }
}

/// What programs may ask about cost.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let number = |name, least: u64, most: Option<u64>, usual: u64, says| {
        let mut schema = serde_json::json!({ "type": "integer", "minimum": least, "default": usual });
        if let Some(most) = most {
            schema["maximum"] = most.into();
        }
        Parameter::new(name, At::Query, schema, says)
    };
    let files = text("每条记录的文件与文本数", "Files and texts of each record");
    let bytes = text("每条记录存证的原件字节数", "Bytes of the originals that are deposited with each record");
    let quote =
        Operation::new("GET", "/api/v1/quote", "getQuote", Group::Account, text("询价", "Asks what it would cost"));
    vec![
        quote
            .note(text(
                "针对密钥代表的个人或组织。询价不冻结任何金额。",
                "For the key's person or organisation. Nothing is held by asking.",
            ))
            .key(Scopes::RecordsRead.name())
            .parameter(number("units", 0, Some(UNITS_MAX), 1, files).example(3))
            .parameter(number("bytes", 0, Some(BYTES_MAX), 0, bytes))
            .parameter(number("records", 0, Some(RECORDS_MAX), 1, text("记录数", "Records")))
            .gives::<ToldQuote>(200, text("费用", "The cost")),
    ]
}

/// `GET /api/v1/quote?units=3&bytes=0&records=1`: what that costs the key's person or organisation now.
/// `bytes` are those of originals that are deposited; of several records each has so many units and bytes.
async fn quote(State(billing): State<Billing>, program: Program) -> Response<Body> {
    let told = async {
        program.may(Scopes::RecordsRead)?;
        let (cx, w) = (&program.cx, program.cx.words(&WORDS));
        let number = |field: &'static str, usual: u64, most: u64| match cx.asked(field) {
            None => Ok(usual),
            Some(text) => {
                let read = text.parse().ok().filter(|number| *number <= most);
                read.ok_or_else(|| Fault::Field { field, what: w.say("number-wrong") })
            }
        };
        let wanted = Wanted { units: number("units", 1, UNITS_MAX)?, bytes: number("bytes", 0, BYTES_MAX)? };
        let records = number("records", 1, RECORDS_MAX)?;
        let owner = match &program.organisation {
            Some(id) => format!("organisation/{id}"),
            None => format!("person/{}", program.person.id),
        };
        let wanted = vec![wanted; usize::try_from(records).unwrap_or_default()];
        let quote = billing.quote(&owner, &wanted, (cx.now, cx.language)).await?;
        json(&ToldQuote { free: quote.is_none(), cost: quote.as_ref().map(told) })
    };
    program.cx.end(told.await)
}

/// The price list that a request agrees to, where it names one.
///
/// # Errors
/// A field fault where that is no number.
pub fn agreed(cx: &Cx, headers: &HeaderMap) -> Result<Option<i64>, Fault> {
    let Some(value) = headers.get(PRICE_VERSION) else { return Ok(None) };
    let version = value.to_str().ok().and_then(|text| text.parse().ok());
    let wrong = || Fault::Field { field: "price_version", what: cx.words(&WORDS).say("number-wrong") };
    version.map(Some).ok_or_else(wrong)
}

/// `POST /billing/notices/{provider}`: in the provider's own protocol. A notice is answered well only when
/// what it says is durable.
async fn notice(
    State(billing): State<Billing>,
    cx: Cx,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let Some(known) = billing.provider().filter(|known| known.name() == provider) else {
        return Fault::NotFound.answer(&cx);
    };
    if body.len() > NOTICE_BYTES_MAX {
        return Fault::TooLarge(NOTICE_BYTES_MAX).answer(&cx);
    }
    let told = match known.notified(&headers, &body, cx.now) {
        Ok(Notice::Payment(order, payment)) => billing.settle(&order, &payment, cx.now).await,
        Ok(Notice::Refund(refund, given)) => billing.settle_refund(&refund, &given, cx.now).await,
        Ok(Notice::Other) => Ok(()),
        Err(cause) => {
            tracing::warn!(cause, provider, enquiry = cx.enquiry, "a notice that is not taken");
            return answer(StatusCode::UNAUTHORIZED);
        }
    };
    match told {
        Ok(()) => answer(StatusCode::NO_CONTENT),
        Err(error) => {
            tracing::error!(%error, provider, enquiry = cx.enquiry, "a notice is not booked");
            answer(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

fn answer(status: StatusCode) -> Response<Body> {
    let body = match status.is_success() {
        true => Body::empty(),
        false => Body::from("{\"code\":\"FAIL\",\"message\":\"not taken\"}"),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
