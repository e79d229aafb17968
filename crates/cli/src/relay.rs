//! Settings of the relay: how many callbacks are made at a time.

use std::ops::RangeInclusive;

use serde::Deserialize;
use stillframe_domain::limits::ENDPOINT_CONCURRENCY_MAX;
use stillframe_events::RelayConfig;

/// How many callbacks are made at a time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelaySection {
    /// Attempts at a time to tell fresh events.
    pub concurrency: usize,
    /// How many of them to one endpoint, unless its policy has a `concurrency_max` of its own.
    pub endpoint_concurrency: usize,
    /// Attempts at a time beside these, of what failed before or goes to an endpoint that fails.
    pub retry_concurrency: usize,
    /// How many of them to one endpoint.
    pub retry_endpoint_concurrency: usize,
}

impl RelaySection {
    /// Accepted values of both lanes' slots. Each is a connection, hence an open file.
    const CONCURRENCY: RangeInclusive<usize> = 1..=1_024;
    /// Accepted values of one endpoint's share: as much as its own policy may ask for.
    const ENDPOINT_CONCURRENCY: RangeInclusive<usize> = 1..=ENDPOINT_CONCURRENCY_MAX as usize;

    /// What is wrong with the settings.
    pub fn faults(&self) -> impl Iterator<Item = String> {
        let (slots, share) = (Self::CONCURRENCY, Self::ENDPOINT_CONCURRENCY);
        let ranges = [
            ("concurrency", self.concurrency, slots.clone()),
            ("endpoint_concurrency", self.endpoint_concurrency, share.clone()),
            ("retry_concurrency", self.retry_concurrency, slots),
            ("retry_endpoint_concurrency", self.retry_endpoint_concurrency, share),
        ];
        let outside = ranges.into_iter().filter(|(_, value, range)| !range.contains(value));
        outside.map(|(name, _, range)| format!("relay.{name}: expected {} to {}", range.start(), range.end()))
    }

    /// As the relay takes it, with its name among receivers.
    pub fn config(&self, origin: String) -> RelayConfig {
        RelayConfig {
            origin,
            concurrency: self.concurrency,
            endpoint_concurrency: self.endpoint_concurrency,
            retry_concurrency: self.retry_concurrency,
            retry_endpoint_concurrency: self.retry_endpoint_concurrency,
            ..RelayConfig::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(value: usize) -> RelaySection {
        RelaySection {
            concurrency: value,
            endpoint_concurrency: value,
            retry_concurrency: value,
            retry_endpoint_concurrency: value,
        }
    }

    #[test]
    fn limits_hold() {
        assert_eq!(all(1).faults().count(), 0);
        assert_eq!(all(64).faults().count(), 0);
        assert_eq!(all(0).faults().count(), 4);
        assert_eq!(all(65).faults().count(), 2);
        assert_eq!(all(1_025).faults().count(), 4);
    }

    #[test]
    fn the_defaults_are_those_of_the_relay() {
        #[derive(Deserialize)]
        struct Settings {
            relay: RelaySection,
        }
        let settings: Settings = toml::from_str(crate::config::DEFAULT).expect("the defaults are TOML");
        let (set, own) = (settings.relay.config("localhost".to_owned()), RelayConfig::default());
        assert_eq!(format!("{set:?}"), format!("{own:?}"));
    }
}
