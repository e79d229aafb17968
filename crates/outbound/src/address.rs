//! Which addresses may be connected to. Pure.
//!
//! Source: IANA special-purpose address registries for IPv4 and IPv6 (RFC 6890 and its successors).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Why an address may not be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{address} is {reason}")]
pub struct Refusal {
    /// The address.
    pub address: IpAddr,
    /// What kind of address it is.
    pub reason: &'static str,
}

/// Lets through public addresses, and those that the operator names.
#[derive(Debug, Clone)]
pub struct AddressGuard {
    allow: Arc<[IpNet]>,
}

impl AddressGuard {
    /// A guard that lets through `allow` beside all public addresses.
    pub fn new(allow: &[IpNet]) -> Self {
        Self { allow: allow.into() }
    }

    /// Vets one address. An IPv6 address that stands for an IPv4 one is vetted as that.
    ///
    /// # Errors
    /// [`Refusal`] when it is not public and not allowed.
    pub fn vet(&self, address: IpAddr) -> Result<(), Refusal> {
        let meant = meant(address);
        let Some(reason) = refused_reason(meant) else {
            return Ok(());
        };
        let is_allowed = self.allow.iter().any(|net| net.contains(&meant) || net.contains(&address));
        if is_allowed { Ok(()) } else { Err(Refusal { address, reason }) }
    }
}

/// The address that a packet to this one would reach. Of a tunnel's address within a site (ISATAP, RFC 5214)
/// that is the IPv4 address at its end, if that is a private one.
fn meant(address: IpAddr) -> IpAddr {
    const COMPATIBLE: Ipv6Net = v6(0, 0, 96);
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(ip) if ip.is_unspecified() || ip.is_loopback() => address,
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(mapped) => mapped.into(),
            None if COMPATIBLE.contains(&ip) => last_32_bits(ip).into(),
            None if is_isatap(ip) && refused_reason(last_32_bits(ip).into()).is_some() => {
                last_32_bits(ip).into()
            }
            None => address,
        },
    }
}

fn is_isatap(ip: Ipv6Addr) -> bool {
    let [.., fifth, sixth, _, _] = ip.segments();
    fifth & 0xfdff == 0 && sixth == 0x5efe
}

fn last_32_bits(ip: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = ip.octets();
    Ipv4Addr::new(a, b, c, d)
}

fn refused_reason(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(ip) => REFUSED_V4.iter().find(|(net, _)| net.contains(&ip)).map(|(_, reason)| *reason),
        IpAddr::V6(ip) => {
            let special = REFUSED_V6.iter().find(|(net, _)| net.contains(&ip)).map(|(_, reason)| *reason);
            special.or_else(|| (!GLOBAL_UNICAST_V6.contains(&ip)).then_some("not a public address"))
        }
    }
}

const fn v4(a: u8, b: u8, c: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, 0), prefix)
}

const fn v6(first: u16, second: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), prefix)
}

const REFUSED_V4: [(Ipv4Net, &str); 17] = [
    (v4(0, 0, 0, 8), "an address of this host"),
    (v4(10, 0, 0, 8), "a private address"),
    (v4(100, 64, 0, 10), "a shared address of a carrier"),
    (v4(127, 0, 0, 8), "a loopback address"),
    (Ipv4Net::new_assert(Ipv4Addr::new(168, 63, 129, 16), 32), "the address of a cloud's host"),
    (v4(169, 254, 0, 16), "a link-local address"),
    (v4(172, 16, 0, 12), "a private address"),
    (v4(192, 0, 0, 24), "an address for protocols"),
    (v4(192, 0, 2, 24), "an address for documentation"),
    (v4(192, 88, 99, 24), "a 6to4 relay address"),
    (v4(192, 168, 0, 16), "a private address"),
    (v4(198, 18, 0, 15), "an address for benchmarks"),
    (v4(198, 51, 100, 24), "an address for documentation"),
    (v4(203, 0, 113, 24), "an address for documentation"),
    (v4(224, 0, 0, 4), "a multicast address"),
    (v4(255, 255, 255, 24), "a broadcast address"),
    (v4(240, 0, 0, 4), "a reserved address"),
];

/// All that is assigned as public; what lies outside is refused even if no row below names it.
const GLOBAL_UNICAST_V6: Ipv6Net = v6(0x2000, 0, 3);

const REFUSED_V6: [(Ipv6Net, &str); 13] = [
    (v6(0, 0, 128), "the unspecified address"),
    (Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128), "the loopback address"),
    (v6(0x64, 0xff9b, 32), "a NAT64 address"),
    (v6(0x100, 0, 64), "a discard-only address"),
    (v6(0x2001, 0, 32), "a Teredo address"),
    (v6(0x2001, 0, 23), "an address for protocols"),
    (v6(0x2001, 0xdb8, 32), "an address for documentation"),
    (v6(0x2002, 0, 16), "a 6to4 address"),
    (v6(0x3fff, 0, 20), "an address for documentation"),
    (v6(0xfc00, 0, 7), "a private address"),
    (v6(0xfe80, 0, 10), "a link-local address"),
    (v6(0xfec0, 0, 10), "a site-local address"),
    (v6(0xff00, 0, 8), "a multicast address"),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn guard(allow: &[&str]) -> AddressGuard {
        let nets: Vec<IpNet> = allow.iter().map(|net| net.parse().unwrap()).collect();
        AddressGuard::new(&nets)
    }

    fn is_let_through(allow: &[&str], address: &str) -> bool {
        guard(allow).vet(address.parse().unwrap()).is_ok()
    }

    #[test]
    fn special_addresses_are_refused() {
        let refused = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:0:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::a00:1",
            "100::1",
            "2001:0:7f00:1::",
            "2001:2::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "4000::1",
            "fc00::1",
            "fd00::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "2606:4700::5efe:7f00:1",
            "2606:4700::200:5efe:a00:1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "::a00:1",
        ];
        for address in refused {
            assert!(!is_let_through(&[], address), "{address}");
        }
    }

    #[test]
    fn public_addresses_are_let_through() {
        let public = [
            "1.1.1.1",
            "8.8.8.8",
            "93.184.215.14",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "2606:4700:4700::1111",
            "2a00:1450:4001::1",
            "2001:4860:4860::8888",
            "2001:200::1",
            "2606:4700::5efe:808:808",
        ];
        for address in public {
            assert!(is_let_through(&[], address), "{address}");
        }
    }

    #[test]
    fn the_operator_lets_through_exactly_what_is_named() {
        let allow = ["127.0.0.0/8", "fd00:1::/32"];
        assert!(is_let_through(&allow, "127.0.0.1") && is_let_through(&allow, "::ffff:127.0.0.1"));
        assert!(is_let_through(&allow, "fd00:1::7"));
        assert!(!is_let_through(&allow, "10.0.0.1") && !is_let_through(&allow, "::1"));
        assert!(!is_let_through(&allow, "fd00:2::7") && !is_let_through(&allow, "64:ff9b::7f00:1"));
    }

    proptest! {
        #[test]
        fn an_ipv4_address_is_vetted_alike_in_all_its_forms(bits: u32) {
            let ip = Ipv4Addr::from_bits(bits);
            let guard = guard(&[]);
            let is_public = guard.vet(ip.into()).is_ok();
            prop_assert_eq!(guard.vet(ip.to_ipv6_mapped().into()).is_ok(), is_public);
            // ::0 and ::1 are addresses of IPv6 itself, and refused anyway.
            let compatible = Ipv6Addr::from_bits(u128::from(bits));
            prop_assert_eq!(guard.vet(compatible.into()).is_ok(), is_public);
        }

        #[test]
        fn what_the_standard_library_calls_special_is_refused(bits: u32) {
            let ip = Ipv4Addr::from_bits(bits);
            let is_special = ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_multicast()
                || ip.is_broadcast() || ip.is_documentation() || ip.is_unspecified();
            prop_assert!(!is_special || guard(&[]).vet(ip.into()).is_err());
        }

        #[test]
        fn a_private_ipv4_address_is_refused_within_any_form_of_ipv6(bits: u32) {
            let ip = Ipv4Addr::from_bits(bits);
            let [high, low] = [bits >> 16, bits & 0xffff].map(|part| part as u16);
            let forms = [
                ip.to_ipv6_mapped(),
                Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
                Ipv6Addr::new(0x2001, 0, high, low, 0, 0, !high, !low),
                Ipv6Addr::new(0x2606, 0x4700, 0, 0, 0, 0x5efe, high, low),
                Ipv6Addr::new(0x2606, 0x4700, 0, 0, 0x200, 0x5efe, high, low),
            ];
            let guard = guard(&[]);
            if guard.vet(ip.into()).is_err() {
                for form in forms {
                    prop_assert!(guard.vet(form.into()).is_err(), "{} as {}", ip, form);
                }
            }
        }

        #[test]
        fn what_the_operator_names_is_let_through_and_nothing_beside_it(bits: u32, prefix in 0_u8..=32) {
            let net = Ipv4Net::new(Ipv4Addr::from_bits(bits), prefix).expect("a prefix").trunc();
            let (open, closed) = (AddressGuard::new(&[net.into()]), guard(&[]));
            for ip in [net.network(), net.broadcast()] {
                prop_assert!(open.vet(ip.into()).is_ok());
            }
            let outside = [u32::from(net.network()).checked_sub(1), u32::from(net.broadcast()).checked_add(1)];
            for ip in outside.into_iter().flatten().map(Ipv4Addr::from_bits) {
                prop_assert_eq!(open.vet(ip.into()).is_ok(), closed.vet(ip.into()).is_ok());
            }
        }

        #[test]
        fn ipv6_outside_of_global_unicast_is_refused(bits: u128) {
            let ip = Ipv6Addr::from_bits(bits);
            let is_global = ip.octets()[0] >> 5 == 1;
            let stands_for_ipv4 = bits >> 32 == 0xffff || bits >> 32 == 0;
            prop_assert!(is_global || stands_for_ipv4 || guard(&[]).vet(ip.into()).is_err());
        }
    }
}
