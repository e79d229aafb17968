//! `DescribeEventsState`: how many events a pull could give.
//!
//! Source: API 2018-07-17, DescribeEventsState. The vendor's count lags by minutes; ours does not.

use stillframe_domain::App;
use stillframe_service::Service;

use super::envelope::Answer;
use super::error::Refusal;

/// Counts the events that can be pulled now.
pub(super) async fn run(service: &Service, app: &App) -> Result<Answer, Refusal> {
    let depth = service.queue_depth(app).await?;
    Ok(Answer::from_iter([("CountOfEventsToPull".to_owned(), depth.visible.into())]))
}
