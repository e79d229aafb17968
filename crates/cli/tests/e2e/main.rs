//! The binary as its users meet it: real processes, real HTTP, real videos.

mod bad_input;
mod bodies;
mod certificate;
mod change;
mod client;
mod clips;
mod crash;
mod deliveries;
mod disk;
mod doctor;
mod media_events;
mod no_room;
mod pictures;
mod queue;
mod remote;
mod sandbox;
mod server;
mod settings;
mod signed_urls;
mod tenants;
mod tls;
mod workflows;
