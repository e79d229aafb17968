//! Vectors of the vendors' pages, and that nothing signed can be changed.

use proptest::prelude::*;

use super::*;

/// A full minute, which is all that type B keeps.
const NOW_S: i64 = 1_699_999_980;
const SIGNED_S: u32 = 1_699_999_980;
const KEY: &str = "aliyuncdnexp1234";
const PATH: &str = "/media/d3e680e618708efbf2cae7cc931aaaaa/covers/6b6ad9bf-00001.jpg";

fn keys(secret: &str) -> [Key<'_>; 3] {
    [Family::Alibaba, Family::Tencent, Family::Native].map(|family| Key { family, secret })
}

fn outcome(url: &str, now_s: i64) -> Result<Scheme, Option<Reason>> {
    let token = parse(url).ok_or(None)?;
    verify(&token, &keys(KEY), now_s, 0, 0).map(|()| token.scheme()).map_err(|refusal| Some(refusal.reason))
}

fn signed(signed_s: u32, path: &str, key: &str) -> [(Scheme, String); 7] {
    let restrictions = tencent::Restrictions {
        id: "72d4cd1101".to_owned(),
        referers_allowed: "a.example,*.b.example".to_owned(),
        ..tencent::Restrictions::default()
    };
    [
        (Scheme::AlibabaA, alibaba::sign_a(path, signed_s, "0", key)),
        (Scheme::AlibabaB, alibaba::sign_b(path, signed_s, key)),
        (Scheme::AlibabaC1, alibaba::sign_c1(path, signed_s, key)),
        (Scheme::AlibabaC2, alibaba::sign_c2(path, signed_s, key)),
        (Scheme::Tencent, tencent::sign(path, signed_s, &tencent::Restrictions::default(), key)),
        (Scheme::Tencent, tencent::sign(path, signed_s, &restrictions, key)),
        (Scheme::Native, native::sign(path, signed_s, key)),
    ]
}

#[test]
fn alibabas_vectors_are_reproduced() {
    assert_eq!(
        alibaba::sign_a("/video/standard/1K.html", 1_444_435_200, "0", KEY),
        "/video/standard/1K.html?auth_key=1444435200-0-0-80cd3862d699b7118eed99103f2a3a4f"
    );
    // 2015-08-15 08:00 in UTC+8.
    assert_eq!(
        alibaba::sign_b("/4/44/44c0909bcfc20a01afaf256ca99a8b8b.mp3", 1_439_596_800, KEY),
        "/201508150800/9044548ef1527deadafa49a890a377f0/4/44/44c0909bcfc20a01afaf256ca99a8b8b.mp3"
    );
    assert_eq!(
        alibaba::sign_c1("/test.flv", 1_439_596_800, KEY),
        "/a37fa50a5fb8f71214b1e7c95ec7a1bd/55CE8100/test.flv"
    );
    assert_eq!(
        alibaba::sign_c2("/test.flv", 1_439_596_800, KEY),
        "/test.flv?KEY1=a37fa50a5fb8f71214b1e7c95ec7a1bd&KEY2=55CE8100"
    );
}

#[test]
fn tencents_vectors_are_reproduced() {
    let key = "24FEQmTzro4V5u3D5epW";
    let plain = tencent::Restrictions { id: "72d4cd1101".to_owned(), ..tencent::Restrictions::default() };
    let limited = tencent::Restrictions { addresses_max: "3".to_owned(), ..plain.clone() };
    let preview = tencent::Restrictions { preview_s: "300".to_owned(), ..plain.clone() };
    for (restrictions, query) in [
        (plain, "us=72d4cd1101&sign=3d8488faeb37d52d6bf63b63c1b171c3"),
        (limited, "rlimit=3&us=72d4cd1101&sign=c5214f0d5961b13acd558b4957c4dfc5"),
        (preview, "exper=300&us=72d4cd1101&sign=547d98c4b91e81b5ea55c95cef63223f"),
    ] {
        let url = tencent::sign("/dir1/dir2/myVideo.mp4", 0x5a71_afc0, &restrictions, key);
        assert_eq!(url, format!("/dir1/dir2/myVideo.mp4?t=5a71afc0&{query}"));
        let token = parse(&url).expect("signed");
        assert_eq!(token.restrictions(), Some(&restrictions));
        assert_eq!(verify(&token, &keys(key), 0x5a71_afc0, 0, 0), Ok(()));
    }
}

/// Expected value computed by Python's `hmac` and `base64.urlsafe_b64encode`.
#[test]
fn our_own_form_is_a_plain_hmac() {
    let url = native::sign("/media/v/covers/o-00001.jpg", 1_700_000_000, "key");
    assert_eq!(
        url,
        "/media/v/covers/o-00001.jpg?expires=1700000000&signature=5uB1n0iKWAQA2WkYZ8mIGdqwcz2nOUesrLDzfNgQ4JE"
    );
}

#[test]
fn every_shape_gives_its_bare_path_back() {
    for (scheme, url) in signed(SIGNED_S, PATH, KEY) {
        let token = parse(&url).expect("signed");
        assert_eq!((token.scheme(), token.path()), (scheme, PATH), "{url}");
        assert_eq!(verify(&token, &keys(KEY), NOW_S, 0, 0), Ok(()), "{url}");
        let more = if url.contains('?') { format!("{url}&x=1") } else { format!("{url}?x=1") };
        assert_eq!(parse(&more).map(|token| token.path().to_owned()).as_deref(), Some(PATH), "{more}");
    }
}

/// The extended form; expected value computed by Python's `hashlib.md5`.
#[test]
fn tencents_lists_are_signed_in_their_order() {
    let restrictions = tencent::Restrictions {
        id: "72d4cd1101".to_owned(),
        referers_allowed: "a.example,*.b.example".to_owned(),
        regions_allowed: "CHN,USA".to_owned(),
        ..tencent::Restrictions::default()
    };
    let url = tencent::sign("/dir1/dir2/x.jpg", 0x5a71_afc0, &restrictions, "24FEQmTzro4V5u3D5epW");
    assert_eq!(
        url,
        "/dir1/dir2/x.jpg?t=5a71afc0&us=72d4cd1101&whref=a.example,*.b.example&whreg=CHN,USA\
         &sign=c6f9d8d78d2ad38c671ddcc1f0c11798"
    );
    let encoded = url.replace(',', "%2C").replace('*', "%2a");
    assert_eq!(parse(&encoded).as_ref().and_then(Token::restrictions), Some(&restrictions));
}

#[test]
fn other_urls_have_no_token() {
    let hash = "80cd3862d699b7118eed99103f2a3a4f";
    for url in [
        String::new(),
        PATH.to_owned(),
        format!("{PATH}?x-oss-process=image"),
        format!("/{hash}/covers/{hash}-00001.jpg"),
        format!("/{hash}/55CE810/x.jpg"),
        format!("/{hash}/55CE81000/x.jpg"),
        format!("/{hash}/55CE8100"),
        format!("/20150815080/{hash}/x.jpg"),
        format!("/201513150800/{hash}/x.jpg"),
        format!("/a?auth_key=1444435200-0-{hash}"),
        format!("/a?auth_key=1444435200-0-0-0-{hash}"),
        format!("/a?auth_key=144443520-0-0-{hash}"),
        format!("/a?auth_key=+444435200-0-0-{hash}"),
        format!("/a?auth_key=1444435200-0-0-{}", hash.to_uppercase()),
        format!("/a?KEY1={hash}"),
        format!("/a?t=5a71afc0&sign={hash}0"),
        format!("/a?t=5A71AFC0&sign={hash}"),
        format!("/a?t=5a71afc07&sign={hash}"),
        format!("/a?t=5a71afc0&rlimit=x&sign={hash}"),
        format!("/a?t=5a71afc0&us=%80%00&sign={hash}"),
        format!("/a?expires=1700000000&signature={hash}"),
        format!("/a?expires=99999999999&signature={}", "a".repeat(43)),
    ] {
        assert_eq!(parse(&url), None, "{url}");
    }
}

#[test]
fn both_keys_are_good_and_empty_ones_are_none() {
    for (scheme, url) in signed(SIGNED_S, PATH, "second") {
        let token = parse(&url).expect("signed");
        let key = |secret| Key { family: scheme.family(), secret };
        assert_eq!(verify(&token, &[key("first"), key("second")], NOW_S, 0, 0), Ok(()));
        let refusal = verify(&token, &[key("first")], NOW_S, 0, 0).expect_err("refused");
        assert_eq!(refusal.reason, Reason::WrongSignature);
    }
    for (scheme, url) in signed(SIGNED_S, PATH, "") {
        let token = parse(&url).expect("signed");
        let key = Key { family: scheme.family(), secret: "" };
        assert!(verify(&token, &[key], NOW_S, 0, 0).is_err(), "{url}");
        assert!(verify(&token, &[], NOW_S, 0, 0).is_err());
    }
}

#[test]
fn urls_expire_after_validity_and_tolerance() {
    for (scheme, url) in signed(SIGNED_S, PATH, KEY) {
        let token = parse(&url).expect("signed");
        let validity_s = if scheme.family() == Family::Alibaba { 1800 } else { 0 };
        let last_s = NOW_S + validity_s + 300;
        assert_eq!(verify(&token, &keys(KEY), last_s, 1800, 300), Ok(()), "{url}");
        let refusal = verify(&token, &keys(KEY), last_s + 1, 1800, 300).expect_err("expired");
        assert_eq!(refusal.reason, Reason::Expired, "{url}");
    }
}

#[test]
fn refusals_are_worded_as_the_vendor_words_them() {
    let hash = "80cd3862d699b7118eed99103f2a3a4f";
    let url = format!("/video/standard/1K.html?auth_key=1444435200-0-0-{hash}");
    let text = |secret, now_s| {
        let token = parse(&url).expect("signed");
        verify(&token, &keys(secret), now_s, 0, 0).expect_err("refused").text
    };
    assert_eq!(text("other", 0), format!("denied by req auth: invalid md5hash={hash}"));
    assert_eq!(text(KEY, NOW_S), "denied by req auth: expired timestamp=1444435200");
}

#[test]
fn a_hash_of_one_family_is_worth_nothing_in_another() {
    let url = alibaba::sign_c1("/d/deadbeef01.jpg", SIGNED_S, KEY);
    let hash = &url[1..33];
    let forged = format!("/d/other.jpg?t=deadbeef&whref=01.jpg{:08X}&sign={hash}", SIGNED_S);
    let token = parse(&forged).expect("it has the shape");
    let all = keys(KEY);
    assert_eq!(verify(&token, &all, NOW_S, 0, 0), Ok(()), "one text for two families is the danger");
    let refusal = verify(&token, &all[..1], NOW_S, 0, 0).expect_err("refused");
    assert_eq!(refusal.reason, Reason::WrongSignature);
}

#[test]
fn a_tencent_expiry_does_not_grow_by_digits_of_its_neighbour() {
    let restrictions = tencent::Restrictions { id: "72d4cd1101".to_owned(), ..Default::default() };
    let url = tencent::sign(PATH, SIGNED_S, &restrictions, KEY);
    let forged = url.replace("&us=7", "7&us=");
    assert_ne!(forged, url);
    assert_eq!(outcome(&url, NOW_S), Ok(Scheme::Tencent));
    assert_eq!(outcome(&forged, NOW_S), Err(None));
}

proptest! {
    #[test]
    fn an_altered_url_is_refused(
        which in 0..7_usize, at: prop::sample::Index, by in "[0-9a-fA-FgG/?&=.,_-]",
    ) {
        let (scheme, url) = signed(SIGNED_S, PATH, KEY)[which].clone();
        let at = at.index(url.len());
        let mut altered = url.clone();
        altered.replace_range(at..=at, &by);
        prop_assume!(altered != url);
        // A Tencent URL is good for its folder, whatever the name of the file.
        let file = PATH.rfind('/').expect("a slash") + 1..PATH.len();
        prop_assume!(scheme != Scheme::Tencent || by == "/" || !file.contains(&at));
        prop_assert!(outcome(&altered, NOW_S).is_err(), "{}", altered);
    }

    #[test]
    fn any_path_can_be_signed(path in "(/[a-zA-Z0-9._%-]{1,12}){1,5}", key in "[a-zA-Z0-9]{1,32}", signed_s: u32) {
        for (scheme, url) in signed(signed_s, &path, &key) {
            let token = parse(&url).expect("signed");
            // What looks like a prefix is one: those shapes are reserved.
            prop_assume!(parse(&path).is_none());
            prop_assert_eq!((token.scheme(), token.path()), (scheme, path.as_str()));
            prop_assert_eq!(verify(&token, &keys(&key), i64::from(signed_s), 60, 0), Ok(()));
            let other_key = format!("{key}x");
            prop_assert!(verify(&token, &keys(&other_key), i64::from(signed_s), 60, 0).is_err());
        }
    }
}
