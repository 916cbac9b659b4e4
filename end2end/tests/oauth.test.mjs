// The authorization server from outside, driven by an independent strict client library (oauth4webapi), with every kind of
// client. People answer by plain HTTP: forms as they stand in the pages, no JavaScript.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";

import * as oauth from "oauth4webapi";

import { KINDS, REDIRECT_URI } from "../harness/client-kinds.mjs";
import { createAuthority } from "../harness/https.mjs";
import { ADMIN, PASSWORD } from "../harness/people.mjs";
import { PlainBrowser, acceptInvitation, words } from "../harness/plain-browser.mjs";
import { startPortal } from "../harness/portal.mjs";

const PERSON = { email: "noor@tidemark.example", password: PASSWORD };
const insecure = { [oauth.allowInsecureRequests]: true };
/** A tool that needs mcp:write, with input that is refused for other reasons. */
const WRITING = ["catalog_register_entity", { type: "url", target: "https://example.org/catalog-info.yaml" }];
const EVERYTHING = "mcp:destructive offline_access";

/** Starts a Portal with one kind of client, and what the tests of it do. */
async function prepare({ settings, make }) {
  const authority = await createAuthority();
  const portal = await startPortal({ extraCaFile: authority.file });
  await portal.createAdmin(ADMIN);
  await portal.set({ "mcp.cimd.enabled": true, "mcp.cimd.policy": "any", "mcp.refresh.enabled": true, ...settings });
  const { stdout } = await portal.command(["user", "create", "--email", PERSON.email]);
  const browser = await acceptInvitation(portal.url, stdout.match(/https?:\S+/)[0], PASSWORD);
  const admin = new PlainBrowser(portal.url);
  await admin.signIn(await admin.open(`${portal.url}/sign-in`), ADMIN);
  const as = await discover(portal, "oauth2");
  const made = await make({ authority, portal, admin, as, insecure });
  // Once more: how clients may authenticate depends on which are there.
  return { portal, browser, as: await discover(portal, "oauth2"), resource: `${portal.url}/api/mcp-actions/v1`, ...made };
}

async function discover(portal, algorithm) {
  const issuer = new URL(portal.url);
  const response = await oauth.discoveryRequest(issuer, { algorithm, ...insecure });
  return oauth.processDiscoveryResponse(issuer, response);
}

/** An authorization request as a client begins it. */
async function request(world, changes = {}) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const parameters = {
    response_type: "code",
    client_id: world.client.client_id,
    redirect_uri: REDIRECT_URI,
    scope: EVERYTHING,
    resource: world.resource,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...changes,
  };
  for (const [name, value] of Object.entries(parameters)) if (value === undefined) delete parameters[name];
  const address = new URL(world.as.authorization_endpoint);
  address.search = new URLSearchParams(parameters);
  return { verifier, state, address: address.href };
}

/** Has the person answer the request; returns the address that the browser is sent to. */
async function answer(world, { address }, { button = "Allow", scope = "mcp:destructive", browser = world.browser } = {}) {
  const page = await browser.open(address);
  if (page.status === undefined) return page.url;
  assert.match(words(page.html), /asks to use Portal as you/, page.html.slice(0, 300));
  const { url } = await browser.submit(page, button, button === "Allow" ? { scope } : {});
  assert.ok(url.href.startsWith(REDIRECT_URI), `led to ${url}`);
  return url;
}

/** The whole way to tokens. */
async function connect(world, { changes = {}, scope, tokenParameters = { resource: world.resource } } = {}) {
  const begun = await request(world, changes);
  const callback = oauth.validateAuthResponse(world.as, world.client, await answer(world, begun, { scope }), begun.state);
  const options = { ...insecure, additionalParameters: tokenParameters };
  const sent = [world.as, world.client, world.authentication, callback, REDIRECT_URI, begun.verifier, options];
  const response = await oauth.authorizationCodeGrantRequest(...sent);
  assert.match(response.headers.get("cache-control"), /no-store/);
  return { tokens: await oauth.processAuthorizationCodeResponse(world.as, world.client, response), sent };
}

async function refresh(world, token, { authentication = world.authentication, client = world.client, ...parameters } = {}) {
  const options = { ...insecure, additionalParameters: parameters };
  const response = await oauth.refreshTokenGrantRequest(world.as, client, authentication, token, options);
  return oauth.processRefreshTokenResponse(world.as, client, response);
}

const refused = (promise, error) => assert.rejects(promise, (fault) => fault.error === error || assert.fail(`${fault.error}: ${fault}`));

/** Calls a tool; a challenge is thrown by the library. */
async function call(world, token, tool = "auth_who_am_i", args = {}) {
  const headers = new Headers({ "content-type": "application/json", accept: "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25" });
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: tool, arguments: args } });
  const response = await oauth.protectedResourceRequest(token, "POST", new URL(world.resource), headers, body, insecure);
  return response.json();
}

/** The parameters of the challenge that a call is answered with. */
async function challenge(promise) {
  const fault = await promise.then(() => assert.fail("no challenge came"), (error) => error);
  assert.ok(fault instanceof oauth.WWWAuthenticateChallengeError, `${fault}`);
  return { status: fault.status, ...fault.cause[0].parameters };
}

const ended = async (world, token) => {
  const { status, error } = await challenge(call(world, token));
  assert.deepEqual([status, error], [401, "invalid_token"]);
};

const held = new Map();
afterEach(({ name, passed }) => passed && held.set(name, true));
after(() => console.log(`OAuth matrix: ${KINDS.length} kinds of clients, ${held.size} checks hold`));

for (const kind of KINDS) {
  describe(`a client known by: ${kind.kind}`, () => {
    let world;
    before(async () => (world = await prepare(kind)));
    after(async () => {
      await world?.stop();
      await world?.portal.stop();
    });

    // Rule: RFC 8414 section 3: the document is at its well-known address
    // Rule: RFC 9728 section 3: the document is at the resource's well-known address, and at the host's
    test(`discovery leads from the resource to the server, by either address: ${kind.kind}`, async () => {
      const resource = new URL(world.resource);
      const response = await oauth.resourceDiscoveryRequest(resource, insecure);
      const metadata = await oauth.processResourceDiscoveryResponse(resource, response);
      assert.deepEqual(metadata.authorization_servers, [world.portal.url]);
      assert.deepEqual(await discover(world.portal, "oidc"), world.as);
      assert.equal(world.as.issuer, world.portal.url);
      assert.ok(world.as.authorization_response_iss_parameter_supported && world.as.client_id_metadata_document_supported);
    });

    // Rule: RFC 6749 section 4.1.2: state comes back as it was sent
    // Rule: RFC 7636 section 4.2: the S256 example of appendix B verifies
    test(`a code with PKCE becomes tokens that open the tools: ${kind.kind}`, async () => {
      const { tokens } = await connect(world);
      assert.deepEqual([tokens.token_type, tokens.scope.includes("mcp:destructive")], ["bearer", true]);
      assert.ok(tokens.expires_in <= 3_600 && tokens.refresh_token);
      assert.match(JSON.stringify(await call(world, tokens.access_token)), /user:default\/noor/);
      const missing = await challenge(call(world, "ptla_made-up"));
      assert.equal(missing.resource_metadata, `${world.portal.url}/.well-known/oauth-protected-resource/api/mcp-actions/v1`);
    });

    // Rule: RFC 7636 section 4.6: a verifier that does not fit is invalid_grant
    // Rule: RFC 6749 section 4.1.2: a code works once
    // Attack: 1.2: a code twice, four at once
    test(`a code works once, with its verifier, and its second use ends the session: ${kind.kind}`, async () => {
      const begun = await request(world);
      const callback = oauth.validateAuthResponse(world.as, world.client, await answer(world, begun), begun.state);
      const exchange = async (verifier, authentication = world.authentication) => {
        const sent = [world.as, world.client, authentication, callback, REDIRECT_URI, verifier, insecure];
        return oauth.processAuthorizationCodeResponse(world.as, world.client, await oauth.authorizationCodeGrantRequest(...sent));
      };
      await refused(exchange(oauth.generateRandomCodeVerifier()), "invalid_grant");
      if (kind.proves) await refused(exchange(begun.verifier, oauth.None()), "invalid_client");
      const tokens = await exchange(begun.verifier);
      await call(world, tokens.access_token);
      await refused(exchange(begun.verifier), "invalid_grant");
      await ended(world, tokens.access_token);
      await refused(refresh(world, tokens.refresh_token), "invalid_grant");
    });

    // Rule: RFC 9700 section 2.2.2: refresh tokens of public clients rotate
    // Rule: Portal section 1: a lost answer is given again, the same one, to the immediate predecessor
    // Attack: 1.2: a refresh token twice within the grace
    test(`refresh tokens rotate, and an answer that was lost comes again: ${kind.kind}`, async () => {
      const { tokens } = await connect(world);
      const seen = new Set([tokens.refresh_token]);
      let current = tokens;
      for (let turn = 0; turn < 3; turn += 1) {
        const next = await refresh(world, current.refresh_token);
        assert.ok(!seen.has(next.refresh_token), "rotated");
        const again = await refresh(world, current.refresh_token);
        assert.deepEqual([again.refresh_token, again.access_token], [next.refresh_token, next.access_token]);
        seen.add(next.refresh_token);
        current = next;
      }
      await call(world, current.access_token);
    });

    // Rule: RFC 9700 section 4.14.2: a replayed refresh token ends the session of a public client
    // Rule: Portal section 1: a client that authenticates keeps its session when an old token comes back
    // Attack: 1.2: a refresh token after the grace, a grandparent within it
    test(`a replay ends the session of a client that proves nothing, and only is refused to one that does: ${kind.kind}`, async () => {
      const { tokens } = await connect(world);
      const second = await refresh(world, tokens.refresh_token);
      const third = await refresh(world, second.refresh_token);
      await refused(refresh(world, tokens.refresh_token), "invalid_grant");
      if (kind.proves) {
        await call(world, third.access_token);
        assert.ok((await refresh(world, third.refresh_token)).access_token);
        await refused(refresh(world, third.refresh_token, { authentication: oauth.None() }), "invalid_client");
      } else {
        await ended(world, third.access_token);
        await refused(refresh(world, third.refresh_token), "invalid_grant");
      }
    });

    // Rule: RFC 7009 section 2.1: a refresh token takes its access tokens along
    // Rule: RFC 7009 section 2.2: an unknown token is answered with 200
    test(`revoking by either token ends the session: ${kind.kind}`, async () => {
      const revoke = async (token, authentication = world.authentication) => {
        const response = await oauth.revocationRequest(world.as, world.client, authentication, token, insecure);
        return oauth.processRevocationResponse(response);
      };
      for (const name of ["access_token", "refresh_token"]) {
        const { tokens } = await connect(world);
        await revoke("made-up");
        if (kind.proves) await refused(revoke(tokens[name], oauth.None()), "invalid_client");
        await call(world, tokens.access_token);
        await revoke(tokens[name]);
        await ended(world, tokens.access_token);
        await refused(refresh(world, tokens.refresh_token), "invalid_grant");
      }
    });

    // Rule: RFC 6750 section 3.1: too small a scope is insufficient_scope, 403, with the scope needed
    // Rule: RFC 6749 section 3.3: the answer names the scope where it is not the one asked for
    // Rule: RFC 6749 section 6: refreshing never widens the scope
    // Rule: MCP 2026-07-28 section authorization: a challenge for more names all scopes of the call at once
    test(`less can be granted than was asked for, and a call beyond it leads to more: ${kind.kind}`, async () => {
      const { tokens } = await connect(world, { scope: "mcp:read" });
      assert.ok(!tokens.scope.includes("mcp:write"), tokens.scope);
      const asked = await challenge(call(world, tokens.access_token, ...WRITING));
      assert.deepEqual([asked.status, asked.error, asked.scope], [403, "insufficient_scope", "mcp:read mcp:write"]);
      await refused(refresh(world, tokens.refresh_token, { scope: "mcp:write" }), "invalid_scope");
      const more = await connect(world, { changes: { scope: `${asked.scope} offline_access` }, scope: "mcp:write" });
      const done = await call(world, more.tokens.access_token, ...WRITING);
      assert.ok(done.result, JSON.stringify(done));
      const narrowed = await refresh(world, more.tokens.refresh_token, { scope: "mcp:read" });
      assert.ok(!narrowed.scope.includes("mcp:write"));
      assert.equal((await challenge(call(world, narrowed.access_token, ...WRITING))).error, "insufficient_scope");
      assert.ok((await refresh(world, narrowed.refresh_token)).scope.includes("mcp:write"), "the session keeps what was granted");
    });

    // Rule: RFC 8707 section 2: an unknown resource is invalid_target
    test(`tokens are for the MCP endpoint, named or not, and for nothing else: ${kind.kind}`, async () => {
      const elsewhere = "https://elsewhere.example/mcp";
      const begun = await request(world, { resource: elsewhere });
      assert.throws(() => oauth.validateAuthResponse(world.as, world.client, new URL("about:blank"), begun.state));
      const told = await answer(world, begun);
      assert.throws(() => oauth.validateAuthResponse(world.as, world.client, told, begun.state), { error: "invalid_target" });
      const { tokens } = await connect(world, { changes: { resource: undefined }, tokenParameters: {} });
      await call(world, tokens.access_token);
      await refused(refresh(world, tokens.refresh_token, { resource: elsewhere }), "invalid_target");
      assert.ok((await refresh(world, tokens.refresh_token, { resource: world.resource })).access_token);
      await refused(connect(world, { tokenParameters: { resource: elsewhere } }), "invalid_target");
    });

    // Rule: RFC 9207 section 2: answers and errors name the issuer
    // Rule: RFC 6749 section 4.1.2.1: every other fault goes to the redirect URI with its word
    // Rule: RFC 6749 section 4.1.2.1: a person who says no is told as access_denied
    // Attack: 1.1: mix-up of issuers, 2 tries
    test(`errors come with state and issuer, and the library refuses answers without: ${kind.kind}`, async () => {
      for (const [changes, button, error] of [
        [{ response_type: "token" }, "Allow", "unsupported_response_type"],
        [{ response_type: undefined }, "Allow", "invalid_request"],
        [{ code_challenge: undefined }, "Allow", "invalid_request"],
        [{ code_challenge_method: "plain" }, "Allow", "invalid_request"],
        [{}, "Cancel", "access_denied"],
      ]) {
        const begun = await request(world, changes);
        const told = await answer(world, begun, { button });
        assert.throws(() => oauth.validateAuthResponse(world.as, world.client, told, begun.state), { name: "AuthorizationResponseError", error });
      }
      const begun = await request(world);
      const good = await answer(world, begun);
      for (const issuer of [undefined, "https://evil.example"]) {
        const tampered = new URL(good);
        if (issuer) tampered.searchParams.set("iss", issuer);
        else tampered.searchParams.delete("iss");
        assert.throws(() => oauth.validateAuthResponse(world.as, world.client, tampered, begun.state), /iss/);
      }
      assert.throws(() => oauth.validateAuthResponse(world.as, world.client, good, "another state"), /state/);
    });

    // Rule: RFC 6749 section 4.1.2.1: nobody is redirected before client and redirect URI are good
    // Attack: 1.1: near misses of a redirect URI: path, case, port, prefix, userinfo, encoding, address forms, 4 tries
    test(`unknown clients and redirect URIs get a page and lead nowhere: ${kind.kind}`, async () => {
      for (const changes of [
        { redirect_uri: "http://127.0.0.1:33418/callback/" },
        { redirect_uri: "http://localhost:33418/callback" },
        { redirect_uri: "https://evil.example/callback" },
        { redirect_uri: undefined },
        { client_id: `${world.client.client_id}x` },
        { client_id: undefined },
      ]) {
        const page = await world.browser.open((await request(world, changes)).address);
        assert.equal(page.status, 400, JSON.stringify(changes));
        assert.equal(page.url.origin, world.portal.url);
      }
      const loopback = await request(world, { redirect_uri: "http://127.0.0.1:50123/callback" });
      assert.match(words((await world.browser.open(loopback.address)).html), /127\.0\.0\.1:50123/, "on loopback the port is free");
    });

    // Rule: OpenID Connect Core section 3.1.2.1: prompt=none asks nothing: login_required, consent_required or an answer
    // Rule: OpenID Connect Core section 3.1.2.1: login, consent and select_account ask
    test(`prompt is obeyed: ${kind.kind}`, async () => {
      const nobody = new PlainBrowser(world.portal.url);
      for (const [browser, error] of [
        [nobody, "login_required"],
        [world.browser, "consent_required"],
      ]) {
        const begun = await request(world, { prompt: "none" });
        const told = await answer(world, begun, { browser });
        assert.throws(() => oauth.validateAuthResponse(world.as, world.client, told, begun.state), { error });
      }
      const consent = await request(world, { prompt: "consent" });
      const page = await world.browser.open(consent.address);
      assert.match(words(page.html), /asks to use Portal as you/);
      // With prompt=login somebody who is signed in signs in again, and nothing of the request is lost.
      const login = await request(world, { prompt: "login" });
      const asked = await world.browser.open(login.address);
      assert.equal(asked.url.pathname, "/sign-in");
      const consented = await world.browser.signIn(asked, PERSON);
      assert.match(words(consented.html), /asks to use Portal as you/);
      const { url } = await world.browser.submit(consented, "Allow", { scope: "mcp:read" });
      oauth.validateAuthResponse(world.as, world.client, url, login.state);
    });

    // Attack: 1.2: a code with another client, redirect, verifier, resource; at its last millisecond, 2 tries
    // Attack: 1.2: a wider scope, another resource, another client when refreshing
    test(`another client gets nothing by this one's code or refresh token: ${kind.kind}`, async () => {
      const { tokens } = await connect(world);
      const other = { client_id: kind.kind.startsWith("a document") ? "https://localhost:9/other.json" : "ptl-client-other" };
      const error = (await refresh(world, tokens.refresh_token, { client: other, authentication: oauth.None() }).catch((fault) => fault)).error;
      assert.ok(["invalid_grant", "invalid_client"].includes(error), error);
      const begun = await request(world);
      const callback = oauth.validateAuthResponse(world.as, world.client, await answer(world, begun), begun.state);
      const sent = [world.as, world.client, world.authentication, callback, "http://127.0.0.1:33419/callback", begun.verifier, insecure];
      const response = await oauth.authorizationCodeGrantRequest(...sent);
      await refused(oauth.processAuthorizationCodeResponse(world.as, world.client, response), "invalid_grant");
      await call(world, tokens.access_token);
      assert.ok((await refresh(world, tokens.refresh_token)).access_token, "the session lives");
    });
  });
}
