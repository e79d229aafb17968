//! Templates.

use stillframe_domain::{SizeRule, Template, TemplateFamily, TemplateRef, Timestamp, template};

use super::Subject;
use super::samples::numbered;
use crate::DatabaseError;

pub(super) async fn run(make: &impl AsyncFn() -> Subject) {
    templates_belong_to_an_app_a_family_and_a_name(make().await).await;
}

async fn templates_belong_to_an_app_a_family_and_a_name(s: Subject) {
    let (own, other) = (s.app().await.id, s.app().await.id);
    let spec = template::presets().remove(3).spec;
    let named = |reference, name: &str| Template {
        reference,
        name: name.to_owned(),
        comment: "a remark".to_owned(),
        created_at: Some(Timestamp::from_millis(1)),
        updated_at: Some(Timestamp::from_millis(2)),
        spec: spec.clone(),
        origin: (name == "c").then_some(SizeRule { width_px: Some(320), ..SizeRule::default() }),
    };
    let hex = TemplateRef::Hex("0123456789abcdef0123456789abcdef".to_owned());
    let sprite = TemplateRef::Numbered { family: TemplateFamily::Sprite, number: 30_001 };
    let templates = [named(numbered(30_001), "a"), named(hex.clone(), "b"), named(sprite, "c")];
    for template in &templates {
        s.database.insert_template(own, template).await.expect("insert");
        let found = s.database.find_template(own, &template.reference).await.expect("find");
        assert_eq!(found.as_ref(), Some(template));
    }
    let conflict = s.database.insert_template(own, &templates[1]).await;
    assert!(matches!(conflict, Err(DatabaseError::Conflict { .. })), "{conflict:?}");
    assert_eq!(s.database.list_templates(own).await.expect("list"), templates);

    assert_eq!(s.database.find_template(other, &hex).await.expect("find"), None);
    assert!(!s.database.update_template(other, &templates[1]).await.expect("update"));
    assert!(!s.database.delete_template(other, &hex).await.expect("delete"));
    s.database
        .insert_template(other, &named(hex.clone(), "of the other"))
        .await
        .expect("the name is free there");

    let renamed = named(hex.clone(), "renamed");
    assert!(s.database.update_template(own, &renamed).await.expect("update"));
    assert_eq!(s.database.find_template(own, &hex).await.expect("find"), Some(renamed));
    assert!(s.database.delete_template(own, &hex).await.expect("delete"));
    assert!(!s.database.delete_template(own, &hex).await.expect("delete"));
    assert_eq!(s.database.list_templates(own).await.expect("list").len(), 2);
    assert_eq!(s.database.list_templates(other).await.expect("list").len(), 1);
}
