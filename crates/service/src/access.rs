//! Who asks.

use std::time::Duration;

use stillframe_domain::{AccessKey, App, ErrorCode};

use crate::{Result, Service, ServiceError};

/// The key of a request and its app. A dialect checks the signature with the key's secret.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The key.
    pub key: AccessKey,
    /// Its app.
    pub app: App,
}

impl Service {
    /// The caller of that key id; the signature is still to be checked.
    ///
    /// # Errors
    /// `KeyNotFound`.
    pub async fn authenticate(&self, key_id: &str) -> Result<Caller> {
        let unknown = || ServiceError::new(ErrorCode::KeyNotFound, "there is no such access key");
        let (key, app) = self.database().find_caller(key_id).await?.ok_or_else(unknown)?;
        Ok(Caller { key, app })
    }

    /// Remembers that a nonce was used, so that a copied request is refused.
    ///
    /// # Errors
    /// `RequestReplayed` when it was used before within `keep`.
    pub async fn remember_nonce(&self, scope: &str, nonce: &str, keep: Duration) -> Result<()> {
        if self.database().remember_nonce(scope, nonce, keep).await? {
            Ok(())
        } else {
            Err(ServiceError::new(ErrorCode::RequestReplayed, "the nonce of this request was used before"))
        }
    }
}
