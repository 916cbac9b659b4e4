// Pictures of the pages, to look at: `node screens.mjs FOLDER [PART OF A NAME]`. In light and dark, wide and narrow.
// `node screens.mjs ../docs/screens --docs` makes those of the documentation.
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { launchBrowser } from "./harness/browser.mjs";
import { NADIA, YUKI, startFurnished } from "./harness/furnished.mjs";
import { ADMIN_PAGES, PAGES } from "./harness/pages.mjs";
import { visit } from "./harness/people.mjs";
import { openWindow } from "./harness/window.mjs";

const [folder = "results/screens", part = ""] = process.argv.slice(2);
const forDocs = part === "--docs";
const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };
const THEMES = ["light", "dark"];
/** Pages that the documentation shows, and the name of the picture there. */
const DOCS = {
  "home-announced": "home",
  "setup-waiting": "setup",
  consent: "consent",
  agents: "agents",
  "settings-mcp": "settings-mcp",
  catalog: "catalog",
  component: "entity",
};
const DOCS_SIZE = { width: 1280, height: 860 };
/** Small enough for a page of documentation that shows several. */
const DOCS_BYTES_MAX = 80_000;
const DOCS_QUALITIES = [90, 80, 70, 60, 50];

mkdirSync(folder, { recursive: true });
const browser = await launchBrowser();
const furnished = await startFurnished(browser);
const { portal } = furnished;

/** Takes the page as it is, in both themes. */
async function picture(page, name, { whole = true } = {}) {
  if (forDocs ? !DOCS[name] : !name.includes(part)) return;
  for (const [size, viewport] of Object.entries(forDocs ? { docs: DOCS_SIZE } : SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      if (forDocs) await small(page, `${DOCS[name]}-${colorScheme}`);
      else await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`), fullPage: whole, animations: "disabled" });
    }
  }
  await page.setViewportSize(SIZES.wide);
}

/** A picture for the documentation: as sharp as its size allows. */
async function small(page, name) {
  const session = await page.context().newCDPSession(page);
  for (const quality of DOCS_QUALITIES) {
    const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality });
    const bytes = Buffer.from(data, "base64");
    if (bytes.length > DOCS_BYTES_MAX) continue;
    const file = join(folder, `${name}.webp`);
    writeFileSync(file, bytes);
    console.log(`${file}: ${Math.round(statSync(file).size / 1000)} kB`);
    return session.detach();
  }
  throw new Error(`${name} does not fit into ${DOCS_BYTES_MAX} bytes`);
}

/** Pages of somebody who is not signed in. */
async function asStranger() {
  const { page, context } = await openWindow(browser);
  await page.goto(`${portal.url}/sign-in`);
  await picture(page, "sign-in");
  await page.goto(furnished.links.get(YUKI));
  await picture(page, "link");
  await context.close();
}

async function asUser() {
  const { page, context } = await furnished.window(YUKI);
  const banner = page.getByRole("region", { name: "Connect your coding agent to Portal" });
  for (let tries = 0; tries < 200 && !(await banner.isVisible()); tries += 1) await visit(page, portal.url, YUKI);
  await picture(page, "home-announced");
  await page.goto(`${portal.url}/mcp/setup?agent=claude-code`);
  await picture(page, "setup-waiting");
  await page.goto(`${portal.url}/me/agents`);
  await picture(page, "agents-none");
  await page.goto(`${portal.url}/settings/general`);
  await picture(page, "admins-only");
  await context.close();
}

async function asAdmin() {
  const window = await furnished.window(NADIA);
  const { page, context } = window;
  await page.goto(furnished.consentAddress());
  await picture(page, "consent");
  for (let agents = 0; agents < 2; agents += 1) await furnished.connect(window, NADIA);
  for (const [name, path] of Object.entries({ ...PAGES, ...ADMIN_PAGES })) {
    await page.goto(portal.url + path);
    await picture(page, name);
  }
  const more = {
    "confirm-cimd": "/settings/general/confirm?change=cimd",
    "confirm-disconnect": "/me/agents/confirm",
    "not-found": "/no/such/page",
    "entity-missing": "/catalog/default/component/absent",
    "nothing-found": "/catalog?q=nothing+like+it",
    "agent-refused": `/oauth/authorize?client_id=${encodeURIComponent(`${furnished.client.id}.absent`)}&redirect_uri=http%3A%2F%2F127.0.0.1%2F`,
  };
  for (const [name, path] of Object.entries(more)) {
    await page.goto(portal.url + path);
    await picture(page, name);
  }
  await page.goto(portal.url);
  await page.locator("summary").filter({ hasText: "profile menu" }).click();
  await picture(page, "menu", { whole: false });
  await context.close();
}

await asStranger();
await asUser();
await asAdmin();
await browser.close();
await furnished.stop();
process.exit(0);
