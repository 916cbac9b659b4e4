//! Which addresses are reached: the corpus of server-side request forgery.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod support;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use portal_core::ports::{DocumentFetcher as _, FetchError};
use portal_fetch::{
    AddressScope, FetchOptions, HardenedFetcher, HostTrust, Reach, Resolver as _, SystemResolver,
    TextFetcher, address_scope,
};
use support::{Names, Script, Server, Then, options};
use url::Url;

/// Both fetchers: the one that reads addresses as client ids, and the one that is given what the usual parser makes
/// of them, in which unusual spellings of addresses survive.
struct Fetchers {
    documents: HardenedFetcher,
    texts: TextFetcher,
}

impl Fetchers {
    fn new(names: &Arc<Names>) -> Self {
        let options = options(names);
        Self {
            documents: HardenedFetcher::new(&options).unwrap(),
            texts: TextFetcher::new(&options).unwrap(),
        }
    }

    async fn both_refuse(&self, url: &str) -> bool {
        let text_refused = match Url::parse(url) {
            Ok(url) => {
                matches!(self.texts.get(&url, 100, HostTrust::Public).await, Err(FetchError::Refused(_)))
            }
            Err(_) => true,
        };
        text_refused && matches!(self.documents.fetch(url).await, Err(FetchError::Refused(_)))
    }
}

/// Attack: 1.4: addresses in every range and spelling: decimal, octal, hex, short, mapped, enclosed digits, zones, 68 tries
#[test]
fn every_special_range_is_known_from_its_first_to_its_last_address() {
    for (first, last, scope) in [
        ("0.0.0.0", "0.255.255.255", AddressScope::Special),
        ("10.0.0.0", "10.255.255.255", AddressScope::Private),
        ("100.64.0.0", "100.127.255.255", AddressScope::Private),
        ("127.0.0.0", "127.255.255.255", AddressScope::Loopback),
        ("169.254.0.0", "169.254.255.255", AddressScope::Special),
        ("172.16.0.0", "172.31.255.255", AddressScope::Private),
        ("192.0.0.0", "192.0.0.255", AddressScope::Special),
        ("192.0.2.0", "192.0.2.255", AddressScope::Special),
        ("192.88.99.0", "192.88.99.255", AddressScope::Special),
        ("192.168.0.0", "192.168.255.255", AddressScope::Private),
        ("198.18.0.0", "198.19.255.255", AddressScope::Special),
        ("198.51.100.0", "198.51.100.255", AddressScope::Special),
        ("203.0.113.0", "203.0.113.255", AddressScope::Special),
        ("224.0.0.0", "239.255.255.255", AddressScope::Special),
        ("240.0.0.0", "255.255.255.255", AddressScope::Special),
        ("::", "::", AddressScope::Special),
        ("::1", "::1", AddressScope::Loopback),
        ("::2", "::ffff:ffff", AddressScope::Special),
        ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", AddressScope::Special),
        ("100::", "100::ffff:ffff:ffff:ffff", AddressScope::Special),
        ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", AddressScope::Special),
        ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", AddressScope::Special),
        ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AddressScope::Special),
        ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", AddressScope::Special),
        ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AddressScope::Special),
        ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AddressScope::Private),
        ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AddressScope::Special),
        ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AddressScope::Special),
        ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AddressScope::Special),
        // An IPv4 address in IPv6 clothes is judged as itself.
        ("::ffff:127.0.0.1", "::ffff:127.255.255.255", AddressScope::Loopback),
        ("::ffff:10.0.0.0", "::ffff:10.255.255.255", AddressScope::Private),
        ("::ffff:169.254.169.254", "::ffff:169.254.169.254", AddressScope::Special),
        ("64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", AddressScope::Special),
        // Not assigned.
        ("4000::", "5eff::", AddressScope::Special),
    ] {
        assert_eq!(address_scope(first.parse().unwrap()), scope, "{first}");
        assert_eq!(address_scope(last.parse().unwrap()), scope, "{last}");
    }
}

#[test]
fn neighbours_of_special_ranges_are_public() {
    for address in [
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.0.3.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "2001:200::",
        "2001:db7:ffff::",
        "2001:db9::",
        "2003::",
        "2606:4700::1111",
        "3ffe::",
        "3fff:1000::",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "64:ff9b::1.1.1.1",
    ] {
        assert_eq!(address_scope(address.parse().unwrap()), AddressScope::Public, "{address}");
    }
}

#[test]
fn an_organisation_reaches_its_networks_but_never_link_local() {
    for (address, within) in [
        ("10.1.2.3", true),
        ("127.0.0.1", true),
        ("fd00::1", true),
        ("8.8.8.8", true),
        ("169.254.169.254", false),
        ("fe80::1", false),
        ("0.0.0.0", false),
        ("224.0.0.1", false),
        ("::ffff:169.254.169.254", false),
    ] {
        assert_eq!(Reach::Organisation.includes(address.parse().unwrap()), within, "{address}");
    }
}

/// Rule: CIMD draft-02 section 8.6: no special-use address is reached, neither for documents nor for what they name
/// Attack: 1.4: addresses in every range and spelling: decimal, octal, hex, short, mapped, enclosed digits, zones, 110 tries
#[tokio::test]
async fn addresses_written_out_are_judged_in_every_spelling() {
    let names = Names::always(&["8.8.8.8"]);
    let fetchers = Fetchers::new(&names);
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "0x7f.0x0.0x0.0x1",
        "127.0.0.1.",
        "0",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "255.255.255.255",
        "224.0.0.1",
        "192.88.99.1",
        "198.18.0.1",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::10.0.0.1]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[fe80::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[100::1]",
        "[fec0::1]",
        "[3fff::1]",
        "[5f00::1]",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "１２７.0.0.1",
        "[fe80::1%25eth0]",
        "[fe80::1%eth0]",
        "256.1.1.1",
        "1.2.3.4.5",
        "[::1",
        "a b",
        "a%00b",
    ] {
        assert!(fetchers.both_refuse(&format!("https://{host}/client.json")).await, "{host}");
    }
    assert_eq!(names.asked(), 0, "a literal was looked up");
}

/// Rule: CIMD draft-02 section 8.6: other schemes are not fetched
/// Attack: 1.4: other schemes, userinfo, ports that are none, 32 tries
#[tokio::test]
async fn other_schemes_and_forms_are_refused() {
    let fetchers = Fetchers::new(&Names::always(&["127.0.0.1"]));
    for url in [
        "http://agent.test/client.json",
        "http://127.0.0.1/client.json",
        "http://localhost/client.json",
        "file:///etc/passwd",
        "ftp://agent.test/x",
        "gopher://agent.test/x",
        "data:application/json,{}",
        "jar:https://a/b",
        "//agent.test/x",
        "client.json",
        "https://user@agent.test/x",
        "https://user:word@agent.test/x",
        "https://agent.test:0/x",
        "https://agent.test:65536/x",
        "https://8.8.8.8@127.0.0.1/x",
        "",
    ] {
        assert!(fetchers.both_refuse(url).await, "{url}");
    }
}

/// Rule: CIMD draft-02 section 8.6: no special-use address is reached, neither for documents nor for what they name
/// Attack: 1.4: names that resolve inside, in part or in whole, 82 tries
#[tokio::test]
async fn one_address_out_of_reach_refuses_the_whole_name() {
    for answer in [
        &["127.0.0.1"][..],
        &["169.254.169.254"],
        &["::1"],
        &["fd00:ec2::254"],
        &["8.8.8.8", "10.0.0.1"],
        &["10.0.0.1", "8.8.8.8"],
        &["2606:4700::1111", "::ffff:192.168.0.1"],
        &["8.8.8.8", "8.8.4.4", "64:ff9b::a00:1"],
    ] {
        let fetchers = Fetchers::new(&Names::always(answer));
        for host in ["agent.test", "LocalHost", "localhost.", "a.localhost", "metadata.google.internal"] {
            assert!(
                fetchers.both_refuse(&format!("https://{host}/client.json")).await,
                "{host} at {answer:?}"
            );
        }
    }
    let crowd = vec!["8.8.8.8"; 65];
    assert!(Fetchers::new(&Names::always(&crowd)).both_refuse("https://agent.test/x").await);
}

/// Rule: CIMD draft-02 section 8.6: no special-use address is reached, neither for documents nor for what they name
/// Attack: 1.4: rebinding between the check and the connection
#[tokio::test]
async fn the_connection_goes_to_the_address_that_was_judged() {
    let judged = Server::plain(Script::json("{\"server\":\"judged\"}")).await;
    let port = judged.address.port();
    let other = Server::plain_at(SocketAddr::from(([127, 0, 0, 2], port)), Script::json("{}")).await;
    // The name changes its answer after the first question.
    let names = Names::in_turn(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let fetcher = HardenedFetcher::new(&FetchOptions { allow_loopback: true, ..options(&names) }).unwrap();
    let document = fetcher.fetch(&format!("http://localhost:{port}/client.json")).await.unwrap();
    assert_eq!(document.body, b"{\"server\":\"judged\"}");
    assert_eq!((names.asked(), other.asked().len()), (1, 0));
}

/// Rule: CIMD draft-02 section 8.6: documents on loopback are taken by a Portal on loopback only
#[tokio::test]
async fn plain_http_never_leaves_this_machine() {
    // `localhost` that resolves elsewhere, while loopback documents are taken.
    let names = Names::always(&["8.8.8.8"]);
    let fetcher = HardenedFetcher::new(&FetchOptions { allow_loopback: true, ..options(&names) }).unwrap();
    for url in ["http://localhost/client.json", "http://8.8.8.8/client.json", "http://agent.test/client.json"]
    {
        assert!(matches!(fetcher.fetch(url).await, Err(FetchError::Refused(_))), "{url}");
    }
}

#[tokio::test]
async fn the_system_knows_this_machine() {
    let addresses = SystemResolver::new().resolve("localhost").await.unwrap();
    assert!(!addresses.is_empty());
    assert!(
        addresses.iter().all(|address| address_scope(*address) == AddressScope::Loopback),
        "{addresses:?}"
    );
}

/// Attack: 1.4: silent or empty name servers, certificates of others, expired ones, 2 tries
#[tokio::test]
async fn names_that_do_not_resolve_are_outages() {
    let missing = HardenedFetcher::new(&options(&Names::failing())).unwrap();
    assert_eq!(missing.fetch("https://agent.test/x").await.map(|_| ()), Err(FetchError::Dns));
    let empty = HardenedFetcher::new(&options(&Names::always(&[]))).unwrap();
    assert_eq!(empty.fetch("https://agent.test/x").await.map(|_| ()), Err(FetchError::Dns));
}

/// Attack: 1.4: silent or empty name servers, certificates of others, expired ones
#[tokio::test(start_paused = true)]
async fn a_name_server_that_says_nothing_is_given_up() {
    let fetcher = HardenedFetcher::new(&options(&Names::silent())).unwrap();
    let started = tokio::time::Instant::now();
    assert_eq!(fetcher.fetch("https://agent.test/x").await.map(|_| ()), Err(FetchError::Timeout));
    assert_eq!(started.elapsed(), Duration::from_secs(3));
}

/// Attack: 1.4: floods of ids and of requests for one id, 32 tries
#[tokio::test]
async fn a_flood_finds_a_closed_door() {
    let server = Server::plain(Script { bytes: Vec::new(), then: Then::Stall }).await;
    let fetcher = Arc::new(support::impatient_fetcher());
    let calls = (0..32).map(|number| {
        let (fetcher, url) = (Arc::clone(&fetcher), server.url(&format!("/{number}")));
        tokio::spawn(async move { fetcher.fetch(&url).await.map(|_| ()) })
    });
    let mut overloaded = 0;
    for call in calls.collect::<Vec<_>>() {
        overloaded += usize::from(call.await.unwrap() == Err(FetchError::Overloaded));
    }
    assert_eq!(overloaded, 32 - portal_fetch::FETCHES_PER_HOST_MAX);
}
