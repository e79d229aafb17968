//! URLs of objects in answers: plain, or signed where the app opens its objects to signed URLs alone.

use stillframe_domain::media::Cover;
use stillframe_domain::url_signing::{URL_VALID_S_DEFAULT, UrlKey, UrlScheme};
use stillframe_domain::{App, Media, MediaSource};
use stillframe_service::Service;
use stillframe_signing::url_keys::{alibaba, native, tencent};

/// What type A carries for uniqueness; the signature needs none.
const NO_RANDOM: &str = "0";

/// Makes the URLs of one answer.
pub(crate) struct Urls<'a> {
    base: &'a str,
    key: Option<&'a UrlKey>,
    valid_s: u32,
    now_s: i64,
}

impl<'a> Urls<'a> {
    /// URLs of an app, as of now.
    pub(crate) fn of(service: &'a Service, app: &'a App) -> Self {
        let signing = &app.settings.url_signing;
        let now_s = service.now().as_millis() / 1_000;
        Self {
            key: signing.keys.first(),
            valid_s: signing.valid_s,
            now_s,
            ..Self::plain(service.media_base(app))
        }
    }

    /// URLs below a base, none of them signed: those of events, which are told long after they happened.
    pub(crate) const fn plain(base: &'a str) -> Self {
        Self { base, key: None, valid_s: URL_VALID_S_DEFAULT, now_s: 0 }
    }

    /// URL of an object, good for the app's validity when it is signed.
    pub(crate) fn object(&self, key: &str) -> String {
        self.object_for(key, self.valid_s)
    }

    /// URL of an object, good for so many seconds when it is signed.
    pub(crate) fn object_for(&self, key: &str, valid_s: u32) -> String {
        let plain = self.rule(key);
        match self.key {
            Some(signing_key) => signed(&plain, signing_key, self.times(valid_s)),
            None => plain,
        }
    }

    /// A rule that clients expand, and then sign each URL by themselves.
    pub(crate) fn rule(&self, key: &str) -> String {
        format!("{}/{key}", self.base)
    }

    /// URL of a video's cover; one that its user set stands as it is.
    pub(crate) fn cover(&self, media: &Media) -> Option<String> {
        media.cover.as_ref().map(|cover| match cover {
            Cover::Object(key) => self.object(key),
            Cover::Url(url) => url.clone(),
        })
    }

    /// URL of a video's own bytes, when they are an object of ours.
    pub(crate) fn source(&self, media: &Media) -> Option<String> {
        match &media.source {
            MediaSource::Object { key } => Some(self.object(key)),
            MediaSource::LocalFile { .. } | MediaSource::Url { .. } => None,
        }
    }

    fn times(&self, valid_s: u32) -> Times {
        let end_s = self.now_s + i64::from(valid_s);
        let narrow = |time_s: i64| u32::try_from(time_s).unwrap_or_default();
        Times { start_s: narrow(end_s - i64::from(self.valid_s)), end_s: narrow(end_s) }
    }
}

/// When a URL ends to be good, and the start from which the app's validity reaches that end.
#[derive(Clone, Copy)]
struct Times {
    start_s: u32,
    end_s: u32,
}

fn signed(url: &str, key: &UrlKey, times: Times) -> String {
    let path_at = url.find("://").and_then(|at| url[at + 3..].find('/').map(|slash| at + 3 + slash));
    let (host, path) = url.split_at(path_at.unwrap_or(url.len()));
    let secret = &key.secret;
    let signed = match key.scheme {
        UrlScheme::Native => native::sign(path, times.end_s, secret),
        UrlScheme::Tencent => tencent::sign(path, times.end_s, &tencent::Restrictions::default(), secret),
        UrlScheme::AlibabaA => alibaba::sign_a(path, times.start_s, NO_RANDOM, secret),
        UrlScheme::AlibabaB => alibaba::sign_b(path, times.start_s, secret),
        UrlScheme::AlibabaC1 => alibaba::sign_c1(path, times.start_s, secret),
        UrlScheme::AlibabaC2 => alibaba::sign_c2(path, times.start_s, secret),
    };
    format!("{host}{signed}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url_access::permit;
    use stillframe_domain::url_signing::UrlSigning;

    #[test]
    fn what_answers_give_opens_until_its_time_is_over() {
        for scheme in UrlScheme::ALL {
            let keys = vec![UrlKey { scheme, secret: "secret1".to_owned() }];
            let signing = UrlSigning { keys, valid_s: 1_800 };
            let plain = Urls::plain("http://host:7400/media");
            let urls = Urls { key: signing.keys.first(), now_s: 1_700_000_040, ..plain };
            let url = urls.object_for("v/covers/o-00001.jpg", 3_600);
            let path = url.strip_prefix("http://host:7400").expect("the same host");
            for (now_s, is_open) in [(1_700_000_040, true), (1_700_003_580, true), (1_700_003_641, false)] {
                let opened = permit(&signing, path, None, now_s);
                assert_eq!(opened.is_ok(), is_open, "{} at {now_s}: {opened:?}", scheme.name());
            }
        }
    }

    #[test]
    fn without_keys_urls_are_plain() {
        let urls = Urls::plain("http://host");
        assert_eq!(urls.object("v/covers/o-00001.jpg"), "http://host/v/covers/o-00001.jpg");
    }
}
