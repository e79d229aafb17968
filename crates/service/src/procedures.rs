//! Procedures: named lists of what is to be made of a video.

use stillframe_database::DatabaseError;
use stillframe_domain::{App, ErrorCode, OutputId, Procedure, ProcedureStep, StepShape};

use crate::submit_snapshot::{OUTPUTS_MAX, check_spec};
use crate::{OutputRequest, Result, Service, ServiceError, invalid};

/// Longest key of a procedure, in characters.
pub const PROCEDURE_KEY_CHARS_MAX: usize = 64;
/// Longest remark on a procedure, in characters.
pub const PROCEDURE_COMMENT_CHARS_MAX: usize = 256;
/// Most procedures of an app.
pub const PROCEDURES_MAX: usize = 200;

/// What an owner says of a procedure.
#[derive(Debug, Clone)]
pub struct ProcedureDraft {
    /// Names it within the app, 1 to 64 characters.
    pub key: String,
    /// A name for people.
    pub title: String,
    /// A remark for people.
    pub comment: String,
    /// What is made, 1 to 32 sets.
    pub steps: Vec<ProcedureStep>,
}

impl Service {
    /// Keeps a new procedure.
    ///
    /// # Errors
    /// `DuplicateProcedure`; `LimitExceeded` beyond 200 procedures; `TemplateNotFound` for a step
    /// by a template that is not there; `InvalidParameter`.
    pub async fn create_procedure(&self, app: &App, draft: ProcedureDraft) -> Result<Procedure> {
        self.check_draft(app, &draft).await?;
        if self.database().list_procedures(app.id).await?.len() >= PROCEDURES_MAX {
            let message = format!("the app has {PROCEDURES_MAX} procedures, the most that it may");
            return Err(ServiceError::new(ErrorCode::LimitExceeded, message));
        }
        let now = self.now();
        let ProcedureDraft { key, title, comment, steps } = draft;
        let procedure = Procedure { key, title, comment, steps, created_at: now, updated_at: now };
        match self.database().insert_procedure(app.id, &procedure).await {
            Ok(()) => Ok(procedure),
            Err(DatabaseError::Conflict { .. }) => {
                let message = "the app has a procedure of this name";
                Err(ServiceError::new(ErrorCode::DuplicateProcedure, message))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A key for a procedure whose owner gives it none: 32 hex digits.
    pub fn mint_procedure_key(&self) -> String {
        OutputId::mint(self.rng()).to_string()
    }

    /// The app's procedure of that key.
    ///
    /// # Errors
    /// `ProcedureNotFound`, also for another app's.
    pub async fn find_procedure(&self, app: &App, key: &str) -> Result<Procedure> {
        self.database().find_procedure(app.id, key).await?.ok_or_else(not_found)
    }

    /// The app's procedures, oldest first.
    ///
    /// # Errors
    /// Database failures.
    pub async fn list_procedures(&self, app: &App) -> Result<Vec<Procedure>> {
        Ok(self.database().list_procedures(app.id).await?)
    }

    /// Replaces a procedure; the time of its making stays.
    ///
    /// # Errors
    /// `ProcedureNotFound`; `TemplateNotFound`; `InvalidParameter`.
    pub async fn replace_procedure(&self, app: &App, draft: ProcedureDraft) -> Result<Procedure> {
        let old = self.find_procedure(app, &draft.key).await?;
        self.check_draft(app, &draft).await?;
        let ProcedureDraft { key, title, comment, steps } = draft;
        let procedure =
            Procedure { key, title, comment, steps, created_at: old.created_at, updated_at: self.now() };
        if self.database().update_procedure(app.id, &procedure).await? {
            Ok(procedure)
        } else {
            Err(not_found())
        }
    }

    /// Removes a procedure. What was made by it stays.
    ///
    /// # Errors
    /// `ProcedureNotFound`.
    pub async fn delete_procedure(&self, app: &App, key: &str) -> Result<()> {
        if self.database().delete_procedure(app.id, key).await? { Ok(()) } else { Err(not_found()) }
    }

    /// What a procedure asks for, by its templates as they are now.
    ///
    /// # Errors
    /// `TemplateNotFound` when a template was removed meanwhile.
    pub async fn procedure_outputs(&self, app: &App, procedure: &Procedure) -> Result<Vec<OutputRequest>> {
        let mut outputs = Vec::with_capacity(procedure.steps.len());
        for step in &procedure.steps {
            outputs.extend(self.step_outputs(app, step).await?);
        }
        Ok(outputs)
    }

    /// What a step asks for: its own set, and those that its template keeps beside it.
    async fn step_outputs(&self, app: &App, step: &ProcedureStep) -> Result<Vec<OutputRequest>> {
        match &step.shape {
            StepShape::Spec(spec) => {
                Ok(vec![OutputRequest { kind: step.kind, template: None, spec: spec.clone() }])
            }
            StepShape::Template { reference, selection } => {
                let mut outputs = self.template_outputs(app, reference).await?;
                if let Some(own) = outputs.first_mut() {
                    own.kind = step.kind;
                }
                for output in &mut outputs {
                    output.spec.selection = selection.as_ref().unwrap_or(&output.spec.selection).clone();
                }
                Ok(outputs)
            }
        }
    }

    async fn check_draft(&self, app: &App, draft: &ProcedureDraft) -> Result<()> {
        let length = draft.key.chars().count();
        if !(1..=PROCEDURE_KEY_CHARS_MAX).contains(&length) || draft.key.chars().any(char::is_control) {
            return Err(invalid("name", format!("1 to {PROCEDURE_KEY_CHARS_MAX} characters")));
        }
        if draft.title.chars().count() > PROCEDURE_COMMENT_CHARS_MAX
            || draft.comment.chars().count() > PROCEDURE_COMMENT_CHARS_MAX
        {
            return Err(invalid("comment", format!("at most {PROCEDURE_COMMENT_CHARS_MAX} characters")));
        }
        if draft.steps.is_empty() || draft.steps.len() > OUTPUTS_MAX {
            return Err(invalid("steps", format!("1 to {OUTPUTS_MAX}")));
        }
        for step in &draft.steps {
            self.step_outputs(app, step).await?.iter().try_for_each(|output| check_spec(&output.spec))?;
        }
        Ok(())
    }
}

fn not_found() -> ServiceError {
    ServiceError::new(ErrorCode::ProcedureNotFound, "there is no such procedure")
}
