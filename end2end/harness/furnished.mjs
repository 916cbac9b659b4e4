// A Portal that is lived in: the example org, people who have signed in, agents of two of them, tokens. For whatever goes
// over all pages.
import { callTool, obtainToken, requestAddress, startClient } from "./agent.mjs";
import { createAuthority } from "./https.mjs";
import { PASSWORD, acceptLink, visit } from "./people.mjs";
import { startPortal } from "./portal.mjs";
import { openWindow } from "./window.mjs";

/** An admin who owns something. */
export const NADIA = { name: "Nadia Okonjo", email: "nadia.okonjo@tidemark.example", entity: "user:default/nadia.okonjo", password: PASSWORD };
/** A plain user with nothing connected, who sees the announcement. */
export const YUKI = { name: "Yuki Lindqvist", email: "yuki.lindqvist@tidemark.example", entity: "user:default/yuki.lindqvist", password: PASSWORD };

const SETTINGS = { "mcp.cimd.enabled": true, "mcp.refresh.enabled": true, "mcp.cimd.policy": "any", "mcp.rollout.announce": true };

/**
 * Starts Portal, lets people in and connects an agent of the admin's; end it with `stop`.
 * @param {import("playwright-core").Browser} browser
 */
export async function startFurnished(browser) {
  const authority = await createAuthority();
  const portal = await startPortal({ extraCaFile: authority.file });
  const client = await startClient(authority, { redirect_uris: ["http://127.0.0.1:9/callback"], client_name: "Claude Code" });
  const links = new Map();
  for (const person of [NADIA, YUKI]) links.set(person, await invitation(portal, person, person === NADIA));
  await portal.set(SETTINGS);
  await portal.command(["token", "create", "--name", "ci-catalog-sync", "--owner", "group:default/fleet", "--scope", "mcp:read"]);
  const furnished = {
    portal,
    client,
    links,
    /** A person's invitation is accepted; a window in which that person is signed in. */
    window: async (person, { browser: other = browser, ...options } = {}) => {
      const window = await openWindow(other, options);
      if (links.has(person)) await acceptLink(window.page, links.get(person), person.password);
      links.delete(person);
      await visit(window.page, portal.url, person);
      return window;
    },
    /** An agent signs in as whoever is signed in in the window, and calls a tool. */
    connect: async (window, person) => {
      const page = await window.context.newPage();
      const { access_token } = await obtainToken({ url: portal.url, client, page, person, scope: "mcp:read offline_access" });
      await page.close();
      const { status, text } = await callTool(portal.url, access_token, "auth_who_am_i");
      if (status !== 200) throw new Error(`who am i: ${status} ${text}`);
    },
    /** The address of an agent's request, as the agent opens it in the browser. */
    consentAddress: () => requestAddress({ url: portal.url, client, scope: "mcp:write" }),
    stop: () => Promise.all([client.stop(), portal.stop()]),
  };
  return furnished;
}

async function invitation(portal, { name, email, entity }, admin) {
  const more = admin ? ["--admin"] : [];
  const { stdout } = await portal.command(["user", "create", "--email", email, "--name", name, "--entity", entity, ...more]);
  return stdout.match(/https?:\S+/)[0];
}
