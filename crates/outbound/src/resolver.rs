//! Names to vetted addresses.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::{AddressGuard, Refusal};

/// Resolves by the system's resolver and hands on only the addresses that the guard lets through.
///
/// The connection is made to what this returns, so there is no moment between check and use.
pub(crate) struct GuardedResolver {
    pub(crate) guard: AddressGuard,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.guard.clone();
        Box::pin(async move {
            let mut first_refusal: Option<Refusal> = None;
            let mut vetted = Vec::new();
            // Port 0 is replaced by that of the URL.
            for address in tokio::net::lookup_host((name.as_str(), 0)).await? {
                match guard.vet(address.ip()) {
                    Ok(()) => vetted.push(address),
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
