//! Client assertions: judged here a second time, by other means.

use portal_core::{
    oauth::{Assertion, KeySet, Presented},
    time::UnixMillis,
};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

const CLIENT: &str = "https://agent.example.net/client.json";
const AUDIENCES: [&str; 2] = ["https://portal.example.com", "https://portal.example.com/oauth/token"];
const NOW_SECONDS: i64 = 1_800_000_000;
/// The client's key, and the one of a stranger.
const SEEDS: [u8; 2] = [7, 9];

/// An assertion as it comes, or a header and claims, one per line, which are signed here: taken only when the client's key
/// signed them and every rule of RFC 7523 section 3 and RFC 8725 holds.
pub fn assertion(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (own, stranger) = (pair(SEEDS[0]), pair(SEEDS[1]));
    // Whatever comes as it is was not signed with the stranger's key.
    if let Ok(read) = Assertion::read(text) {
        assert!(judge(&read, &stranger).is_err(), "{text} is forged");
    }
    let Some((header, claims)) = text.split_once('\n') else { return };
    let signed = format!("{}.{}", base64url(header.as_bytes()), base64url(claims.as_bytes()));
    let signature = base64url(own.sign(signed.as_bytes()).as_ref());
    let Ok(read) = Assertion::read(&format!("{signed}.{signature}")) else { return };
    assert!(judge(&read, &stranger).is_err(), "{header} {claims} is taken by another key");
    let Ok(presented) = judge(&read, &own) else { return };
    let parsed = (serde_json::from_str(header), serde_json::from_str(claims));
    let (Ok(header), Ok(claims)) = parsed else { panic!("{text} is no JSON") };
    header_is_good(&header);
    claims_are_good(&claims, &presented);
}

fn judge(read: &Assertion, pair: &Ed25519KeyPair) -> Result<Presented, &'static str> {
    let public = base64url(pair.public_key().as_ref());
    let set = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "1", "x": public }] });
    let Ok(keys) = KeySet::parse(set.to_string().as_bytes()) else { panic!("a good set") };
    let audiences = AUDIENCES.map(str::to_owned);
    read.judge(CLIENT, &audiences, &keys, None, UnixMillis(NOW_SECONDS * 1_000))
}

fn header_is_good(header: &Value) {
    assert_eq!(header["alg"], "EdDSA");
    assert!(header.get("crit").is_none());
    assert!(header.get("kid").is_none_or(|id| id == "1" || !id.is_string()));
    let kind = header.get("typ").map(|kind| kind.as_str().unwrap_or_default().to_ascii_lowercase());
    let known = ["jwt", "client-authentication+jwt", "oauth-client-auth+jwt"];
    let kind = kind.map(|kind| kind.strip_prefix("application/").map(str::to_owned).unwrap_or(kind));
    assert!(kind.is_none_or(|kind| known.contains(&kind.as_str())));
}

fn claims_are_good(claims: &Value, presented: &Presented) {
    assert!(claims["iss"] == CLIENT && claims["sub"] == CLIENT);
    let ours = |value: &Value| value.as_str().is_some_and(|text| AUDIENCES.contains(&text));
    let audience = &claims["aud"];
    assert!(ours(audience) || audience.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(ours)));
    let seconds = |name: &str| claims.get(name).map(|at| at.as_f64().unwrap_or(f64::NAN));
    #[expect(clippy::cast_precision_loss, reason = "seconds of this century are exact")]
    let now = NOW_SECONDS as f64;
    // A minute of leeway, and a second for fractions, which are cut off.
    assert!(seconds("exp").is_some_and(|at| at > now - 61.0 && at < now + 362.0));
    for name in ["nbf", "iat"] {
        assert!(seconds(name).is_none_or(|at| at < now + 62.0));
    }
    assert!(!presented.id.is_empty() && presented.id.len() <= 256 && claims["jti"] == presented.id.as_str());
    assert!(presented.until.0 > NOW_SECONDS * 1_000 && presented.until.0 <= (NOW_SECONDS + 421) * 1_000);
}

fn pair(seed: u8) -> Ed25519KeyPair {
    let Ok(pair) = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]) else { panic!("a seed of 32 bytes") };
    pair
}

fn base64url(bytes: &[u8]) -> String {
    super::base64(bytes).replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned()
}
