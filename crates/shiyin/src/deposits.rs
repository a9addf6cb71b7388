//! `[holdings]`: what an operator may set about originals that people deposit.

use registry::holdings::Settings;
use serde::Deserialize;

const GB: f64 = 1e9;
const MB: f64 = 1e6;

/// `[holdings]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HoldingsConfig {
    /// Gigabytes that one person or organisation may keep here; 0 where no originals are taken.
    quota_gb: f64,
    /// Gigabytes that stay free on the disk of the first place.
    reserve_gb: f64,
    /// Gigabytes of the largest file.
    file_max_gb: f64,
    /// Years for which an original is kept. Without it, for as long as there is the instance.
    retention_years: Option<u32>,
    /// Days after which every copy is read again.
    check_days: u32,
    /// Megabytes that the checks read in a second.
    check_mb_s: f64,
}

impl Default for HoldingsConfig {
    fn default() -> Self {
        let settings = Settings::default();
        Self {
            quota_gb: settings.quota_bytes as f64 / GB,
            reserve_gb: settings.reserve_bytes as f64 / GB,
            file_max_gb: settings.file_bytes_max as f64 / GB,
            retention_years: settings.retention_years,
            check_days: settings.check_days,
            check_mb_s: settings.check_bytes_s as f64 / MB,
        }
    }
}

impl HoldingsConfig {
    /// As the room takes it. Less than nothing is nothing.
    pub fn settings(&self) -> Settings {
        let bytes = |number: f64, unit: f64| (number.max(0.0) * unit) as u64;
        Settings {
            quota_bytes: bytes(self.quota_gb, GB),
            reserve_bytes: bytes(self.reserve_gb, GB),
            file_bytes_max: bytes(self.file_max_gb, GB),
            retention_years: self.retention_years,
            check_days: self.check_days.max(1),
            check_bytes_s: bytes(self.check_mb_s, MB).max(1_000_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_has_its_default() {
        assert_eq!(HoldingsConfig::default().settings(), Settings::default());
        let config: HoldingsConfig = toml::from_str("quota_gb = 0.5\nretention_years = 10\ncheck_mb_s = 0").unwrap();
        let settings = config.settings();
        assert_eq!((settings.quota_bytes, settings.retention_years), (500_000_000, Some(10)));
        assert_eq!(settings.check_bytes_s, 1_000_000, "checks that never end are no checks");
        assert!(toml::from_str::<HoldingsConfig>("quota = 1").is_err());
    }
}
