// The organization's own name, picture and accent, and the self-check.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { after, before, describe, test } from "node:test";

import { launchBrowser } from "../harness/browser.mjs";
import { ADMIN, visit } from "../harness/people.mjs";
import { startPortal } from "../harness/portal.mjs";
import { inspect, openWindow, whenAlive } from "../harness/window.mjs";

const BRANDING = "/settings/branding";
/** One red pixel. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVQI12P4z8AAAAMBAQAY3Y2wAAAAAElFTkSuQmCC",
  "base64",
);
const ACCENTS = ["Fern", "Lagoon", "Azure", "Indigo", "Violet", "Plum", "Slate", "Verdigris"];
let portal, browser;

before(async () => {
  [portal, browser] = await Promise.all([startPortal(), launchBrowser()]);
  await portal.createAdmin(ADMIN);
});
after(async () => {
  await browser.close();
  await portal.stop();
});

for (const scripts of [true, false]) {
  describe(scripts ? "with JavaScript" : "without JavaScript", () => {
    let window, page;
    before(async () => {
      await portal.set({ "ui.product_name": "Portal", "ui.accent": "verdigris" });
      window = await openWindow(browser, { scripts });
      page = window.page;
      await visit(page, `${portal.url}${BRANDING}`, ADMIN);
      if (scripts) await whenAlive(page);
    });
    after(() => window.close());
    const saved = () => page.getByText(/^Saved at/).first().waitFor();

    test("a name and an accent show everywhere", async () => {
      await page.getByLabel("Product name").fill("<b>");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByRole("alert").getByText(/at most 40 letters/).waitFor();
      await page.getByLabel("Product name").fill("Tidemark Harbour");
      await page.getByRole("radio", { name: "Plum" }).check();
      await page.getByRole("button", { name: "Save" }).click();
      await saved();
      await page.goto(`${portal.url}/`);
      await page.getByRole("link", { name: "Tidemark Harbour", exact: true }).waitFor();
      assert.equal(await page.title(), "Home · Tidemark Harbour");
      assert.equal(await page.locator("html").getAttribute("data-accent"), "plum");
      const nobody = await openWindow(browser, { scripts });
      await nobody.page.goto(`${portal.url}/sign-in`);
      await nobody.page.getByRole("link", { name: "Tidemark Harbour", exact: true }).waitFor();
      await nobody.close();
    });

    test("a picture takes the place of the mark, and goes again", async () => {
      await page.goto(`${portal.url}${BRANDING}`);
      const file = page.getByLabel("Picture", { exact: true });
      await file.setInputFiles({ name: "x.svg", mimeType: "image/svg+xml", buffer: Buffer.from("<svg/>") });
      await page.getByRole("button", { name: "Use this picture" }).click();
      await page.getByText(/Vector pictures \(SVG\) are not taken, because they can hold scripts\. Use/).waitFor();
      await file.setInputFiles({ name: "logo.png", mimeType: "image/png", buffer: PIXEL });
      await page.getByRole("button", { name: "Use this picture" }).click();
      await saved();
      await page.locator("header.bar img.brand-logo").first().waitFor();
      const icon = await page.locator("link[rel=icon]").getAttribute("href");
      assert.match(icon, /^\/branding\/logo\//);
      if (scripts) await inspect(page);
      if (scripts) await whenAlive(page);
      await page.getByRole("button", { name: "Go back to Portal’s mark" }).click();
      await page.getByText("Portal’s own mark.").waitFor();
    });

    test("the self-check says what stands in the way, and that nothing does", async () => {
      await portal.set({ "mcp.cimd.enabled": false });
      await page.goto(`${portal.url}/settings/general`);
      /** What the command line changes is seen within a second. */
      async function runUntil(says) {
        for (let tries = 0; tries < 100; tries += 1) {
          await page.getByRole("heading", { name: "What was found" }).waitFor();
          if (await page.getByText(says).isVisible()) return;
          await page.getByRole("button", { name: "Run again" }).click();
        }
        assert.fail(`the self-check never said ${says}`);
      }
      await page.getByRole("button", { name: "Run self-check" }).click();
      await runUntil(/Agents cannot connect/);
      if (scripts) await inspect(page);
      await portal.set({ "mcp.cimd.enabled": true });
      await runUntil("Agents can connect.");
      const lines = page.getByRole("region", { name: "What was found" }).getByRole("listitem");
      assert.equal(await lines.count(), 8);
    });
  });
}

test("every accent keeps its contrast, light and dark", async () => {
  const window = await openWindow(browser);
  const { page } = window;
  await visit(page, `${portal.url}${BRANDING}`, ADMIN);
  for (const accent of ACCENTS) {
    await whenAlive(page);
    await page.getByRole("radio", { name: accent }).check();
    await page.getByRole("button", { name: "Save" }).click();
    await page.waitForFunction((word) => document.querySelector(`input[value=${word}]`)?.defaultChecked, accent.toLowerCase());
    await page.goto(`${portal.url}/settings/general`);
    assert.equal(await page.locator("html").getAttribute("data-accent"), accent.toLowerCase());
    await inspect(page);
    await page.goto(`${portal.url}${BRANDING}`);
  }
  await window.close();
});
