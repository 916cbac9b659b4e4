//! A key and a certificate of an application under test, and judging assertions signed with the key.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use portal_core::time::{SECOND_MS, UnixMillis};
use ring::{
    digest,
    signature::{self, KeyPair as _, RsaKeyPair, UnparsedPublicKey},
};
use serde_json::Value;

/// An RSA key, PEM.
pub const APP_KEY: &str = include_str!("../../keys/app.pem");
/// Its certificate, PEM.
pub const APP_CERTIFICATE: &str = include_str!("../../keys/app-certificate.pem");

/// The bytes between the lines of a PEM text.
fn der(pem: &str) -> Vec<u8> {
    let lines: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(lines).unwrap()
}

/// SHA-256 of the certificate, base64url.
pub fn certificate_thumbprint() -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &der(APP_CERTIFICATE)))
}

/// Header and claims of an assertion, when it is signed with [`APP_KEY`], for this audience, by this client, and fresh.
pub fn judged_assertion(
    assertion: &str,
    audience: &str,
    client_id: &str,
    now: UnixMillis,
) -> Result<(Value, Value), &'static str> {
    let (signed, signature) = assertion.rsplit_once('.').ok_or("no signature")?;
    let (header, claims) = signed.split_once('.').ok_or("no claims")?;
    let part =
        |text: &str| -> Option<Value> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok() };
    let (header, claims) = (part(header).ok_or("header")?, part(claims).ok_or("claims")?);
    let pair = RsaKeyPair::from_pkcs8(&der(APP_KEY)).unwrap();
    let key = UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "signature")?;
    key.verify(signed.as_bytes(), &signature).map_err(|_| "signature")?;
    if header["alg"] != "RS256" || claims["aud"] != audience {
        return Err("alg or aud");
    }
    if claims["iss"] != client_id || claims["sub"] != client_id || !claims["jti"].is_string() {
        return Err("iss, sub or jti");
    }
    let seconds = now.0 / SECOND_MS;
    let (from, until) = (claims["iat"].as_i64().unwrap_or(i64::MAX), claims["exp"].as_i64().unwrap_or(0));
    if from > seconds + 60 || until <= seconds || until - from > 3_600 {
        return Err("iat or exp");
    }
    Ok((header, claims))
}

/// A proof of possession (RFC 9449) that was found right.
pub struct Proof {
    /// Its `jti`.
    pub id: String,
    /// Thumbprint of its key (RFC 7638).
    pub thumbprint: String,
    /// Its `ath`.
    pub token_hash: Option<String>,
    /// Its `nonce`.
    pub nonce: Option<String>,
}

/// Judges a proof as RFC 9449 section 4.3 says: form, key, signature, method, address and age.
pub fn judged_proof(
    proof: &str,
    method: &str,
    address: &str,
    now: UnixMillis,
) -> Result<Proof, &'static str> {
    let (signed, signature) = proof.rsplit_once('.').ok_or("no signature")?;
    let (header, claims) = signed.split_once('.').ok_or("no claims")?;
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    let part = |text: &str| -> Option<Value> { serde_json::from_slice(&decode(text)?).ok() };
    let (header, claims) = (part(header).ok_or("header")?, part(claims).ok_or("claims")?);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let key = &header["jwk"];
    if header["typ"] != "dpop+jwt" || header["alg"] != "ES256" || key["kty"] != "EC" || key["crv"] != "P-256"
    {
        return Err("typ, alg or jwk");
    }
    if !key["d"].is_null() {
        return Err("a private key was sent");
    }
    let (x, y) = (text(&key["x"]).ok_or("x")?, text(&key["y"]).ok_or("y")?);
    let point = [vec![4], decode(&x).ok_or("x")?, decode(&y).ok_or("y")?].concat();
    let public = UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point);
    public.verify(signed.as_bytes(), &decode(signature).ok_or("signature")?).map_err(|_| "signature")?;
    if claims["htm"] != method || claims["htu"] != address {
        return Err("htm or htu");
    }
    if claims["iat"].as_i64().is_none_or(|at| (at - now.0 / SECOND_MS).abs() > 300) {
        return Err("iat");
    }
    // Members in the order of their names, without spaces (RFC 7638 section 3).
    let canonical = format!("{{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"{x}\",\"y\":\"{y}\"}}");
    Ok(Proof {
        id: text(&claims["jti"]).ok_or("jti")?,
        thumbprint: URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes())),
        token_hash: text(&claims["ath"]),
        nonce: text(&claims["nonce"]),
    })
}

/// A form's fields.
pub fn form_fields(body: &[u8]) -> std::collections::BTreeMap<String, String> {
    url::form_urlencoded::parse(body).into_owned().collect()
}
