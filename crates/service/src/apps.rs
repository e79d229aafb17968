//! Apps, their settings and keys.

use std::fmt;

use stillframe_domain::url_signing::{
    URL_KEY_BYTES_MAX, URL_KEY_BYTES_MIN, URL_KEYS_MAX, URL_VALID_S_MAX, UrlKey, UrlSigning,
};
use stillframe_domain::{AccessKey, App, AppId, AppSettings, ErrorCode, Hidden};
use url::Url;

use crate::{Result, Service, ServiceError, invalid};

/// The key that the first start makes.
#[derive(Clone, Default)]
pub struct Bootstrap {
    /// Key id and secret given by the operator; `None` makes new ones.
    pub key: Option<(String, String)>,
}

impl fmt::Debug for Bootstrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key.as_ref().map(|(key_id, secret)| (key_id, Hidden(secret)));
        f.debug_struct("Bootstrap").field("key", &key).finish()
    }
}

impl Service {
    /// Makes the default app and its key when there is no app yet; gives the key when it was made.
    ///
    /// # Errors
    /// `InvalidParameter` for a key id or secret that is empty; database failures.
    pub async fn bootstrap(&self, bootstrap: &Bootstrap) -> Result<Option<AccessKey>> {
        if !self.database().list_apps().await?.is_empty() {
            return Ok(None);
        }
        if let Some((id, secret)) = &bootstrap.key
            && (id.is_empty() || secret.is_empty())
        {
            return Err(invalid("bootstrap key", "an id and a secret that are not empty"));
        }
        let app = self.database().insert_app("default", &AppSettings::default()).await?;
        let key = match &bootstrap.key {
            Some((key_id, secret)) => {
                AccessKey { key_id: key_id.clone(), secret: secret.clone(), app_id: app.id }
            }
            None => AccessKey::mint(app.id, self.rng()),
        };
        self.database().insert_key(&key).await?;
        Ok(Some(key))
    }

    /// Adds an app with a key of its own.
    ///
    /// # Errors
    /// As [`Self::update_app_settings`].
    pub async fn create_app(&self, name: &str, settings: &AppSettings) -> Result<(App, AccessKey)> {
        let settings = checked(settings)?;
        if name.trim().is_empty() || name.len() > 128 {
            return Err(invalid("name", "1 to 128 bytes"));
        }
        let app = self.database().insert_app(name, &settings).await?;
        let key = self.create_key(app.id).await?;
        Ok((app, key))
    }

    /// All apps, for the operator.
    ///
    /// # Errors
    /// Database failures.
    pub async fn list_apps(&self) -> Result<Vec<App>> {
        Ok(self.database().list_apps().await?)
    }

    /// The app of that number, for the operator.
    ///
    /// # Errors
    /// `AppNotFound`.
    pub async fn get_app(&self, id: AppId) -> Result<App> {
        self.database().find_app(id).await?.ok_or_else(app_not_found)
    }

    /// Replaces an app's settings.
    ///
    /// # Errors
    /// `AppNotFound`; `InvalidParameter` when the base URL is no absolute `http` or `https` URL.
    pub async fn update_app_settings(&self, id: AppId, settings: &AppSettings) -> Result<()> {
        let settings = checked(settings)?;
        if !self.database().update_app_settings(id, &settings).await? {
            return Err(app_not_found());
        }
        self.apply_callback_policy(id, settings.callback_policy).await
    }

    /// Makes a new key for an app.
    ///
    /// # Errors
    /// `AppNotFound`.
    pub async fn create_key(&self, app_id: AppId) -> Result<AccessKey> {
        self.get_app(app_id).await?;
        let key = AccessKey::mint(app_id, self.rng());
        self.database().insert_key(&key).await?;
        Ok(key)
    }

    /// Keys of an app.
    ///
    /// # Errors
    /// Database failures.
    pub async fn list_keys(&self, app_id: AppId) -> Result<Vec<AccessKey>> {
        Ok(self.database().list_keys(app_id).await?)
    }

    /// Removes a key of an app.
    ///
    /// # Errors
    /// `KeyNotFound`.
    pub async fn delete_key(&self, app_id: AppId, key_id: &str) -> Result<()> {
        if self.database().delete_key(app_id, key_id).await? {
            Ok(())
        } else {
            Err(ServiceError::new(ErrorCode::KeyNotFound, "the app has no such access key"))
        }
    }
}

pub(crate) fn app_not_found() -> ServiceError {
    ServiceError::new(ErrorCode::AppNotFound, "there is no such app")
}

/// Settings in the form in which they are kept.
pub(crate) fn checked(settings: &AppSettings) -> Result<AppSettings> {
    let mut settings = settings.clone();
    if let Some(base) = &settings.media_base_url {
        settings.media_base_url = Some(checked_base_url(base)?);
    }
    check_url_signing(&settings.url_signing)?;
    Ok(settings)
}

fn check_url_signing(signing: &UrlSigning) -> Result<()> {
    let length = URL_KEY_BYTES_MIN..=URL_KEY_BYTES_MAX;
    let is_key = |key: &UrlKey| {
        length.contains(&key.secret.len()) && key.secret.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    if signing.keys.len() > URL_KEYS_MAX || !signing.keys.iter().all(is_key) {
        let (least, most) = (URL_KEY_BYTES_MIN, URL_KEY_BYTES_MAX);
        let expected = format!("at most {URL_KEYS_MAX} keys of {least} to {most} letters and digits");
        return Err(invalid("url_signing.keys", expected));
    }
    if !(1..=URL_VALID_S_MAX).contains(&signing.valid_s) {
        return Err(invalid("url_signing.valid_s", format!("1 to {URL_VALID_S_MAX} seconds")));
    }
    Ok(())
}

/// A base URL without a trailing slash: absolute, without query or fragment. A bare host is `http`.
fn checked_base_url(base: &str) -> Result<String> {
    let refused = || invalid("media_base_url", "an absolute http or https URL without query, or a bare host");
    let absolute = if base.contains("://") { base.to_owned() } else { format!("http://{base}") };
    let url = Url::parse(&absolute).map_err(|_| refused())?;
    // The parser would read the host of `http:///x` out of the path.
    let has_host = !absolute.split_once("://").is_some_and(|(_, rest)| rest.starts_with('/'));
    let is_plain = matches!(url.scheme(), "http" | "https")
        && has_host
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty();
    if !is_plain {
        return Err(refused());
    }
    Ok(absolute.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_brings_secrets_along_does_not_show_them() {
        use crate::{EventCallback, NewSecret};
        let secret = || "ThisIsTheSecret".to_owned();
        let callback = EventCallback {
            url: String::new(),
            format: stillframe_domain::EventFormat::Native,
            event_kinds: Vec::new(),
            secret: Some(secret()),
        };
        for shown in [
            format!("{:?}", Bootstrap { key: Some(("AKID".to_owned(), secret())) }),
            format!("{:?}", NewSecret::Given(secret())),
            format!("{callback:?}"),
        ] {
            assert!(shown.contains("hidden") && !shown.contains(&secret()), "{shown}");
        }
    }

    #[test]
    fn base_urls_are_absolute_and_lose_their_slash() {
        assert_eq!(checked_base_url("https://cdn.example.com/p/").expect("ok"), "https://cdn.example.com/p");
        assert_eq!(checked_base_url("img.example.com").expect("ok"), "http://img.example.com");
        for bad in ["ftp://x", "http://x/?a=b", "http://", "/media", "http://u:p@x"] {
            assert!(checked_base_url(bad).is_err(), "{bad}");
        }
    }
}
