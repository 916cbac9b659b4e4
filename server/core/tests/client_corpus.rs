//! Replays the fuzz corpora: documents, ids and redirect URIs of clients, tokens, authorization requests, assertions.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it cannot go on"
)]

use std::path::Path;

#[path = "../../../fuzz/src/lib.rs"]
mod properties;

/// Runs the property over every input of its corpus; returns how many there were.
fn replay(target: &str, property: fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut inputs = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let data = std::fs::read(entry.unwrap().path()).unwrap();
        property(&data);
        inputs += 1;
    }
    inputs
}

/// Rule: RFC 7523 section 3: issuer, subject, audience, times and id of an assertion are checked
/// Rule: RFC 8252 section 7.3: on loopback the port may differ, and nothing else
/// Rule: RFC 8725 section 3.11: a type that is named must be one for this purpose
/// Rule: CIMD draft-02 section 3: a client id is an https address with a path, without userinfo, fragment or dot segments
#[test]
fn every_input_that_was_ever_found_interesting_still_holds() {
    assert!(replay("client_document", properties::client_document) >= 30);
    assert!(replay("client_id_url", properties::client_id_url) >= 40);
    assert!(replay("redirect_match", properties::redirect_match) >= 30);
    assert!(replay("token", properties::token) >= 30);
    assert!(replay("authorize", properties::authorize) >= 30);
    assert!(replay("assertion", properties::assertion) >= 40);
}
