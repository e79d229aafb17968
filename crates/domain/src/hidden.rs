//! What stands in the place of a secret where values are written for people who look for faults.
//!
//! Types that hold secrets write their `Debug` by hand with it, so that no log line, panic or failed assertion
//! tells them, whoever prints what holds such a type.

use std::fmt;

/// A secret whose `Debug` says only whether there is one.
///
/// ```
/// use stillframe_domain::Hidden;
///
/// assert_eq!(format!("{:?} {:?}", Hidden("whsec_abc"), Hidden::of(None)), "hidden none");
/// ```
#[derive(Clone, Copy)]
pub struct Hidden<'a>(pub &'a str);

impl<'a> Hidden<'a> {
    /// A secret that there may be.
    pub fn of(secret: Option<&'a str>) -> Self {
        Self(secret.unwrap_or_default())
    }
}

impl fmt::Debug for Hidden<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "none" } else { "hidden" })
    }
}

#[cfg(test)]
mod tests {
    use crate::app::{AlibabaCallback, AppSettings, TencentEvents};
    use crate::endpoint::{DeliveryPolicy, Endpoint};
    use crate::url_signing::{UrlKey, UrlScheme, UrlSigning};
    use crate::{AppId, EndpointHealth, EndpointId, EventFormat, FormerSecret, OsRng, Owner, Timestamp};

    const SECRET: &str = "ThisIsTheSecret";

    fn secret() -> String {
        SECRET.to_owned()
    }

    #[test]
    fn endpoints_show_no_secret() {
        let endpoint = Endpoint {
            id: EndpointId::mint(&OsRng),
            app_id: AppId(1),
            url: "https://example.com/hook".to_owned(),
            format: EventFormat::Native,
            owner: Owner::Native,
            event_kinds: Vec::new(),
            origins: Vec::new(),
            secret: secret(),
            former_secrets: vec![FormerSecret { secret: secret(), until: Timestamp::from_millis(7) }],
            policy: DeliveryPolicy::default_for(EventFormat::Native),
            health: EndpointHealth::default(),
        };
        for shown in [format!("{endpoint:?}"), format!("{endpoint:#?}")] {
            assert!(!shown.contains(SECRET), "{shown}");
            assert!(shown.contains("https://example.com/hook") && shown.contains("hidden"), "{shown}");
        }
    }

    #[test]
    fn settings_of_an_app_show_no_key() {
        let settings = AppSettings {
            tencent_events: TencentEvents { sign_key: Some(secret()), ..TencentEvents::default() },
            alibaba_callback: Some(AlibabaCallback {
                auth_key: Some(secret()),
                ..AlibabaCallback::default()
            }),
            url_signing: UrlSigning {
                keys: vec![UrlKey { scheme: UrlScheme::Native, secret: secret() }],
                ..UrlSigning::default()
            },
            ..AppSettings::default()
        };
        let shown = format!("{settings:?}");
        assert!(!shown.contains(SECRET), "{shown}");
        assert_eq!(shown.matches("hidden").count(), 3, "{shown}");
    }
}
