//! Serving pictures.

use stillframe_domain::{App, ErrorCode, VideoId};
use stillframe_storage::{Chunks, ObjectFacts, ObjectKey};

use crate::{Result, Service, ServiceError};

/// Where an object would be, and whose it is; whether it is there is not known yet.
#[derive(Debug, Clone)]
pub struct ObjectPlace {
    /// Its key.
    pub key: ObjectKey,
    /// Whose it is.
    pub app: App,
}

/// An object that may be served.
#[derive(Debug, Clone)]
pub struct ServedObject {
    /// Its key.
    pub key: ObjectKey,
    /// Its facts.
    pub facts: ObjectFacts,
    /// Whose it is.
    pub app: App,
}

impl Service {
    /// The place of that path, if it belongs to a video that exists.
    ///
    /// # Errors
    /// `ObjectNotFound`, also for removed videos and for paths that are no key.
    pub async fn find_object(&self, path: &str) -> Result<ObjectPlace> {
        let key = ObjectKey::parse(path).map_err(|_| absent())?;
        let video_id = path.split('/').next().unwrap_or_default();
        let video_id = VideoId::parse(video_id).map_err(|_| absent())?;
        let media = self.database().find_media_of_object(&video_id).await?.ok_or_else(absent)?;
        let app = self.database().find_app(media.app_id).await?.ok_or_else(absent)?;
        Ok(ObjectPlace { key, app })
    }

    /// The object at a place.
    ///
    /// # Errors
    /// `ObjectNotFound`.
    pub async fn open_object(&self, ObjectPlace { key, app }: ObjectPlace) -> Result<ServedObject> {
        let facts = self.deps.storage.head(&key).await?;
        Ok(ServedObject { key, facts, app })
    }

    /// The place of that path below the root of an app's own picture domain.
    ///
    /// # Errors
    /// `ObjectNotFound`, also when `host` is not the host (and port) of the owning app's picture base
    /// or that base has a path of its own.
    pub async fn find_object_on_host(&self, host: &str, path: &str) -> Result<ObjectPlace> {
        let place = self.find_object(path.trim_start_matches('/')).await?;
        let settings = &place.app.settings;
        let base = settings.media_base_url.as_deref().and_then(|base| base.split_once("://"));
        match base {
            Some((_, base)) if base.eq_ignore_ascii_case(host) => Ok(place),
            _ => Err(absent()),
        }
    }

    /// The bytes `from..to` of an object.
    ///
    /// # Errors
    /// `ObjectNotFound` when it went meanwhile.
    pub async fn read_object(
        &self,
        object: &ServedObject,
        from: u64,
        to: u64,
    ) -> Result<(ObjectFacts, Chunks)> {
        Ok(self.deps.storage.get(&object.key, from, to).await?)
    }
}

fn absent() -> ServiceError {
    ServiceError::new(ErrorCode::ObjectNotFound, "there is no such object")
}
