// An OpenID Connect issuer that others have written: the package `oidc-provider`, over https, with its own login pages.
import Provider from "oidc-provider";

import { serveHttps } from "./https.mjs";

/** Portal's id and secret there. */
export const CLIENT = { id: "portal", secret: "a secret/with+signs:" };

/**
 * Starts the issuer. Whoever signs in there is who they say: the login is the `sub`.
 *
 * @param {{ cert: string, key: string }} authority
 * @param {number} port a free one: the address must be known before Portal is
 * @param {string} portalUrl where Portal is
 * @param {string} provider the provider's id in Portal's configuration
 * @param {Record<string, { email?: string, email_verified?: boolean }>} accounts claims by login
 */
export async function startIssuer(authority, port, portalUrl, provider, accounts = {}) {
  const issuer = issuerUrl(port);
  const server = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [`${portalUrl}/auth/callback/${provider}`],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    cookies: { keys: ["not a secret: it lives as long as a test"] },
    pkce: { required: () => true },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...accounts[id] }) }),
  });
  // Its own pages load a font from elsewhere and say so in the log of the console.
  return { issuer, ...(await serveHttps(authority, server.callback(), port)) };
}

/** The issuer's address. */
export function issuerUrl(port) {
  return `https://localhost:${port}`;
}
