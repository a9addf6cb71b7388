//! Where deliveries may go: the form of an address, and the networks that it may lead to.
//!
//! Whoever names an address has this node send there, from inside the operator's network. So it is `https`, to a
//! public host, and every address that the name has is looked at, each time, by what then connects. The lists are
//! those of IANA's special-purpose registries (RFC 6890), and what clouds put metadata behind.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use ureq::http::Uri;

/// Letters of an address.
pub(super) const URL_CHARS_MAX: usize = 2_000;

/// Some addresses of a network that the operator allows: `10.1.0.0/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no network such as 10.1.0.0/16 or fd00:1::/32");
        let (first, bits) = text.split_once('/').ok_or_else(wrong)?;
        let first: IpAddr = first.parse().map_err(|_| wrong())?;
        let bits: u8 = bits.parse().map_err(|_| wrong())?;
        let network = Self { first, bits };
        let width = if first.is_ipv4() { 32 } else { 128 };
        // A network whose address has more bits than its length was meant otherwise.
        if bits > width || network.masked(first) != Some(number(first)) {
            return Err(wrong());
        }
        Ok(network)
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl Network {
    /// The bits of an address that name its network; none where it is of the other family.
    fn masked(self, address: IpAddr) -> Option<u128> {
        let width: u32 = match (self.first, address) {
            (IpAddr::V4(_), IpAddr::V4(_)) => 32,
            (IpAddr::V6(_), IpAddr::V6(_)) => 128,
            _ => return None,
        };
        let rest = width - u32::from(self.bits).min(width);
        let mask = u128::MAX.checked_shl(rest).unwrap_or(0);
        Some(number(address) & mask)
    }

    /// Whether an address is of it.
    #[must_use]
    pub fn has(self, address: IpAddr) -> bool {
        self.masked(address).is_some_and(|bits| bits == number(self.first))
    }
}

/// Networks of IPv4 that no delivery goes to.
const CLOSED_V4: [(Ipv4Addr, u8); 16] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// What of IPv6 is given out to the public; all else is loopback, local, multicast, or an IPv4 address in disguise.
const OPEN_V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// What of it no delivery goes to: protocols (Teredo among them), documentation, 6to4.
const CLOSED_V6: [(Ipv6Addr, u8); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

fn is_in((first, bits): (impl Into<IpAddr>, u8), address: IpAddr) -> bool {
    Network { first: first.into(), bits }.has(address)
}

/// Whether an address is one of the public network.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => !CLOSED_V4.iter().any(|closed| is_in(*closed, address)),
        IpAddr::V6(_) => is_in(OPEN_V6, address) && !CLOSED_V6.iter().any(|closed| is_in(*closed, address)),
    }
}

/// Which addresses this node sends to.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    /// What the operator allows beside the public network.
    pub allow: Vec<Network>,
    /// Whether `http` to this host is allowed, as on an instance for evaluation.
    pub is_evaluation: bool,
}

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is none, or has parts that are not sent.
    Form,
    /// It is not `https`.
    Plain,
    /// Its port is one of other services.
    Port,
    /// It leads where nothing is sent to.
    Closed,
}

impl Rules {
    /// Whether a connection to this address may be made for an address of this scheme.
    pub(super) fn is_open(&self, scheme: &str, address: IpAddr) -> bool {
        match scheme {
            "https" => is_public(address) || self.allow.iter().any(|network| network.has(address)),
            "http" => self.is_evaluation && address.is_loopback(),
            _ => false,
        }
    }

    /// Whether an address can be one of an endpoint, as far as that is known without asking for its name.
    pub(super) fn check(&self, url: &str) -> Result<(), Wrong> {
        // Uri drops a fragment without a word.
        let is_odd = |b: u8| !b.is_ascii_graphic() || b"\"#<>\\^`{|}".contains(&b);
        if url.len() > URL_CHARS_MAX || url.bytes().any(is_odd) {
            return Err(Wrong::Form);
        }
        let uri: Uri = url.parse().map_err(|_| Wrong::Form)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(Wrong::Form) };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || authority.as_str().contains('@') {
            return Err(Wrong::Form);
        }
        let literal: Option<IpAddr> = host.parse().ok();
        let is_here = host == "localhost" || literal.is_some_and(|address| address.is_loopback());
        match scheme {
            "https" => {}
            "http" if self.is_evaluation && is_here => {}
            "http" => return Err(Wrong::Plain),
            _ => return Err(Wrong::Form),
        }
        // A colon and no number, or one that is too large, is no port.
        let has_port = !authority.as_str().ends_with(authority.host());
        let port = authority.port_u16();
        if has_port && port.is_none() {
            return Err(Wrong::Form);
        }
        let port = port.unwrap_or(if scheme == "https" { 443 } else { 80 });
        if port != 443 && port < 1024 {
            return Err(Wrong::Port);
        }
        match literal {
            Some(address) if !self.is_open(scheme, address) => Err(Wrong::Closed),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_not_public_is_closed() {
        for closed in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.0.1",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.7",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.2.3",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:0:7f00:1::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:a00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(address(closed)), "{closed}");
        }
        for open in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.1.1",
            "172.15.1.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.1.1",
            "198.17.1.1",
            "198.20.0.1",
            "223.255.255.255",
            "2001:200::1",
            "2400:3200::1",
            "2606:4700::1111",
            "2a00:1450::1",
        ] {
            assert!(is_public(address(open)), "{open}");
        }
    }

    #[test]
    fn the_operator_opens_networks_and_nothing_beside_them() {
        let rules =
            Rules { allow: vec!["10.1.0.0/16".parse().unwrap(), "fd00:1::/32".parse().unwrap()], ..Rules::default() };
        for (text, is_open) in [
            ("10.1.0.0", true),
            ("10.1.255.255", true),
            ("10.0.255.255", false),
            ("10.2.0.0", false),
            ("fd00:1::9", true),
            ("fd00:2::9", false),
            ("::ffff:10.1.0.1", false),
            ("127.0.0.1", false),
            ("1.1.1.1", true),
        ] {
            assert_eq!(rules.is_open("https", address(text)), is_open, "{text}");
            assert!(!rules.is_open("http", address(text)), "{text}");
        }
        for wrong in ["10.1.0.0", "10.1.0.1/16", "10.1.0.0/33", "fd00::/129", "x/8", "10.1.0.0/", "/8", "10.1.0.0/-1"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
        assert!("0.0.0.0/0".parse::<Network>().unwrap().has(address("127.0.0.1")));
        assert!(!"0.0.0.0/0".parse::<Network>().unwrap().has(address("::1")));
    }

    #[test]
    fn an_address_is_https_to_somewhere_else() {
        let rules = Rules::default();
        let long = format!("https://hooks.example/{}", "a".repeat(URL_CHARS_MAX));
        for (url, told) in [
            ("https://hooks.example", Ok(())),
            ("https://hooks.example/a?b=c%20d", Ok(())),
            ("https://hooks.example:443/", Ok(())),
            ("https://hooks.example:8443/", Ok(())),
            ("https://1.1.1.1/", Ok(())),
            ("https://[2606:4700::1111]:8443/x", Ok(())),
            ("http://hooks.example/", Err(Wrong::Plain)),
            ("http://127.0.0.1:9000/", Err(Wrong::Plain)),
            ("ftp://hooks.example/", Err(Wrong::Form)),
            ("//hooks.example/", Err(Wrong::Form)),
            ("/a", Err(Wrong::Form)),
            ("", Err(Wrong::Form)),
            ("https://", Err(Wrong::Form)),
            ("https:///a", Err(Wrong::Form)),
            ("https://me@hooks.example/", Err(Wrong::Form)),
            ("https://me:you@hooks.example/", Err(Wrong::Form)),
            ("https://hooks.example/#a", Err(Wrong::Form)),
            ("https://hooks.example\\@127.0.0.1/", Err(Wrong::Form)),
            ("https://hooks.example/ x", Err(Wrong::Form)),
            ("https://hooks.example/é", Err(Wrong::Form)),
            ("https://hooks.example:/", Err(Wrong::Form)),
            ("https://hooks.example:99999/", Err(Wrong::Form)),
            (&long, Err(Wrong::Form)),
            ("https://hooks.example:22/", Err(Wrong::Port)),
            ("https://hooks.example:0/", Err(Wrong::Port)),
            ("https://hooks.example:1023/", Err(Wrong::Port)),
            ("https://hooks.example:1024/", Ok(())),
            ("https://127.0.0.1/", Err(Wrong::Closed)),
            ("https://[::1]/", Err(Wrong::Closed)),
            ("https://169.254.169.254/latest", Err(Wrong::Closed)),
            ("https://[::ffff:10.0.0.1]/", Err(Wrong::Closed)),
        ] {
            assert_eq!(rules.check(url), told, "{url}");
        }
        let rules = Rules { is_evaluation: true, ..Rules::default() };
        for (url, told) in [
            ("http://127.0.0.1:9000/", Ok(())),
            ("http://localhost:9000/", Ok(())),
            ("http://[::1]:9000/", Ok(())),
            ("http://127.0.0.1/", Err(Wrong::Port)),
            ("http://10.0.0.1:9000/", Err(Wrong::Plain)),
            ("http://localhost.example:9000/", Err(Wrong::Plain)),
            ("https://127.0.0.1:9000/", Err(Wrong::Closed)),
        ] {
            assert_eq!(rules.check(url), told, "{url}");
        }
    }

    proptest! {
        /// Every IPv4 address that is closed is closed in each of the forms in which IPv6 carries it, and so is one
        /// that is open: nothing is reached through a disguise.
        #[test]
        fn an_ipv4_address_in_disguise_is_closed(bits: u32) {
            let [a, b] = [(bits >> 16) as u16, bits as u16];
            for disguise in [
                Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, a, b), Ipv6Addr::new(0, 0, 0, 0, 0, 0, a, b),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, a, b), Ipv6Addr::new(0x2002, a, b, 0, 0, 0, 0, 1),
                Ipv6Addr::new(0x2001, 0, a, b, 0, 0, 0, 1),
            ] {
                prop_assert!(!is_public(disguise.into()), "{disguise}");
            }
        }

        /// What the standard library knows to be special is closed.
        #[test]
        fn nothing_special_is_open(v4: u32, v6: u128) {
            let v4 = Ipv4Addr::from_bits(v4);
            let is_special = v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast()
                || v4.is_broadcast() || v4.is_documentation() || v4.is_unspecified();
            prop_assert!(!(is_special && is_public(v4.into())), "{v4}");
            let v6 = Ipv6Addr::from_bits(v6);
            let is_special = v6.is_loopback() || v6.is_multicast() || v6.is_unspecified() || v6.is_unique_local()
                || v6.is_unicast_link_local();
            prop_assert!(!(is_special && is_public(v6.into())), "{v6}");
        }

        /// A network has exactly the addresses that share its first bits.
        #[test]
        fn a_network_is_its_first_bits(bits in 0_u8..=32, base: u32, other: u32) {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            let network: Network = format!("{}/{bits}", Ipv4Addr::from_bits(base & mask)).parse().unwrap();
            prop_assert_eq!(network.has(Ipv4Addr::from_bits(other).into()), base & mask == other & mask);
        }

        /// Whatever is typed, what passes is an address that goes out encrypted and to no closed place by its number.
        #[test]
        fn whatever_is_typed_does_not_break_it(url in "(https?://)?[ -~]{0,40}") {
            if Rules::default().check(&url).is_ok() {
                prop_assert!(url.to_ascii_lowercase().starts_with("https://") && !url.contains('#'), "{url}");
            }
        }
    }
}
