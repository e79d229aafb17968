//! One entry of `MediaProcessResultSet`: a task with what was asked and what came of it.

use serde_json::{Value, json};
use stillframe_domain::event::SnapshotFact;
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{Position, Product, Selection};

use super::{Progress, SUCCESS};
use crate::tencent::told::{Set, failure, url};
use crate::tencent::v2018::tasks::encode as encoded;
use crate::tencent::v2018::{err_code_ext, picture_sets};
use crate::timestamp::rfc3339_s;

/// What a set of pictures is in the vendor's words.
enum Kind {
    Cover,
    Offsets,
    Sample,
    Sprite,
}

/// The result of one task.
pub(super) fn result(fact: &SnapshotFact, set: &Set<'_>, progress: Progress) -> Value {
    let kind = kind(set);
    let (type_name, member) = match kind {
        Kind::Cover => ("CoverBySnapshot", "CoverBySnapshotTask"),
        Kind::Offsets => ("SnapshotByTimeOffset", "SnapshotByTimeOffsetTask"),
        Kind::Sample => ("SampleSnapshot", "SampleSnapshotTask"),
        // The type is in the plural, the member is not.
        Kind::Sprite => ("ImageSprites", "ImageSpriteTask"),
    };
    json!({ "Type": type_name, member: task(fact, set, &kind, progress) })
}

fn task(fact: &SnapshotFact, set: &Set<'_>, kind: &Kind, progress: Progress) -> Value {
    let begin = fact.job_started_at.map_or_else(String::new, rfc3339_s);
    if !set.is_ended(progress) {
        return json!({
            "Status": "PROCESSING", "ErrCodeExt": "", "ErrCode": 0, "Message": "",
            "Input": input(set, kind), "Output": null, "Progress": 0,
            "BeginProcessTime": begin, "FinishTime": "",
        });
    }
    let failure = failure(&set.outcome);
    let word = failure.map_or("", |failure| err_code_ext::word(failure.code));
    json!({
        "Status": if failure.is_none() { "SUCCESS" } else { "FAIL" },
        "ErrCodeExt": word,
        "ErrCode": failure.map_or(0, |_| err_code_ext::number(word)),
        "Message": failure.map_or(SUCCESS, |failure| failure.message.as_str()),
        "Input": input(set, kind),
        "Output": if failure.is_none() { output(fact, set, kind) } else { Value::Null },
        "Progress": 100,
        "BeginProcessTime": begin,
        "FinishTime": rfc3339_s(fact.job_finished_at),
    })
}

fn kind(set: &Set<'_>) -> Kind {
    match (&set.output.spec.product, &set.output.spec.selection, set.output.kind) {
        (Product::Sprite { .. }, _, _) => Kind::Sprite,
        (Product::Stills { .. }, Selection::Cover, _) | (_, Selection::Offsets(_), OutputKind::Cover) => {
            Kind::Cover
        }
        // A preview is one picture at one time, which this vendor has no other words for.
        (Product::Stills { .. }, Selection::Offsets(_) | Selection::Preview { .. }, _) => Kind::Offsets,
        (
            Product::Stills { .. },
            Selection::Series { .. } | Selection::PercentStep { .. } | Selection::Keyframes { .. },
            _,
        ) => Kind::Sample,
    }
}

fn input(set: &Set<'_>, kind: &Kind) -> Value {
    let definition = set.definition();
    let positions: &[Position] = match &set.output.spec.selection {
        Selection::Offsets(positions) => positions,
        _ => &[],
    };
    match kind {
        Kind::Cover => encoded::cover(definition, positions.first()),
        Kind::Offsets => encoded::by_offset(definition, positions),
        Kind::Sample => encoded::sample(definition),
        Kind::Sprite => encoded::sprite(definition),
    }
}

fn output(fact: &SnapshotFact, set: &Set<'_>, kind: &Kind) -> Value {
    let url = |key: &str| url(fact, key);
    let definition = set.definition();
    match kind {
        Kind::Cover => json!({ "CoverUrl": set.outcome.taken().next().map(|taken| url(&taken.key)) }),
        Kind::Offsets => picture_sets::by_offset(definition, &set.outcome, url),
        Kind::Sample => picture_sets::sample(definition, &set.output.spec.selection, &set.outcome, url),
        Kind::Sprite => picture_sets::sprite(definition, &set.outcome, url),
    }
}
