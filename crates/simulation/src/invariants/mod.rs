//! What must be so after every run, whatever befell it.

pub mod events;
pub mod jobs;
pub mod objects;

use crate::world::World;

/// Checks everything; what is wrong is noted in the world.
pub fn check(world: &World) {
    let (media, jobs) = objects::list_all(world);
    jobs::check(world, &media, &jobs);
    events::check(world, &jobs);
    objects::check_at_end(world, &media, &jobs);
}
