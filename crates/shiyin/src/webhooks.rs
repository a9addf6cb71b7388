//! `[webhooks]`: whether programs are told what happened, and where that may go.

use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::words::Words;
use registry::webhooks::{Network, Settings};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// `[webhooks]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhooksConfig {
    /// Whether anything is sent. What happens is listed in any case.
    enabled: bool,
    /// Networks beside the public one that may be sent to, such as `10.1.0.0/16`. Who may add a webhook then reaches
    /// all that answers TLS there.
    allow: Vec<String>,
    /// A file in PEM with roots that are trusted beside the public ones.
    ca_file: Option<PathBuf>,
}

impl Default for WebhooksConfig {
    fn default() -> Self {
        Self { enabled: true, allow: Vec::new(), ca_file: None }
    }
}

/// Where events may go; relative names are of files in `data`.
pub fn settings(config: &Config, data: &Path, words: &Words) -> Result<Settings, Failure> {
    let webhooks = &config.webhooks;
    let fault = |cause: &str| Failure::new(Exit::Instance, words.say("err-webhooks", &[("cause", cause)]));
    let allow = webhooks.allow.iter().map(|text| text.parse::<Network>()).collect::<Result<_, _>>();
    let allow = allow.map_err(|cause| fault(&cause))?;
    let read = |file: &PathBuf| {
        let path = data.join(file);
        std::fs::read(&path).map_err(|error| fault(&format!("{}: {error}", path.display())))
    };
    let roots = webhooks.ca_file.as_ref().map(read).transpose()?;
    Ok(Settings { is_enabled: webhooks.enabled, allow, roots })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_public_is_sent_to_where_nothing_is_said() {
        let config = WebhooksConfig::default();
        assert!(config.enabled && config.allow.is_empty() && config.ca_file.is_none());
        let config: WebhooksConfig = toml::from_str("allow = [\"10.1.0.0/16\"]\nca_file = \"ca.pem\"").unwrap();
        assert!(config.enabled && config.allow == ["10.1.0.0/16"]);
        assert!(toml::from_str::<WebhooksConfig>("deny = []").is_err());
    }
}
