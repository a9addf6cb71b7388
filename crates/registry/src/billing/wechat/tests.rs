//! Against a server on loopback that speaks the same protocol: it checks what we sign, and signs what it says.

use super::*;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use axum::http::{HeaderName, HeaderValue};
use base64ct::{Base64, Encoding as _};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

const NOW: Time = Time::from_unix(1_795_000_000);
const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", Base64::encode_string(der))
}

/// What the server answers: status, body, and what is wrong with its signature.
type Script = (u16, String, &'static str);

struct Platform {
    key: KeyPair,
    merchant: Vec<u8>,
    heard: Mutex<Vec<(String, String)>>,
    script: Mutex<Script>,
}

impl Platform {
    fn signed(&self, body: &[u8], time: i64, wrong: &str) -> Vec<(&'static str, String)> {
        let nonce = "nonce0123456789";
        let over = if wrong == "body" { b"{}".as_slice() } else { body };
        let message = [format!("{time}\n{nonce}\n").as_bytes(), over, b"\n"].concat();
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message, &mut signature).unwrap();
        let serial = if wrong == "serial" { "PUB_KEY_ID_9" } else { "PUB_KEY_ID_1" };
        vec![
            ("Wechatpay-Timestamp", time.to_string()),
            ("Wechatpay-Nonce", nonce.to_owned()),
            ("Wechatpay-Signature", Base64::encode_string(&signature)),
            ("Wechatpay-Serial", serial.to_owned()),
        ]
    }

    /// As the merchant's signature is checked: over method, address, time, nonce and body.
    fn check(&self, method: &str, path: &str, head: &str, body: &str) {
        let value = |name: &str| head.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap();
        assert!(head.starts_with("WECHATPAY2-SHA256-RSA2048 "), "{head}");
        assert_eq!((value("mchid"), value("serial_no")), ("1900000001", "5157F09EFDC096DE"));
        let message = format!("{method}\n{path}\n{}\n{}\n{body}\n", value("timestamp"), value("nonce_str"));
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.merchant);
        key.verify(message.as_bytes(), &Base64::decode_vec(value("signature")).unwrap()).unwrap();
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim_end().is_empty() {
                break;
            }
            lines.push(line.trim_end().to_owned());
        }
        let Some(first) = lines.first() else { return };
        let (method, path) = (first.split(' ').next().unwrap(), first.split(' ').nth(1).unwrap());
        let head = |name: &str| {
            let found = lines.iter().filter_map(|line| line.split_once(": "));
            found.filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.to_owned()).next().unwrap_or_default()
        };
        let mut body = vec![0; head("content-length").parse().unwrap_or(0)];
        std::io::Read::read_exact(&mut reader, &mut body).unwrap();
        let body = String::from_utf8(body).unwrap();
        self.check(method, path, &head("authorization"), &body);
        assert_eq!(head("wechatpay-serial"), "PUB_KEY_ID_1");
        self.heard.lock().unwrap().push((format!("{method} {path}"), body));
        let (status, answer, wrong) = self.script.lock().unwrap().clone();
        let mut text = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n", answer.len());
        if wrong != "unsigned" {
            let time = if wrong == "old" { NOW.unix_s() - 301 } else { NOW.unix_s() };
            for (name, value) in self.signed(answer.as_bytes(), time, wrong) {
                text += &format!("{name}: {value}\r\n");
            }
        }
        let _ = reader.get_mut().write_all(format!("{text}\r\n{answer}").as_bytes());
    }
}

fn started() -> (Arc<Platform>, WechatPay) {
    // The rest of the program installs it before the first use of TLS.
    let merchant = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let platform = Arc::new(Platform {
        key: KeyPair::generate(KeySize::Rsa2048).unwrap(),
        merchant: AsRef::<[u8]>::as_ref(merchant.public_key()).to_vec(),
        heard: Mutex::default(),
        script: Mutex::new((200, String::new(), "")),
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = Arc::clone(&platform);
    std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| serving.serve(stream)));
    let settings = Settings {
        url,
        app: "wx0001".to_owned(),
        merchant: "1900000001".to_owned(),
        serial: "5157F09EFDC096DE".to_owned(),
        key: pem(
            "PRIVATE KEY",
            aws_lc_rs::encoding::AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&merchant).unwrap().as_ref(),
        ),
        platform: "PUB_KEY_ID_1".to_owned(),
        platform_key: pem("PUBLIC KEY", platform.key.public_key().as_der().unwrap().as_ref()),
        secret: SECRET.to_vec(),
        notify: "https://shiyin.example/billing/notices/wechat".to_owned(),
    };
    (platform, WechatPay::new(settings).unwrap())
}

impl Platform {
    fn says(&self, status: u16, body: &serde_json::Value, wrong: &'static str) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        *self.script.lock().unwrap() = (status, body, wrong);
    }

    /// A notice about this, as it comes in.
    fn notice(&self, event: &str, about: &serde_json::Value, time: i64, wrong: &str) -> (HeaderMap, Vec<u8>) {
        let mut sealed = about.to_string().into_bytes();
        let secret = if wrong == "secret" { b"x123456789abcdef0123456789abcdef" } else { SECRET };
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, secret).unwrap());
        let nonce = Nonce::try_assume_unique_for_key(b"abcdefghijkl").unwrap();
        key.seal_in_place_append_tag(nonce, Aad::from(b"transaction"), &mut sealed).unwrap();
        let body = json!({
            "id": "EV-1", "event_type": event, "resource_type": "encrypt-resource",
            "resource": { "algorithm": "AEAD_AES_256_GCM", "ciphertext": Base64::encode_string(&sealed),
                          "associated_data": "transaction", "nonce": "abcdefghijkl" },
        })
        .to_string()
        .into_bytes();
        let mut headers = HeaderMap::new();
        for (name, value) in self.signed(&body, time, wrong) {
            let name = HeaderName::from_bytes(name.to_lowercase().as_bytes()).unwrap();
            headers.insert(name, HeaderValue::from_str(&value).unwrap());
        }
        (headers, body)
    }
}

fn transaction(state: &str, total: i64) -> serde_json::Value {
    json!({
        "appid": "wx0001", "mchid": "1900000001", "out_trade_no": "order0001", "trade_state": state,
        "transaction_id": "4200001", "amount": { "total": total, "currency": "CNY" },
    })
}

#[test]
fn a_payment_is_begun_asked_about_and_closed() {
    let (platform, wechat) = started();
    let new = NewPayment { order: "order0001", what: "top-up", amount: 1250, due: NOW.plus_s(7200) };
    platform.says(200, &json!({ "code_url": "weixin://wxpay/bizpayurl?pr=x" }), "");
    assert_eq!(wechat.begin(&new, NOW).unwrap(), "weixin://wxpay/bizpayurl?pr=x");
    let (asked, body) = platform.heard.lock().unwrap().pop().unwrap();
    assert_eq!(asked, "POST /v3/pay/transactions/native");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["amount"], json!({ "total": 1250, "currency": "CNY" }));
    assert_eq!((&body["out_trade_no"], &body["time_expire"]), (&json!("order0001"), &json!("2026-11-18T13:06:40Z")));
    assert_eq!(body["notify_url"], "https://shiyin.example/billing/notices/wechat");
    let paid = Payment::Paid { reference: "4200001".to_owned(), amount: 1250, currency: "CNY".to_owned() };
    for (state, payment) in [
        ("NOTPAY", Payment::Open),
        ("USERPAYING", Payment::Open),
        ("SUCCESS", paid.clone()),
        ("REFUND", paid),
        ("CLOSED", Payment::Ended),
    ] {
        platform.says(200, &transaction(state, 1250), "");
        assert_eq!(wechat.ask("order0001", NOW).unwrap(), payment, "{state}");
    }
    let (asked, _) = platform.heard.lock().unwrap().pop().unwrap();
    assert_eq!(asked, "GET /v3/pay/transactions/out-trade-no/order0001?mchid=1900000001");
    platform.says(404, &json!({ "code": "ORDER_NOT_EXIST" }), "unsigned");
    assert_eq!(wechat.ask("order0001", NOW).unwrap(), Payment::Open);
    platform.says(204, &serde_json::Value::Null, "");
    wechat.close("order0001", NOW).unwrap();
    platform.says(400, &json!({ "code": "ORDERPAID" }), "");
    assert!(wechat.close("order0001", NOW).is_err());
}

#[test]
fn an_answer_that_is_not_the_platforms_counts_for_nothing() {
    let (platform, wechat) = started();
    for wrong in ["unsigned", "old", "serial", "body"] {
        platform.says(200, &transaction("SUCCESS", 1250), wrong);
        assert!(wechat.ask("order0001", NOW).is_err(), "{wrong}");
    }
    for (field, value) in [("mchid", "1900000002"), ("appid", "wx2"), ("out_trade_no", "order0002")] {
        let mut other = transaction("SUCCESS", 1250);
        other[field] = json!(value);
        platform.says(200, &other, "");
        assert!(wechat.ask("order0001", NOW).is_err(), "{field}");
    }
    platform.says(200, &json!({ "code_url": "https://evil.example" }), "");
    let new = NewPayment { order: "order0001", what: "top-up", amount: 1250, due: NOW };
    assert!(wechat.begin(&new, NOW).is_err());
    platform.says(500, &json!({ "code": "SYSTEM_ERROR <b>" }), "");
    assert_eq!(wechat.ask("order0001", NOW).unwrap_err(), "status 500 SYSTEM_ERRORb");
}

#[test]
fn a_refund_is_given_once_under_its_id() {
    let (platform, wechat) = started();
    let new = NewRefund { refund: "refund01", order: "order0001", amount: 250, paid: 1250 };
    let given = |status: &str| json!({ "refund_id": "5000", "out_refund_no": "refund01", "status": status });
    for (status, refund) in
        [("PROCESSING", Refund::Open), ("SUCCESS", Refund::Done("5000".to_owned())), ("ABNORMAL", Refund::Failed)]
    {
        platform.says(200, &given(status), "");
        assert_eq!(wechat.refund(&new, NOW).unwrap(), refund);
        assert_eq!(wechat.ask_refund("refund01", NOW).unwrap(), refund);
    }
    let (_, body) = platform.heard.lock().unwrap()[0].clone();
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["amount"], json!({ "refund": 250, "total": 1250, "currency": "CNY" }));
    platform.says(200, &json!({ "refund_id": "5000", "out_refund_no": "other", "status": "SUCCESS" }), "");
    assert!(wechat.refund(&new, NOW).is_err());
}

#[test]
fn a_notice_is_opened_only_where_it_is_the_platforms_for_us_and_new() {
    let (platform, wechat) = started();
    let (headers, body) = platform.notice("TRANSACTION.SUCCESS", &transaction("SUCCESS", 1250), NOW.unix_s(), "");
    let Notice::Payment(order, Payment::Paid { amount, reference, .. }) =
        wechat.notified(&headers, &body, NOW).unwrap()
    else {
        panic!("no payment")
    };
    assert_eq!((order.as_str(), amount, reference.as_str()), ("order0001", 1250, "4200001"));
    // The same, played again after its time.
    assert!(wechat.notified(&headers, &body, NOW.plus_s(301)).is_err());
    let mut changed = body.clone();
    let at = changed.len() / 2;
    changed[at] ^= 1;
    assert!(wechat.notified(&headers, &changed, NOW).is_err());
    for wrong in ["serial", "body", "secret"] {
        let (headers, body) = platform.notice("TRANSACTION.SUCCESS", &transaction("SUCCESS", 1), NOW.unix_s(), wrong);
        assert!(wechat.notified(&headers, &body, NOW).is_err(), "{wrong}");
    }
    let mut other = transaction("SUCCESS", 1250);
    other["mchid"] = json!("1900000002");
    let (headers, body) = platform.notice("TRANSACTION.SUCCESS", &other, NOW.unix_s(), "");
    assert!(wechat.notified(&headers, &body, NOW).is_err());
    // What the provider sends to see whether signatures are checked.
    let (mut headers, body) = platform.notice("TRANSACTION.SUCCESS", &transaction("SUCCESS", 1), NOW.unix_s(), "");
    headers.insert("wechatpay-signature", HeaderValue::from_static("WECHATPAY/SIGNTEST/AAAA"));
    assert!(wechat.notified(&headers, &body, NOW).is_err());
    let refund = json!({ "mchid": "1900000001", "out_refund_no": "r1", "refund_id": "5", "refund_status": "SUCCESS" });
    let (headers, body) = platform.notice("REFUND.SUCCESS", &refund, NOW.unix_s(), "");
    let told = wechat.notified(&headers, &body, NOW).unwrap();
    assert_eq!(told, Notice::Refund("r1".to_owned(), Refund::Done("5".to_owned())));
}

#[test]
fn keys_are_checked_and_never_shown() {
    let (_, wechat) = started();
    assert_eq!(
        format!("{:?}", wechat.settings),
        format!("wechat::Settings(merchant 1900000001 at {})", wechat.settings.url)
    );
    let settings = |key: &str, secret: &[u8]| Settings {
        url: String::new(),
        app: String::new(),
        merchant: String::new(),
        serial: String::new(),
        key: key.to_owned(),
        platform: String::new(),
        platform_key: wechat.settings.platform_key.clone(),
        secret: secret.to_vec(),
        notify: String::new(),
    };
    assert!(WechatPay::new(settings("nothing", SECRET)).is_err());
    assert!(WechatPay::new(settings(&wechat.settings.key, b"short")).is_err());
    assert!(WechatPay::new(settings(&wechat.settings.key, SECRET)).is_ok());
}
