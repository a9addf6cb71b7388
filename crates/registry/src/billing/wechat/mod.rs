//! WeChat Pay, API v3, Native payments: an order gives a code that the payer scans (docs/conformance/wechat-pay.md).
//!
//! Requests are signed with the merchant's key (SHA-256 with RSA), answers and notices with the platform's,
//! which is pinned; notices are sealed with AES-256-GCM under a key that only the two have. Amounts are
//! whole fen. Only the configured address is spoken to.

mod message;

use super::money::Currency;
use super::provider::{NewPayment, NewRefund, Notice, Payment, Provider, Refund};
use axum::http::HeaderMap;
use message::Signer;
use proof::der::Time;
use serde::Deserialize;
use serde_json::json;
use std::io::Read as _;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(15);
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// How the provider is reached, and the keys.
pub struct Settings {
    /// `https://api.mch.weixin.qq.com`, or `http` on this host.
    pub url: String,
    /// The app or official account that the merchant is bound to.
    pub app: String,
    /// The merchant's number.
    pub merchant: String,
    /// The serial number of the merchant's certificate.
    pub serial: String,
    /// The merchant's private key: PKCS #8 in PEM.
    pub key: String,
    /// The id of the platform's public key, `PUB_KEY_ID_…`.
    pub platform: String,
    /// The platform's public key in PEM.
    pub platform_key: String,
    /// The APIv3 key: 32 characters.
    pub secret: Vec<u8>,
    /// Where the provider sends notices: a public `https` address of this node.
    pub notify: String,
}

/// Without the keys.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "wechat::Settings(merchant {} at {})", self.merchant, self.url)
    }
}

/// The provider.
pub struct WechatPay {
    settings: Settings,
    signer: Signer,
    agent: ureq::Agent,
}

#[derive(Deserialize)]
struct Begun {
    code_url: String,
}

#[derive(Deserialize)]
struct Amount {
    total: i64,
    #[serde(default)]
    currency: String,
}

/// A transaction, as it is answered and as it stands in a notice.
#[derive(Deserialize)]
struct Transaction {
    #[serde(default)]
    appid: String,
    mchid: String,
    out_trade_no: String,
    trade_state: String,
    #[serde(default)]
    transaction_id: String,
    amount: Option<Amount>,
}

#[derive(Deserialize)]
struct Given {
    out_refund_no: String,
    #[serde(default)]
    refund_id: String,
    #[serde(default, alias = "refund_status")]
    status: String,
    /// Named in notices only.
    #[serde(default)]
    mchid: Option<String>,
}

#[derive(Deserialize, Default)]
struct Wrong {
    #[serde(default)]
    code: String,
}

/// An answer that is signed, or the code of a refusal.
enum Answer {
    Good(Vec<u8>),
    Refused(u16, String),
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|_| "the answer cannot be read".to_owned())
}

impl WechatPay {
    /// With these settings.
    ///
    /// # Errors
    /// What is wrong with a key; never the key.
    pub fn new(settings: Settings) -> Result<Self, String> {
        let signer = Signer::new(&settings)?;
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .max_redirects(0)
            .http_status_as_error(false)
            .build()
            .into();
        Ok(Self { settings, signer, agent })
    }

    fn send(&self, method: &str, path: &str, body: &str, now: Time) -> Result<Answer, String> {
        let authorization = self.signer.authorization(method, path, body, now)?;
        let url = format!("{}{path}", self.settings.url);
        let head = |name: &'static str| match name {
            "Authorization" => authorization.as_str(),
            "Wechatpay-Serial" => self.settings.platform.as_str(),
            _ => "application/json",
        };
        const HEADS: [&str; 3] = ["Authorization", "Wechatpay-Serial", "Accept"];
        let sent = match method {
            "GET" => HEADS.iter().fold(self.agent.get(&url), |r, name| r.header(*name, head(name))).call(),
            _ => HEADS
                .iter()
                .fold(self.agent.post(&url), |r, name| r.header(*name, head(name)))
                .header("Content-Type", "application/json")
                .send(body),
        };
        let mut response = sent.map_err(|e| e.to_string())?;
        let mut body = Vec::new();
        let reader = response.body_mut().as_reader();
        reader.take(ANSWER_BYTES_MAX).read_to_end(&mut body).map_err(|e| e.to_string())?;
        let status = response.status().as_u16();
        // A refusal moves nothing, and need not be signed.
        if !(200..300).contains(&status) {
            let wrong: Wrong = serde_json::from_slice(&body).unwrap_or_default();
            let code: String = wrong.code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(64).collect();
            return Ok(Answer::Refused(status, code));
        }
        self.signer.check(response.headers(), &body, now)?;
        Ok(Answer::Good(body))
    }

    fn good(&self, method: &str, path: &str, body: &str, now: Time) -> Result<Vec<u8>, String> {
        match self.send(method, path, body, now)? {
            Answer::Good(body) => Ok(body),
            Answer::Refused(status, code) => Err(format!("status {status} {code}")),
        }
    }

    fn payment(&self, order: &str, found: Transaction) -> Result<Payment, String> {
        let is_ours = found.mchid == self.settings.merchant
            && (found.appid.is_empty() || found.appid == self.settings.app)
            && found.out_trade_no == order;
        if !is_ours {
            return Err("the answer is about another payment".to_owned());
        }
        Ok(match found.trade_state.as_str() {
            // What was given back in part or whole had been paid.
            "SUCCESS" | "REFUND" => {
                let amount = found.amount.ok_or("a payment without an amount")?;
                let currency = if amount.currency.is_empty() { "CNY".to_owned() } else { amount.currency };
                if found.transaction_id.is_empty() {
                    return Err("a payment without a number".to_owned());
                }
                Payment::Paid { reference: found.transaction_id, amount: amount.total, currency }
            }
            "CLOSED" | "REVOKED" | "PAYERROR" => Payment::Ended,
            _ => Payment::Open,
        })
    }

    fn given(&self, refund: &str, given: Given) -> Result<Refund, String> {
        let is_ours = given.mchid.is_none_or(|merchant| merchant == self.settings.merchant);
        if !is_ours || given.out_refund_no != refund {
            return Err("the answer is about another refund".to_owned());
        }
        Ok(match given.status.as_str() {
            "SUCCESS" => Refund::Done(given.refund_id),
            // Abnormal is for the operator to see to at the provider: the money is not with the payer.
            "CLOSED" | "ABNORMAL" => Refund::Failed,
            _ => Refund::Open,
        })
    }
}

impl Provider for WechatPay {
    fn name(&self) -> &'static str {
        "wechat"
    }

    fn currency(&self) -> Currency {
        Currency::CNY
    }

    fn begin(&self, payment: &NewPayment<'_>, now: Time) -> Result<String, String> {
        let body = json!({
            "appid": self.settings.app, "mchid": self.settings.merchant, "description": payment.what,
            "out_trade_no": payment.order, "time_expire": payment.due.truncate_to_second().to_string(),
            "notify_url": self.settings.notify, "amount": { "total": payment.amount, "currency": "CNY" },
        });
        let answer = self.good("POST", "/v3/pay/transactions/native", &body.to_string(), now)?;
        let begun: Begun = read(&answer)?;
        let is_sound = begun.code_url.starts_with("weixin://") && begun.code_url.len() <= 512;
        if is_sound { Ok(begun.code_url) } else { Err("the answer holds no code".to_owned()) }
    }

    fn ask(&self, order: &str, now: Time) -> Result<Payment, String> {
        let path = format!("/v3/pay/transactions/out-trade-no/{order}?mchid={}", self.settings.merchant);
        match self.send("GET", &path, "", now)? {
            Answer::Good(body) => self.payment(order, read(&body)?),
            // It was never begun there, so nobody can have paid.
            Answer::Refused(404, code) if code == "ORDER_NOT_EXIST" || code == "ORDERNOTEXIST" => Ok(Payment::Open),
            Answer::Refused(status, code) => Err(format!("status {status} {code}")),
        }
    }

    fn close(&self, order: &str, now: Time) -> Result<(), String> {
        let path = format!("/v3/pay/transactions/out-trade-no/{order}/close");
        let body = json!({ "mchid": self.settings.merchant }).to_string();
        match self.send("POST", &path, &body, now)? {
            Answer::Good(_) => Ok(()),
            Answer::Refused(404, _) => Ok(()),
            Answer::Refused(_, code) if code == "ORDER_CLOSED" || code == "ORDERCLOSED" => Ok(()),
            Answer::Refused(status, code) => Err(format!("status {status} {code}")),
        }
    }

    fn refund(&self, refund: &NewRefund<'_>, now: Time) -> Result<Refund, String> {
        let body = json!({
            "out_trade_no": refund.order, "out_refund_no": refund.refund, "notify_url": self.settings.notify,
            "amount": { "refund": refund.amount, "total": refund.paid, "currency": "CNY" },
        });
        let answer = self.good("POST", "/v3/refund/domestic/refunds", &body.to_string(), now)?;
        self.given(refund.refund, read(&answer)?)
    }

    fn ask_refund(&self, refund: &str, now: Time) -> Result<Refund, String> {
        let answer = self.good("GET", &format!("/v3/refund/domestic/refunds/{refund}"), "", now)?;
        self.given(refund, read(&answer)?)
    }

    fn notified(&self, headers: &HeaderMap, body: &[u8], now: Time) -> Result<Notice, String> {
        self.signer.check(headers, body, now)?;
        let sealed: message::Sealed = read(body)?;
        let plain = self.signer.open(&sealed.resource)?;
        match sealed.event_type.as_str() {
            event if event.starts_with("TRANSACTION.") => {
                let found: Transaction = read(&plain)?;
                if found.appid != self.settings.app {
                    return Err("the notice is for another app".to_owned());
                }
                let order = found.out_trade_no.clone();
                let payment = self.payment(&order, found)?;
                Ok(Notice::Payment(order, payment))
            }
            event if event.starts_with("REFUND.") => {
                let given: Given = read(&plain)?;
                if given.mchid.is_none() {
                    return Err("the notice names no merchant".to_owned());
                }
                let refund = given.out_refund_no.clone();
                let given = self.given(&refund, given)?;
                Ok(Notice::Refund(refund, given))
            }
            _ => Ok(Notice::Other),
        }
    }
}

#[cfg(test)]
mod tests;
