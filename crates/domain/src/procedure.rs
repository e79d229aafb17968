//! Procedures: named lists of what is to be made of a video.

use serde::{Deserialize, Serialize};

use crate::object_key::OutputKind;
use crate::snapshot::{Selection, SnapshotSpec};
use crate::template::TemplateRef;
use crate::time::Timestamp;

/// A named list of sets of pictures, kept by an app to be asked for as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Procedure {
    /// Names it within the app.
    pub key: String,
    /// A name for people.
    pub title: String,
    /// A remark for people.
    pub comment: String,
    /// What is made, in this order.
    pub steps: Vec<ProcedureStep>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// One set of pictures of a procedure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProcedureStep {
    /// Where its objects stand.
    pub kind: OutputKind,
    /// What is made.
    pub shape: StepShape,
}

/// What a step of a procedure makes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepShape {
    /// What a template says at the time at which the procedure is asked for.
    Template {
        /// The template.
        reference: TemplateRef,
        /// In the place of the template's own selection.
        selection: Option<Selection>,
    },
    /// This.
    Spec(SnapshotSpec),
}
