//! `ProcessFileByProcedure`: what a procedure of the app asks for, of one video.
//!
//! Source: 266/9045. Each task has its own id and its own event: the first sprite and the first pictures by
//! offset those of `CreateImageSprite` and `CreateSnapshotByTimeOffset`; all others are one procedure.

use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{App, ErrorCode, Product, RequestKind, Selection};
use stillframe_service::{OutputRequest, Service, ServiceError};

use super::envelope::Answer;
use super::error::Refusal;
use super::params::Params;
use super::pictures;
use crate::tencent::task_id;

/// Accepts the tasks and answers their ids.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let media = pictures::file_id(params)?;
    let procedure = service.find_procedure(app, params.required("procedure")?).await?;
    let outputs = service.procedure_outputs(app, &procedure).await.map_err(creation)?;
    let tasks = Tasks::of(outputs);
    let mut answer = Answer::new();
    let named: [(&str, RequestKind, Vec<OutputRequest>); 3] = [
        ("imageSpriteTaskId", RequestKind::Sprite, tasks.sprite.into_iter().collect()),
        ("snapshotByTimeOffsetTaskId", RequestKind::TimeOffsets, tasks.by_offset.into_iter().collect()),
        ("procedureTaskId", RequestKind::Procedure, tasks.others),
    ];
    for (name, kind, outputs) in named {
        if outputs.is_empty() {
            continue;
        }
        let request = pictures::by_procedure(&procedure, pictures::request(kind, outputs));
        let job = service.submit_snapshot(app, &media, request).await?;
        let id = match kind {
            RequestKind::Sprite => task_id::of_sprite(&job.id),
            RequestKind::TimeOffsets => task_id::of_offsets(&job.id),
            _ => task_id::of_procedure(&job.id),
        };
        answer.insert(name.to_owned(), id.into());
    }
    Ok(answer)
}

/// The sets of a procedure by the tasks that they become.
#[derive(Debug, Default)]
struct Tasks {
    sprite: Option<OutputRequest>,
    by_offset: Option<OutputRequest>,
    others: Vec<OutputRequest>,
}

impl Tasks {
    fn of(outputs: Vec<OutputRequest>) -> Self {
        let mut tasks = Self::default();
        for output in outputs {
            let place = match (output.kind, &output.spec.product, &output.spec.selection) {
                (OutputKind::Sprite, Product::Sprite { .. }, _) => Some(&mut tasks.sprite),
                (OutputKind::Normal, Product::Stills { .. }, Selection::Offsets(_)) => {
                    Some(&mut tasks.by_offset)
                }
                _ => None,
            };
            match place {
                Some(place) if place.is_none() => *place = Some(output),
                _ => tasks.others.push(output),
            }
        }
        tasks
    }
}

/// A template of the procedure may have been removed meanwhile.
fn creation(error: ServiceError) -> Refusal {
    match error.code {
        ErrorCode::TemplateNotFound => Refusal::procedure_creation(&error.message),
        _ => error.into(),
    }
}
