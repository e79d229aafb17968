//! Procedures of apps.

use stillframe_domain::object_key::OutputKind;
use stillframe_domain::template::presets;
use stillframe_domain::{Procedure, ProcedureStep, StepShape, Timestamp};

use super::Subject;
use crate::DatabaseError;

pub(super) async fn run(make: &impl AsyncFn() -> Subject) {
    they_are_kept_changed_and_removed_by_their_app(make().await).await;
}

fn procedure(key: &str) -> Procedure {
    let template = presets().remove(0);
    let by_template = StepShape::Template { reference: template.reference, selection: None };
    Procedure {
        key: key.to_owned(),
        title: "Covers".to_owned(),
        comment: "of films".to_owned(),
        steps: vec![
            ProcedureStep { kind: OutputKind::Normal, shape: by_template },
            ProcedureStep { kind: OutputKind::Cover, shape: StepShape::Spec(template.spec) },
        ],
        created_at: Timestamp::from_secs(1),
        updated_at: Timestamp::from_secs(2),
    }
}

async fn they_are_kept_changed_and_removed_by_their_app(s: Subject) {
    let (own, other) = (s.app().await.id, s.app().await.id);
    let (first, second) = (procedure("first"), procedure("second"));
    for procedure in [&first, &second] {
        s.database.insert_procedure(own, procedure).await.expect("insert");
    }
    let taken = s.database.insert_procedure(own, &procedure("first")).await;
    assert!(matches!(taken, Err(DatabaseError::Conflict { .. })), "{taken:?}");
    s.database.insert_procedure(other, &procedure("first")).await.expect("another app's");
    assert_eq!(s.database.list_procedures(own).await.expect("list"), [first.clone(), second.clone()]);

    let changed = Procedure {
        title: "Other".to_owned(),
        steps: Vec::new(),
        updated_at: Timestamp::from_secs(9),
        ..first
    };
    assert!(s.database.update_procedure(own, &changed).await.expect("update"));
    assert_eq!(s.database.find_procedure(own, "first").await.expect("find"), Some(changed));
    assert_eq!(s.database.find_procedure(other, "first").await.expect("find"), Some(procedure("first")));
    assert!(!s.database.update_procedure(other, &second).await.expect("update"));

    assert!(!s.database.delete_procedure(other, "second").await.expect("delete"));
    assert!(s.database.delete_procedure(own, "second").await.expect("delete"));
    assert_eq!(s.database.find_procedure(own, "second").await.expect("find"), None);
}
