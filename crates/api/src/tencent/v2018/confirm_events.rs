//! `ConfirmEvents`: pulled events that never need come again.
//!
//! Source: 266/33434.

use stillframe_domain::{App, ErrorCode, limits};
use stillframe_service::{Service, ServiceError};

use super::envelope::Answer;
use super::error::Refusal;
use super::input::Input;

/// Confirms up to 16 handles. Valid ones count even when others are refused.
pub(super) async fn run(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    let handles = input.texts("EventHandles")?;
    if handles.is_empty() {
        return Err(Refusal::missing("EventHandles"));
    }
    if handles.len() > limits::PULL_BATCH_MAX {
        let expected = format!("at most {} handles", limits::PULL_BATCH_MAX);
        return Err(Refusal::value("InvalidParameterValue", "EventHandles", expected));
    }
    let report = service.confirm_events(app, &handles).await?;
    if report.stale.is_empty() {
        return Ok(Answer::new());
    }
    let message = format!(
        "{} of {} handles have expired or were never given; the others are confirmed",
        report.stale.len(),
        handles.len()
    );
    Err(ServiceError::new(ErrorCode::HandleExpired, message).into())
}
