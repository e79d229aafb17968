//! The binary as its users meet it: real processes, real HTTP, real videos.

mod bad_input;
mod bodies;
mod certificate;
mod client;
mod clips;
mod crash;
mod pictures;
mod server;
mod settings;
mod tenants;
mod tls;
