// A Portal with an admin, people and an agent, and what the tests of its pages do with them.
import { callTool, obtainToken, startClient } from "./agent.mjs";
import { launchBrowser } from "./browser.mjs";
import { createAuthority } from "./https.mjs";
import { ADMIN, PASSWORD, acceptLink, visit } from "./people.mjs";
import { startPortal } from "./portal.mjs";
import { openWindow, whenAlive } from "./window.mjs";

/**
 * Starts Portal with agents allowed, an admin and these people; end it with `stop`.
 * @param {{ people?: string[], settings?: object }} options
 */
export async function startOrg({ people = [], settings = {} } = {}) {
  const authority = await createAuthority();
  const [portal, browser] = await Promise.all([startPortal({ extraCaFile: authority.file }), launchBrowser()]);
  const client = await startClient(authority, { client_name: "Night rider" });
  await portal.createAdmin(ADMIN);
  await portal.set({ "mcp.cimd.enabled": true, "mcp.cimd.policy": "any", ...settings });
  for (const email of people) {
    const { stdout } = await portal.command(["user", "create", "--email", email]);
    const window = await openWindow(browser, { scripts: false });
    await acceptLink(window.page, stdout.match(/https?:\S+/)[0]);
    await window.close();
  }
  const windows = new Map();
  const org = {
    portal,
    browser,
    client,
    /** A window in which somebody has opened a page, signed in. */
    at: async (path, person, scripts) => {
      const window = await openWindow(browser, { scripts });
      await visit(window.page, portal.url + path, person);
      if (scripts) await whenAlive(window.page);
      return window;
    },
    /** Lets an agent sign in as somebody; its tokens. People stay signed in: sign-ins of one address are counted. */
    connect: async (person, scope = "mcp:read") => {
      if (!windows.has(person.email)) windows.set(person.email, await openWindow(browser, { scripts: false }));
      const page = await windows.get(person.email).page.context().newPage();
      const tokens = await obtainToken({ url: portal.url, client, page, person, scope });
      await page.close();
      return tokens;
    },
    /** Calls a tool with a token: the status, and what came. */
    call: (token, tool = "auth_who_am_i", args = {}) => callTool(portal.url, token, tool, args),
    stop: async () => {
      await browser.close();
      await Promise.all([client.stop(), portal.stop()]);
    },
  };
  return org;
}

/** Somebody with the tests' password. */
export const person = (email) => ({ email, password: PASSWORD });
