//! Names to vetted addresses.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::{AddressGuard, Refusal};

/// Finds the addresses of a name.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// All of them, in the order in which they are to be tried.
    ///
    /// # Errors
    /// When the name has none, or nobody knows.
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// Looks a name up once, and hands on only the addresses that the guard lets through.
///
/// The connection is made to what this returns, so there is no moment between check and use.
pub(crate) struct GuardedResolver {
    pub(crate) guard: AddressGuard,
    pub(crate) lookup: Arc<dyn Lookup>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, lookup) = (self.guard.clone(), Arc::clone(&self.lookup));
        Box::pin(async move {
            let mut first_refusal: Option<Refusal> = None;
            let mut vetted = Vec::new();
            for address in lookup.lookup(name.as_str()).await? {
                match guard.vet(address) {
                    // Port 0 is replaced by that of the URL.
                    Ok(()) => vetted.push(SocketAddr::new(address, 0)),
                    Err(refusal) => first_refusal = first_refusal.or(Some(refusal)),
                }
            }
            match (vetted.is_empty(), first_refusal) {
                (true, Some(refusal)) => Err(refusal.into()),
                (true, None) => Err("the name has no address".into()),
                (false, _) => Ok(Box::new(vetted.into_iter()) as Addrs),
            }
        })
    }
}
