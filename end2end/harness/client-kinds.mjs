// Every way in which a client can be known to Portal and prove who it is, for a strict client library.
import * as oauth from "oauth4webapi";

import { startClient } from "./agent.mjs";
import { startHttps } from "./https.mjs";
import { shownField } from "./plain-browser.mjs";

/** Nobody listens there: the address that the browser is sent to is enough. */
export const REDIRECT_URI = "http://127.0.0.1:33418/callback";
const NAME = "Matrix agent";

/**
 * The kinds of clients: `make` gives id, authentication and what to stop; `proves` says whether the client authenticates.
 * @type {{ kind: string, proves: boolean, settings: object, make: (world: object) => Promise<object> }[]}
 */
export const KINDS = [
  { kind: "a document, public", proves: false, settings: {}, make: (world) => document(world, {}) },
  { kind: "a document with jwks", proves: true, settings: {}, make: (world) => signing(world, "document") },
  { kind: "a document with jwks_uri", proves: true, settings: {}, make: (world) => signing(world, "address") },
  { kind: "registered, public", proves: false, settings: {}, make: (world) => registered(world, "none") },
  { kind: "registered, client_secret_basic", proves: true, settings: {}, make: (world) => registered(world, "client_secret_basic") },
  { kind: "registered, client_secret_post", proves: true, settings: {}, make: (world) => registered(world, "client_secret_post") },
  { kind: "self-registered, public", proves: false, settings: { "mcp.dcr.enabled": true }, make: (world) => selfRegistered(world, "none") },
  {
    kind: "self-registered, client_secret_basic",
    proves: true,
    settings: { "mcp.dcr.enabled": true },
    make: (world) => selfRegistered(world, "client_secret_basic"),
  },
];

const nothing = async () => {};

async function document({ authority }, fields, authentication = oauth.None()) {
  const client = await startClient(authority, { client_name: NAME, redirect_uris: ["http://127.0.0.1/callback"], ...fields });
  return { client: { client_id: client.id }, authentication, stop: client.stop };
}

async function signing(world, place) {
  const { privateKey, publicKey } = await oauth.generateKeyPair("ES256", { extractable: true });
  const jwk = { ...(await crypto.subtle.exportKey("jwk", publicKey)), kid: "first", use: "sig", alg: "ES256" };
  const jwks = { keys: [jwk] };
  const keys = place === "address" ? await startHttps(world.authority, ({ url }) => (url === "/jwks.json" ? { body: jwks } : undefined)) : undefined;
  const where = keys ? { jwks_uri: `${keys.origin}/jwks.json` } : { jwks };
  const authentication = oauth.PrivateKeyJwt({ key: privateKey, kid: "first" });
  const made = await document(world, { token_endpoint_auth_method: "private_key_jwt", ...where }, authentication);
  return { ...made, stop: () => Promise.all([made.stop(), keys?.stop()]) };
}

function byMethod(method, secret) {
  if (method === "client_secret_basic") return oauth.ClientSecretBasic(secret);
  return method === "client_secret_post" ? oauth.ClientSecretPost(secret) : oauth.None();
}

/** Registered by an admin on the page of clients. */
async function registered({ portal, admin }, method) {
  const page = await admin.open(`${portal.url}/settings/clients`);
  const typed = { name: NAME, redirect_uris: "http://127.0.0.1/callback", method };
  const { html } = await admin.submit(page, "Register client", typed);
  const client_id = shownField(html, "client-id");
  return { client: { client_id }, authentication: byMethod(method, shownField(html, "client-secret")), stop: nothing };
}

/** Registered by itself (RFC 7591). */
async function selfRegistered({ as, insecure }, method) {
  const metadata = {
    client_name: NAME,
    redirect_uris: ["http://127.0.0.1/callback"],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: method,
  };
  const response = await oauth.dynamicClientRegistrationRequest(as, metadata, insecure);
  const client = await oauth.processDynamicClientRegistrationResponse(response);
  return { client: { client_id: client.client_id }, authentication: byMethod(method, client.client_secret), stop: nothing };
}
