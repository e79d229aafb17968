//! Adding several videos by URL at once.

use stillframe_domain::App;

use crate::add_media::{check_add, checked_http_url, checked_name};
use crate::{AddMedia, AddedMedia, Result, Service};

impl Service {
    /// Notes videos to be fetched, in their order: as [`Service::add_url`], but all of them are checked
    /// before the first one is added.
    ///
    /// # Errors
    /// `InvalidParameter` of any of them, and then none was added. What else befalls one of them leaves
    /// those before it.
    pub async fn add_urls(&self, app: &App, asked: Vec<(AddMedia, String)>) -> Result<Vec<AddedMedia>> {
        for (add, url) in &asked {
            check_add(add)?;
            checked_http_url("url", url)?;
            add.name.as_deref().map_or(Ok(String::new()), checked_name)?;
        }
        let mut added = Vec::with_capacity(asked.len());
        for (add, url) in asked {
            added.push(self.add_url(app, add, &url).await?);
        }
        Ok(added)
    }
}
