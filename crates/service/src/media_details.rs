//! What an owner says of a video, and finding videos by it.

use stillframe_database::{DatabaseError, MediaFilter, MediaMatches};
use stillframe_domain::event::MediaNews;
use stillframe_domain::media::Cover;
use stillframe_domain::{App, Dialect, ErrorCode, EventKind, Media, MediaDetails, MediaUpdate, limits};

use crate::add_media::checked_name;
use crate::endpoints::check_target;
use crate::{MediaName, Result, Service, ServiceError, invalid};

/// Longest description, in bytes.
pub const DESCRIPTION_BYTES_MAX: usize = 1_024;
/// Most tags of a video.
pub const TAGS_MAX: usize = 16;
/// Longest tag, in characters.
pub const TAG_CHARS_MAX: usize = 32;
/// Longest reference id, in bytes.
pub const REFERENCE_ID_BYTES_MAX: usize = 64;
/// Longest URL of a chosen cover, in bytes.
pub const COVER_URL_BYTES_MAX: usize = 2_048;

impl Service {
    /// Changes what its owner says of a video over that API: only the parts that are given. Tells of it
    /// when anything differs.
    ///
    /// # Errors
    /// `MediaNotFound`; `InvalidParameter`; `DuplicateReference`.
    pub async fn update_media(
        &self,
        app: &App,
        name: &MediaName,
        update: MediaUpdate,
        by: Dialect,
    ) -> Result<()> {
        check_update(&update)?;
        let before = self.find_media(app, name).await?;
        let after = update.clone().apply(before.clone());
        let news = MediaNews::changed(&before, &self.media_base_url(app));
        let event = self.media_event(app, EventKind::MediaUpdated, by, &after).with_news(news);
        let events = if after == before { Vec::new() } else { vec![event] };
        let is_found = self.database().update_media(app.id, before.id, &update, &events).await;
        match is_found {
            Ok(true) => Ok(()),
            Ok(false) => Err(not_found()),
            Err(DatabaseError::Conflict { .. }) => Err(duplicate_reference()),
            Err(error) => Err(error.into()),
        }
    }

    /// The app's videos that a filter finds, `limit` of them from number `offset` on, and how many it
    /// finds in all.
    ///
    /// # Errors
    /// Database failures.
    pub async fn search_media(
        &self,
        app: &App,
        filter: &MediaFilter,
        offset: u64,
        limit: usize,
    ) -> Result<MediaMatches> {
        Ok(self.database().search_media(app.id, filter, offset, limit).await?)
    }

    /// The app's video of that reference id.
    ///
    /// # Errors
    /// `MediaNotFound`, also for another app's.
    pub async fn find_media_by_reference(&self, app: &App, reference_id: &str) -> Result<Media> {
        let filter = MediaFilter { reference_ids: vec![reference_id.to_owned()], ..MediaFilter::default() };
        let found = self.search_media(app, &filter, 0, 1).await?;
        found.items.into_iter().next().ok_or_else(not_found)
    }
}

/// Refuses details that are too long or malformed.
pub(crate) fn check_details(details: &MediaDetails) -> Result<()> {
    check_description(&details.description)?;
    check_tags(&details.tags)?;
    if let Some(url) = &details.callback_url {
        check_target("callback_url", url)?;
    }
    details.reference_id.as_deref().map_or(Ok(()), check_reference_id)
}

/// Refuses a text for events that is too long.
pub(crate) fn check_pass_through(text: &str) -> Result<()> {
    let most = limits::PASS_THROUGH_CHARS_MAX;
    if most < text.chars().count() {
        return Err(invalid("pass_through", format!("at most {most} characters")));
    }
    Ok(())
}

fn check_update(update: &MediaUpdate) -> Result<()> {
    if let Some(name) = &update.name {
        checked_name(name)?;
    }
    if let Some(description) = &update.description {
        check_description(description)?;
    }
    if let Some(tags) = &update.tags {
        check_tags(tags)?;
    }
    if let Some(Some(Cover::Url(url))) = &update.cover {
        check_cover_url(url)?;
    }
    if let Some(Some(url)) = &update.callback_url {
        check_target("callback_url", url)?;
    }
    if let Some(Some(text)) = &update.pass_through {
        check_pass_through(text)?;
    }
    update.reference_id.as_deref().map_or(Ok(()), check_reference_id)
}

fn check_description(description: &str) -> Result<()> {
    if description.len() > DESCRIPTION_BYTES_MAX {
        return Err(invalid("description", format!("at most {DESCRIPTION_BYTES_MAX} bytes")));
    }
    Ok(())
}

fn check_tags(tags: &[String]) -> Result<()> {
    let is_tag = |tag: &String| !tag.is_empty() && tag.chars().count() <= TAG_CHARS_MAX;
    if tags.len() > TAGS_MAX || !tags.iter().all(is_tag) {
        return Err(invalid("tags", format!("at most {TAGS_MAX} tags of 1 to {TAG_CHARS_MAX} characters")));
    }
    Ok(())
}

fn check_reference_id(id: &str) -> Result<()> {
    let is_accepted = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !(6..=REFERENCE_ID_BYTES_MAX).contains(&id.len()) || !id.chars().all(is_accepted) {
        let expected = format!("6 to {REFERENCE_ID_BYTES_MAX} letters, digits, - and _");
        return Err(invalid("reference_id", expected));
    }
    Ok(())
}

/// Refuses the URL of a cover when it is empty or too long; it is kept as it is and never fetched.
pub(crate) fn check_cover_url(url: &str) -> Result<()> {
    if url.is_empty() || url.len() > COVER_URL_BYTES_MAX {
        return Err(invalid("cover_url", format!("1 to {COVER_URL_BYTES_MAX} bytes")));
    }
    Ok(())
}

pub(crate) fn duplicate_reference() -> ServiceError {
    ServiceError::new(ErrorCode::DuplicateReference, "another video of the app has this reference id")
}

fn not_found() -> ServiceError {
    ServiceError::new(ErrorCode::MediaNotFound, "there is no such video")
}
