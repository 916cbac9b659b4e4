//! Which addresses may be connected to (RFC 6890 and its registries).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use portal_core::ports::FetchError;
use url::{Host, Url};

/// Most addresses of one host name; a name with more is refused.
pub(crate) const ADDRESSES_MAX: usize = 64;

/// What an address stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressScope {
    /// The public internet.
    Public,
    /// This machine.
    Loopback,
    /// A network of an organisation: RFC 1918, RFC 6598, RFC 4193.
    Private,
    /// Any other special use: link-local (the addresses of cloud metadata among them), multicast, documentation,
    /// tunnels, reserved.
    Special,
}

/// Whether an address names this machine: `localhost`, or a loopback address written out.
#[must_use]
pub fn is_loopback_url(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Which addresses one request may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The public internet only.
    Public,
    /// The public internet and this machine.
    PublicOrLoopback,
    /// This machine only.
    Loopback,
    /// Also networks of the organisation; still nothing link-local, multicast or reserved.
    Organisation,
}

impl Reach {
    /// Whether an address is within reach.
    #[must_use]
    pub fn includes(self, address: IpAddr) -> bool {
        match address_scope(address) {
            AddressScope::Public => self != Self::Loopback,
            AddressScope::Loopback => self != Self::Public,
            AddressScope::Private => self == Self::Organisation,
            AddressScope::Special => false,
        }
    }

    /// Refuses the whole answer when one of its addresses is out of reach.
    ///
    /// # Errors
    /// [`FetchError::Refused`], without naming the address; [`FetchError::Dns`] when there is none.
    pub(crate) fn vet(self, addresses: &[IpAddr]) -> Result<(), FetchError> {
        if addresses.is_empty() {
            return Err(FetchError::Dns);
        }
        if addresses.len() > ADDRESSES_MAX {
            return Err(FetchError::Refused("the host has too many addresses".to_owned()));
        }
        if addresses.iter().all(|address| self.includes(*address)) {
            return Ok(());
        }
        Err(FetchError::Refused("the host has an address that Portal must not connect to".to_owned()))
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

/// Special-use IPv4 ranges; what is not in the table is public.
const V4_RANGES: [(Ipv4Net, AddressScope); 16] = [
    (v4(0, 0, 0, 0, 8), AddressScope::Special),
    (v4(10, 0, 0, 0, 8), AddressScope::Private),
    (v4(100, 64, 0, 0, 10), AddressScope::Private),
    (v4(127, 0, 0, 0, 8), AddressScope::Loopback),
    (v4(169, 254, 0, 0, 16), AddressScope::Special),
    (v4(172, 16, 0, 0, 12), AddressScope::Private),
    (v4(192, 0, 0, 0, 24), AddressScope::Special),
    (v4(192, 0, 2, 0, 24), AddressScope::Special),
    (v4(192, 88, 99, 0, 24), AddressScope::Special),
    (v4(192, 168, 0, 0, 16), AddressScope::Private),
    (v4(198, 18, 0, 0, 15), AddressScope::Special),
    (v4(198, 51, 100, 0, 24), AddressScope::Special),
    (v4(203, 0, 113, 0, 24), AddressScope::Special),
    (v4(224, 0, 0, 0, 4), AddressScope::Special),
    (v4(240, 0, 0, 0, 4), AddressScope::Special),
    (v4(255, 255, 255, 255, 32), AddressScope::Special),
];

/// Special-use IPv6 ranges; the rest of `2000::/3` is public, and what lies outside it is not assigned.
const V6_RANGES: [(Ipv6Net, AddressScope); 12] = [
    // `::`, `::1` (judged before) and the IPv4-compatible form.
    (v6(0, 0, 0, 96), AddressScope::Special),
    (v6(0x64, 0xff9b, 1, 48), AddressScope::Special),
    (v6(0x100, 0, 0, 64), AddressScope::Special),
    (v6(0x2001, 0, 0, 23), AddressScope::Special),
    (v6(0x2001, 0xdb8, 0, 32), AddressScope::Special),
    (v6(0x2002, 0, 0, 16), AddressScope::Special),
    (v6(0x3fff, 0, 0, 20), AddressScope::Special),
    (v6(0x5f00, 0, 0, 16), AddressScope::Special),
    (v6(0xfc00, 0, 0, 7), AddressScope::Private),
    (v6(0xfe80, 0, 0, 10), AddressScope::Special),
    (v6(0xfec0, 0, 0, 10), AddressScope::Special),
    (v6(0xff00, 0, 0, 8), AddressScope::Special),
];

const V6_GLOBAL: Ipv6Net = v6(0x2000, 0, 0, 3);
const V6_NAT64: Ipv6Net = v6(0x64, 0xff9b, 0, 96);

/// What an address stands for. An IPv4 address inside a v4-mapped one (`::ffff:0:0/96`) or a NAT64 one
/// (`64:ff9b::/96`, RFC 6052) is judged by itself; through NAT64 only the public internet is meant.
#[must_use]
pub fn address_scope(address: IpAddr) -> AddressScope {
    match address {
        IpAddr::V4(address) => v4_scope(address),
        IpAddr::V6(address) => v6_scope(address),
    }
}

fn v4_scope(address: Ipv4Addr) -> AddressScope {
    let range = V4_RANGES.iter().find(|(range, _)| range.contains(&address));
    range.map_or(AddressScope::Public, |(_, scope)| *scope)
}

fn v6_scope(address: Ipv6Addr) -> AddressScope {
    if address == Ipv6Addr::LOCALHOST {
        return AddressScope::Loopback;
    }
    if let Some(inner) = address.to_ipv4_mapped() {
        return v4_scope(inner);
    }
    if V6_NAT64.contains(&address) {
        let [.., a, b, c, d] = address.octets();
        let inner = v4_scope(Ipv4Addr::new(a, b, c, d));
        return if inner == AddressScope::Public { inner } else { AddressScope::Special };
    }
    let range = V6_RANGES.iter().find(|(range, _)| range.contains(&address));
    let outside = if V6_GLOBAL.contains(&address) { AddressScope::Public } else { AddressScope::Special };
    range.map_or(outside, |(_, scope)| *scope)
}
