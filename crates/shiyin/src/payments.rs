//! `[billing]`: who takes money for the operator. What records cost is set in the operator's room.

use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::people::{is_covered, secret};
use crate::words::Words;
use registry::billing::Settings;
use registry::billing::wechat::{self, WechatPay};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// `[billing]`: without a provider, balances are topped up by hand.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BillingConfig {
    /// WeChat Pay, API v3, Native payments.
    wechat: Option<WechatConfig>,
}

/// `[billing.wechat]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WechatConfig {
    /// Where it answers; `http` only on this host.
    #[serde(default = "server")]
    url: String,
    /// The app or official account that the merchant is bound to.
    app_id: String,
    /// The merchant's number.
    merchant_id: String,
    /// The serial number of the merchant's API certificate.
    certificate_serial: String,
    /// A file that holds the merchant's private key, `apiclient_key.pem`.
    key_file: PathBuf,
    /// The id of the platform's public key, `PUB_KEY_ID_…`.
    platform_key_id: String,
    /// A file that holds the platform's public key, `pub_key.pem`.
    platform_key_file: PathBuf,
    /// A file that holds the APIv3 key.
    api_v3_key_file: PathBuf,
    /// Where notices are sent, where it is not made of `public.url`.
    #[serde(default)]
    notify_url: Option<String>,
}

fn server() -> String {
    "https://api.mch.weixin.qq.com".to_owned()
}

/// Who takes money; relative names are of files in `data`.
pub fn settings(config: &Config, data: &Path, words: &Words) -> Result<Settings, Failure> {
    let Some(wechat) = &config.billing.wechat else { return Ok(Settings::default()) };
    let fault =
        |cause: &str| Failure::new(Exit::Instance, words.say("err-payments", &[("name", "wechat"), ("cause", cause)]));
    if !is_covered(&wechat.url) {
        return Err(fault(&words.say("err-payments-plain", &[("url", &wechat.url)])));
    }
    let notify = match (&wechat.notify_url, config.public.url.as_str()) {
        (Some(url), _) => url.clone(),
        (None, "") => return Err(fault(&words.say("err-payments-notify", &[]))),
        (None, url) => format!("{}/billing/notices/wechat", url.trim_end_matches('/')),
    };
    let text = |path: &Path| secret(&data.join(path)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let settings = wechat::Settings {
        url: wechat.url.trim_end_matches('/').to_owned(),
        app: wechat.app_id.clone(),
        merchant: wechat.merchant_id.clone(),
        serial: wechat.certificate_serial.clone(),
        key: text(&wechat.key_file)?,
        platform: wechat.platform_key_id.clone(),
        platform_key: text(&wechat.platform_key_file)?,
        secret: secret(&data.join(&wechat.api_v3_key_file))?,
        notify,
    };
    let provider = WechatPay::new(settings).map_err(|cause| fault(&cause))?;
    Ok(Settings { provider: Some(Arc::new(provider)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_are_refused_and_the_server_is_wechat_s() {
        let text = "[wechat]\napp_id = \"wx1\"\nmerchant_id = \"1\"\ncertificate_serial = \"2\"\nkey_file = \"k\"\n\
                    platform_key_id = \"PUB_KEY_ID_3\"\nplatform_key_file = \"p\"\napi_v3_key_file = \"s\"\n";
        let config: BillingConfig = toml::from_str(text).unwrap();
        assert_eq!(config.wechat.unwrap().url, "https://api.mch.weixin.qq.com");
        assert!(toml::from_str::<BillingConfig>(&format!("{text}secret = \"x\"\n")).is_err());
        assert!(toml::from_str::<BillingConfig>("price = 10").is_err());
    }
}
