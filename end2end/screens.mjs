// Pictures of the main pages, to look at: `node screens.mjs FOLDER [PART OF A NAME]`. In light and dark, wide and narrow.
// `node screens.mjs ../docs/screens --docs` makes those of the documentation.
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { startClient } from "./harness/agent.mjs";
import { launchBrowser } from "./harness/browser.mjs";
import { createAuthority } from "./harness/https.mjs";
import { McpAgent, startCallback } from "./harness/mcp-agent.mjs";
import { ADMIN_PAGES, PAGES } from "./harness/pages.mjs";
import { PASSWORD, acceptLink, visit } from "./harness/people.mjs";
import { startPortal } from "./harness/portal.mjs";
import { authorize } from "./harness/sign-in.mjs";
import { openWindow } from "./harness/window.mjs";

const [folder = "results/screens", part = ""] = process.argv.slice(2);
const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };
/** Pictures of the documentation, and the names they have there; cut at a height that a reader takes in. */
const DOCS = { "home-announced": "home", consent: "consent", "settings-mcp": "settings-mcp" };
const DOCS_SIZE = { width: 1280, height: 1040 };
const PERSON = { name: "Nadia Okonjo", email: "nadia.okonjo@tidemark.example", entity: "user:default/nadia.okonjo", password: PASSWORD };

mkdirSync(folder, { recursive: true });
const authority = await createAuthority();
const [portal, browser, callback] = await Promise.all([startPortal({ extraCaFile: authority.file }), launchBrowser(), startCallback()]);
const client = await startClient(authority, { redirect_uris: ["http://127.0.0.1/callback"], client_name: "Claude Code" });

/** Takes the page as it is, four times. */
async function picture(page, name, { whole = true } = {}) {
  if (part === "--docs") return DOCS[name] && forDocs(page, DOCS[name]);
  if (!name.includes(part)) return;
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`), fullPage: whole, animations: "disabled" });
    }
  }
  await page.setViewportSize(SIZES.wide);
}

/** Takes the page for the documentation. */
async function forDocs(page, name) {
  await page.setViewportSize({ ...DOCS_SIZE, height: 100 });
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  const height = Math.min(DOCS_SIZE.height, await page.evaluate(() => document.documentElement.scrollHeight));
  await page.setViewportSize({ ...DOCS_SIZE, height });
  await page.screenshot({ path: join(folder, `${name}.png`), animations: "disabled" });
  await page.setViewportSize(SIZES.wide);
}

const { stdout } = await portal.command(["user", "create", "--admin", "--email", PERSON.email, "--name", PERSON.name, "--entity", PERSON.entity]);
const { page } = await openWindow(browser);
await page.goto(`${portal.url}/sign-in`);
await picture(page, "sign-in");
const link = stdout.match(/https?:\S+/)[0];
await page.goto(link);
await picture(page, "link");
await acceptLink(page, link, PERSON.password);
await portal.command(["user", "create", "--email", "yuki.lindqvist@tidemark.example", "--name", "Yuki Lindqvist", "--entity", "user:default/yuki.lindqvist"]);
await portal.set({ "mcp.cimd.enabled": true, "mcp.refresh.enabled": true, "mcp.cimd.policy": "any", "mcp.rollout.announce": true });
const banner = page.getByRole("region", { name: "Connect your coding agent to Portal" });
for (let tries = 0; tries < 200 && !(await banner.isVisible()); tries += 1) await visit(page, portal.url, PERSON);
await picture(page, "home-announced");

const agent = new McpAgent({ generation: 1, url: portal.url, documentUrl: client.id, redirectUrl: callback.url });
await agent.connect(async (address) => {
  await page.goto(`${address}&scope=mcp:write`.replace(/scope=[^&]*&/, ""));
  await picture(page, "consent");
  await authorize(page, address, callback.url, PERSON);
  return callback.next();
});
await agent.call("auth_who_am_i");
for (const [name, path] of Object.entries({ ...PAGES, ...ADMIN_PAGES })) {
  await page.goto(portal.url + path);
  await picture(page, name);
}
await page.goto(portal.url);
await page.locator("summary").filter({ hasText: "profile menu" }).click();
await picture(page, "menu", { whole: false });
await page.goto(`${portal.url}/no/such/page`);
await picture(page, "not-found");
await page.goto(`${portal.url}/oauth/authorize?client_id=${encodeURIComponent(`${client.id}.absent`)}&redirect_uri=${callback.url}`);
await picture(page, "agent-refused");

await agent.close();
await browser.close();
await Promise.all([client.stop(), callback.stop(), portal.stop()]);
process.exit(0);
