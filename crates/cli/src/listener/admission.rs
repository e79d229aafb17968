//! How many connections there may be: in all, and from one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Bits of an IPv6 address that one client has to itself at least.
const IPV6_PREFIX_BITS: u32 = 64;

/// Counts the connections of a listener.
#[derive(Debug)]
pub struct Admission {
    most: usize,
    most_per_address: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place of one connection, free again when it is dropped.
#[derive(Debug)]
pub struct Place {
    admission: Arc<Admission>,
    address: IpAddr,
}

impl Admission {
    /// At most `most` connections, and `most_per_address` of one address unless that is 0.
    pub fn new(most: usize, most_per_address: usize) -> Arc<Self> {
        Arc::new(Self { most, most_per_address, open: Mutex::default() })
    }

    /// A place for a connection from there, if there is one.
    pub fn admit(self: &Arc<Self>, from: IpAddr) -> Option<Place> {
        let address = client(from);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.by_address.get(&address).copied().unwrap_or_default();
        let is_full = self.most <= open.all || (self.most_per_address != 0 && self.most_per_address <= own);
        if is_full {
            return None;
        }
        open.all += 1;
        metrics::gauge!("stillframe_http_connections").increment(1.0);
        open.by_address.insert(address, own + 1);
        Some(Place { admission: Arc::clone(self), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.admission.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        metrics::gauge!("stillframe_http_connections").decrement(1.0);
        let own = open.by_address.get(&self.address).copied().unwrap_or_default();
        if own <= 1 {
            open.by_address.remove(&self.address);
        } else {
            open.by_address.insert(self.address, own - 1);
        }
    }
}

/// The address as one client has it: an IPv4 address, or the network of an IPv6 one.
fn client(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() >> (128 - IPV6_PREFIX_BITS) << (128 - IPV6_PREFIX_BITS);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn places_are_counted_in_all_and_by_client_and_come_free() {
        let admission = Admission::new(4, 2);
        let first = admission.admit(ip("192.0.2.1")).expect("the first");
        let _second = admission.admit(ip("::ffff:192.0.2.1")).expect("the second of the same client");
        assert!(admission.admit(ip("192.0.2.1")).is_none(), "a third of one client");
        let _third = admission.admit(ip("2001:db8::1")).expect("another client");
        let _fourth = admission.admit(ip("2001:db8::2")).expect("the same network");
        assert!(admission.admit(ip("2001:db8:0:1::1")).is_none(), "a fifth in all");
        drop(first);
        assert!(admission.admit(ip("2001:db8::3")).is_none(), "a third of one network");
        assert!(admission.admit(ip("192.0.2.1")).is_some());
        let open = admission.open.lock().expect("unpoisoned");
        assert_eq!((open.all, open.by_address.len()), (3, 2), "what is free is forgotten");
    }

    #[test]
    fn zero_means_no_limit_by_client() {
        let admission = Admission::new(3, 0);
        let places: Vec<_> = (0..4).map(|_| admission.admit(ip("192.0.2.1"))).collect();
        assert_eq!(places.iter().filter(|place| place.is_some()).count(), 3);
    }
}
