//! Which path belongs to which dialect.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use tower_http::catch_panic::CatchPanicLayer;

use crate::state::ApiState;
use crate::{alibaba, media, mns, native, objects, observe, tencent, unread};

/// All routes of the public listener.
pub fn router(state: ApiState) -> Router {
    Router::new()
        .merge(native::routes())
        .merge(tencent::routes())
        .merge(mns::routes())
        // Both clouds speak at `/`: Tencent's requests say so, what is left is Alibaba's.
        .merge(alibaba::routes().route_layer(from_fn_with_state(state.clone(), tencent::take)))
        .fallback(media::serve)
        // Objects may have any path: their requests are known by how they are signed.
        .layer(from_fn_with_state(state.clone(), objects::take))
        .layer(from_fn(unread::drop_unread))
        .layer(CatchPanicLayer::new())
        .layer(from_fn(observe::observe))
        .with_state(state)
}
