//! Pictures, fetched by their URLs as the application's users would.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::client::Client;

/// Fetches and decodes each picture, and keeps it in `folder`.
///
/// # Errors
/// When one is missing, or is no picture.
pub async fn fetch(app: &Client, urls: &[String], folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (index, url) in urls.iter().enumerate() {
        let bytes = app.fetch(url).await.with_context(|| format!("cannot fetch {url}"))?;
        let picture = image::load_from_memory(&bytes).with_context(|| format!("{url} is no picture"))?;
        let name = url.rsplit('/').next().unwrap_or(url);
        let path = folder.join(format!("{:02}-{name}", index + 1));
        fs::write(&path, &bytes).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{}x{}  {url}\n      {}", picture.width(), picture.height(), path.display());
    }
    Ok(())
}
