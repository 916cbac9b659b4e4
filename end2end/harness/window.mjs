// A browser window that notices what a person does not see: refused scripts and styles, script errors, missing files,
// and what assistive technology cannot use.
import assert from "node:assert/strict";

import AxeBuilder from "@axe-core/playwright";

const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];
/** Longest wait for something on a page; argon2 and a busy machine take their time. */
const TIMEOUT_MS = 15_000;
const THEMES = ["light", "dark"];
/** Chromium's message for an answer of 400 or more; for a page of ours that is its purpose. */
const ANSWERED = /^Failed to load resource/;

/**
 * Opens a window of its own: no cookies, no history.
 * @param {import("playwright-core").Browser} browser
 * @param {object} options
 * @param {boolean} [options.scripts] whether JavaScript runs
 * @param {import("playwright-core").BrowserContextOptions} [options.context]
 */
export async function openWindow(browser, { scripts = true, context: more = {} } = {}) {
  const context = await browser.newContext({
    javaScriptEnabled: scripts,
    reducedMotion: "reduce",
    viewport: SIZES[0],
    ...more,
  });
  context.setDefaultTimeout(TIMEOUT_MS);
  const faults = [];
  context.on("weberror", (error) => faults.push(`script error: ${error.error().message}`));
  context.on("console", (message) => {
    const fault = message.type() === "error" && !ANSWERED.test(message.text());
    if (fault) faults.push(`console: ${message.text()} (${message.location().url})`);
  });
  context.on("response", (response) => {
    const part = response.request().resourceType() !== "document";
    if (part && response.status() >= 400) faults.push(`${response.status()} for ${response.url()}`);
  });
  const stylesheet = process.env.PORTAL_TEST_STYLESHEET;
  if (stylesheet) await context.route("**/*.css", (route) => route.fulfill({ path: stylesheet, contentType: "text/css" }));
  await context.addInitScript(() => {
    const tell = ({ violatedDirective, blockedURI }) => console.error(`policy: ${violatedDirective} refused ${blockedURI}`);
    document.addEventListener("securitypolicyviolation", tell);
  });
  const page = await context.newPage();
  return {
    context,
    page,
    scripts,
    /** What went wrong so far. */
    faults,
    /** Closes the window; fails when something went wrong in it. */
    close: async () => {
      await context.close();
      assert.deepEqual(faults, []);
    },
  };
}

/**
 * Looks at the page as it is, in both themes, wide and narrow: nothing that axe finds, and nothing that is cut off.
 * @param {import("playwright-core").Page} page
 */
export async function inspect(page) {
  const found = [];
  const path = new URL(page.url()).pathname;
  const size = page.viewportSize();
  for (const each of SIZES) {
    await page.setViewportSize(each);
    const wide = await page.evaluate(() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) found.push(`${path} at ${each.width}: ${wide} pixels wider than the window`);
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
      for (const { id, nodes } of violations) {
        found.push(...nodes.map((node) => `${path} ${colorScheme} at ${each.width}: ${id}: ${node.html.slice(0, 160)}: ${node.any[0]?.message ?? ""}`));
      }
    }
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: "reduce" });
  if (size) await page.setViewportSize(size);
  assert.deepEqual(found, []);
}

/** Waits until the islands of the page answer; before that it is a page without scripts. */
export async function whenAlive(page) {
  await page.waitForFunction(() => typeof window.portalHydrate === "function");
}
