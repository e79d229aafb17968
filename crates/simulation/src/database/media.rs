//! Videos, uploads, and what is of no use any more.

use std::time::Duration;

use stillframe_database::{
    ArrivalOutcome, MediaFilter, MediaMatches, NewMedia, Page, PartOutcome, Result, UploadArrival,
};
use stillframe_domain::{
    AppId, Event, Media, MediaId, MediaUpdate, Multipart, MultipartId, Part, UploadId, UploadSession,
    VideoId, object_key,
};

use super::forward::forward;
use crate::breaks::Break;

forward!(MediaStore {
    find_media(app_id: AppId, id: MediaId) -> Option<Media>;
    find_media_by_video_id(app_id: AppId, id: &VideoId) -> Option<Media>;
    find_media_of_object(id: &VideoId) -> Option<Media>;
    list_media(app_id: AppId, after: Option<&str>, limit: usize) -> Page<Media>;
    search_media(app_id: AppId, filter: &MediaFilter, offset: u64, limit: usize) -> MediaMatches;
} {
    async fn insert_media(&self, new: &NewMedia) -> Result<()> {
        let real = self.real();
        let call = async { real.insert_media(new).await };
        self.call_then("insert_media", call, |()| self.world().ledger().tell(&new.events)).await
    }

    async fn update_media(
        &self,
        app_id: AppId,
        id: MediaId,
        update: &MediaUpdate,
        events: &[Event],
    ) -> Result<bool> {
        let real = self.real();
        let call = async { real.update_media(app_id, id, update, events).await };
        let note = |&is_done: &bool| {
            if is_done {
                self.world().ledger().tell(events);
            }
        };
        self.call_then("update_media", call, note).await
    }

    async fn delete_media(&self, app_id: AppId, id: MediaId, events: &[Event]) -> Result<bool> {
        let real = self.real();
        let call = async { real.delete_media(app_id, id, events).await };
        let note = |&is_done: &bool| {
            if is_done {
                self.world().ledger().tell(events);
            }
        };
        self.call_then("delete_media", call, note).await
    }
});

forward!(Uploads {
    insert_upload(session: &UploadSession, media: Option<&NewMedia>) -> ();
    find_upload(app_id: AppId, id: &UploadId) -> Option<UploadSession>;
    find_upload_by_key(key_id: &str) -> Option<UploadSession>;
    expire_uploads(limit: usize) -> Vec<UploadSession>;
    delete_upload(id: &UploadId) -> ();
    insert_multipart(multipart: &Multipart, limit: usize) -> bool;
    list_multiparts(app_id: AppId, object_key: &str) -> Vec<Multipart>;
    list_stale_multiparts(limit: usize) -> Vec<Multipart>;
    delete_multipart(id: &MultipartId) -> bool;
    put_part(id: &MultipartId, part: &Part, size_bytes_max: u64) -> PartOutcome;
    list_parts(id: &MultipartId, after: u32, limit: usize) -> Vec<Part>;
} {
    async fn commit_upload(&self, id: &UploadId, media: &NewMedia) -> Result<bool> {
        let real = self.real();
        let call = async { real.commit_upload(id, media).await };
        let note = |&is_done: &bool| {
            if is_done {
                self.world().ledger().tell(&media.events);
            }
        };
        self.call_then("commit_upload", call, note).await
    }

    async fn record_arrival(&self, arrival: &UploadArrival) -> Result<ArrivalOutcome> {
        let real = self.real();
        let call = async { real.record_arrival(arrival).await };
        let note = |outcome: &ArrivalOutcome| {
            if let (ArrivalOutcome::Recorded, Some(media)) = (outcome, &arrival.media) {
                self.world().ledger().tell(&media.events);
            }
        };
        self.call_then("record_arrival", call, note).await
    }
});

forward!(Cleaning {
    forget_jobs(keep: Duration, limit: usize) -> u64;
    forget_events(keep: Duration, limit: usize) -> u64;
} {
    async fn list_unreferenced(&self, keys: &[String]) -> Result<Vec<String>> {
        let real = self.real();
        let call = async {
            match self.world().broken {
                Some(Break::CleanReferenced) => Ok(keys.to_vec()),
                Some(Break::CleanNothing) => Ok(Vec::new()),
                Some(Break::CleanUnfinished) => {
                    let reported = self.world().ledger().reported.clone();
                    let is_free = |key: &&String| {
                        let is_taken = key.contains("/snapshots/") || key.contains("/covers/");
                        is_taken && !object_key::is_brought_cover(key) && !reported.contains(*key)
                    };
                    let mut found = real.list_unreferenced(keys).await?;
                    found.extend(keys.iter().filter(is_free).cloned());
                    found.sort_unstable();
                    found.dedup();
                    Ok(found)
                }
                _ => real.list_unreferenced(keys).await,
            }
        };
        self.call("list_unreferenced", call).await
    }
});
