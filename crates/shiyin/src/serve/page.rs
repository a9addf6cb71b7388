//! What a browser shows: what this is, whom to trust, which commands to type.

use proof::digest::DigestAlgorithm;
use trust::instance::{Instance, Mode};

/// The page of an instance that is found at `url`.
pub(super) fn page(instance: &Instance, url: &str) -> String {
    let root = &instance.main().root.der;
    let fingerprint = DigestAlgorithm::Sha256.digest(root);
    let operator: String = instance.operator.name.chars().flat_map(escape).collect();
    let url = instance.url.as_deref().unwrap_or(url);
    let (zh, en) = match instance.mode {
        Mode::Evaluation => (
            "<b>评估实例，仅供试用。</b>其时间戳对他人没有证明力。",
            "<b>Evaluation instance, for trying out only.</b> Its timestamps prove nothing to others.",
        ),
        Mode::Production => (
            "时间戳说明摘要不晚于所示时间已存在，是运营者自述，可由独立时间印证。",
            "A timestamp says that a digest existed no later than its time, by the operator's word, which independent times can bound.",
        ),
    };
    let clock = match instance.mode {
        Mode::Evaluation => "",
        Mode::Production => {
            "<p><a href=\"/journal\">时钟与密钥日志 <span lang=\"en\">Journal of clock and keys</span></a> · \
             <a href=\"/clock.svg\">时钟偏差 <span lang=\"en\">clock offset</span></a></p>\n"
        }
    };
    format!(
        "<!doctype html>\n<html lang=\"zh\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>时印 Shiyin</title>\n<style>body{{font:16px/1.6 sans-serif;max-width:44rem;\
         margin:3rem auto;padding:0 1rem;background:#fbfaf7;color:#1c1b19}}code{{font:14px/1.5 monospace;word-break:break-all}}\
         a{{color:inherit}}b{{color:#b3261e}}@media(prefers-color-scheme:dark){{body{{background:#161513;color:#eceae4}}b{{color:#ff8a7a}}}}\
         </style>\n<h1>时印 Shiyin</h1>\n\
         <p>{zh}运营者：{operator}</p>\n<p lang=\"en\">{en} Operator: {operator}</p>\n\
         <p>根证书 SHA-256 <span lang=\"en\">/ Root certificate SHA-256</span><br><code>{fingerprint}</code></p>\n\
         <p><a href=\"/root.pem\">root.pem</a> · <a href=\"/chain.pem\">chain.pem</a></p>\n{clock}\
         <p><code>openssl ts -query -data FILE -sha256 -cert -out FILE.tsq</code><br>\
         <code>curl -H 'Content-Type: application/timestamp-query' --data-binary @FILE.tsq {url}/tsa -o FILE.tsr</code><br>\
         <code>openssl ts -verify -data FILE -in FILE.tsr -CAfile root.pem</code></p>\n"
    )
}

fn escape(c: char) -> Vec<char> {
    match c {
        '<' => "&lt;".chars().collect(),
        '>' => "&gt;".chars().collect(),
        '&' => "&amp;".chars().collect(),
        '"' => "&quot;".chars().collect(),
        c => vec![c],
    }
}
