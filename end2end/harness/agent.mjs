// What an agent does on its first connect, step by step: a client document, authorization code with PKCE, a token.
import { createHash, randomBytes } from "node:crypto";

import { startHttps } from "./https.mjs";
import { authorize } from "./sign-in.mjs";

/** Nobody listens there: the browser's request is enough to see the code. */
const NOWHERE = "http://127.0.0.1:9/callback";

/**
 * Serves a client document over https.
 * @param {{ cert: string, key: string }} authority
 * @param {object} fields more fields of the document, or others in their place
 */
export async function startClient(authority, fields = {}) {
  const server = await startHttps(authority, ({ url }) => (url === "/client.json" ? { body: client.document } : undefined));
  const id = `${server.origin}/client.json`;
  const client = {
    id,
    document: {
      client_id: id,
      client_name: "Test agent",
      redirect_uris: [NOWHERE],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      ...fields,
    },
    /** Paths that were asked for. */
    requests: server.requests,
    stop: server.stop,
  };
  return client;
}

/** Where tools are called. */
export const mcpAddress = (url) => `${url}/api/mcp-actions/v1`;

/**
 * The address that an agent opens in the browser.
 * @param {object} options
 * @param {string} options.url Portal's public address
 * @param {{ id: string, document: { redirect_uris: string[] } }} options.client
 * @param {string} [options.endpoint] the authorization endpoint, as the metadata names it
 * @param {string} [options.scope]
 * @param {string} [options.verifier] proof key; one that is forgotten by default
 */
export function requestAddress({ url, client, endpoint = `${url}/oauth/authorize`, scope = "mcp:read", verifier = randomBytes(32).toString("base64url") }) {
  const address = new URL(endpoint);
  address.search = new URLSearchParams({
    response_type: "code",
    client_id: client.id,
    redirect_uri: client.document.redirect_uris[0],
    scope,
    resource: mcpAddress(url),
    state: randomBytes(16).toString("base64url"),
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  return address.href;
}

/** Calls a tool with a token: the status, and what came. */
export async function callTool(url, token, tool, args = {}) {
  const response = await fetch(mcpAddress(url), {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2025-11-25",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: tool, arguments: args } }),
  });
  const text = await response.text();
  return { status: response.status, challenge: response.headers.get("www-authenticate") ?? "", text };
}

/**
 * Gets a token as an agent does, a person consenting in the browser.
 * @param {object} options
 * @param {string} options.url Portal's public address
 * @param {{ id: string, document: { redirect_uris: string[] } }} options.client
 * @param {import("playwright-core").Page} options.page signed in or not
 * @param {{ email: string, password: string }} options.person
 * @param {string} [options.scope]
 * @returns {Promise<{ access_token: string, scope: string, refresh_token?: string }>}
 */
export async function obtainToken({ url, client, page, person, scope = "mcp:read" }) {
  const metadata = await (await fetch(`${url}/.well-known/oauth-authorization-server`)).json();
  const [redirectUri] = client.document.redirect_uris;
  const verifier = randomBytes(32).toString("base64url");
  const resource = mcpAddress(url);
  const address = requestAddress({ endpoint: metadata.authorization_endpoint, url, client, scope, verifier });
  const { searchParams: answer } = await authorize(page, address, redirectUri, person);
  if (!answer.has("code")) throw new Error(`no code: ${answer}`);
  const response = await fetch(metadata.token_endpoint, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code: answer.get("code"),
      redirect_uri: redirectUri,
      client_id: client.id,
      code_verifier: verifier,
      resource,
    }),
  });
  const token = await response.json();
  if (!response.ok) throw new Error(`no token: ${JSON.stringify(token)}`);
  return token;
}
