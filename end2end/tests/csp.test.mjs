// The strict content security policy: nothing of ours is refused on any page, and what the pages' scripts do works.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launchBrowser } from "../harness/browser.mjs";
import { ADMIN_PAGES, PAGES, REFUSALS } from "../harness/pages.mjs";
import { ADMIN, toggleProfileMenu, turn, visit } from "../harness/people.mjs";
import { startPortal } from "../harness/portal.mjs";
import { inspect, openWindow, whenAlive } from "../harness/window.mjs";

let portal, browser, window, page;
before(async () => {
  [portal, browser] = await Promise.all([startPortal(), launchBrowser()]);
  await portal.createAdmin(ADMIN);
  window = await openWindow(browser);
  page = window.page;
  await window.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await visit(page, portal.url, ADMIN);
});
after(async () => {
  await browser.close();
  await portal.stop();
});

/** No script may come from anywhere but the page itself, and no style from anywhere but Portal. */
function assertStrict(policy, path) {
  const directives = new Map(policy.split(";").map((each) => each.trim().split(/ (.*)/s, 2)));
  assert.equal(directives.get("style-src"), "'self'", path);
  assert.match(directives.get("script-src"), /^'nonce-[\w-]{16,}' 'strict-dynamic' 'wasm-unsafe-eval'$/, path);
  for (const name of ["base-uri", "object-src", "frame-ancestors"]) assert.equal(directives.get(name), "'none'", path);
  assert.equal(directives.get("form-action"), "'self'", path);
}

test("every page: strict policy, islands alive, nothing refused, nothing that axe finds", async () => {
  const nonces = new Set();
  for (const [name, path] of Object.entries({ ...PAGES, ...ADMIN_PAGES })) {
    const response = await page.goto(portal.url + path);
    assert.equal(response.status(), 200, name);
    const policy = response.headers()["content-security-policy"];
    assertStrict(policy, path);
    nonces.add(policy.match(/'nonce-([^']+)'/)[1]);
    await whenAlive(page);
    await inspect(page);
    assert.deepEqual(window.faults, [], path);
  }
  assert.equal(nonces.size, Object.keys({ ...PAGES, ...ADMIN_PAGES }).length, "a nonce is used once");
});

test("every page that refuses: its status, strict policy, nothing that axe finds", async () => {
  for (const [path, status] of Object.entries(REFUSALS)) {
    const response = await page.goto(portal.url + path);
    assert.equal(response.status(), status, path);
    assertStrict(response.headers()["content-security-policy"], path);
    await page.getByRole("main").getByRole("heading", { level: 1 }).waitFor();
    await inspect(page);
  }
  assert.deepEqual(window.faults, []);
});

test("the copy button copies, and says so", async () => {
  await page.goto(`${portal.url}/mcp/setup`);
  await whenAlive(page);
  await page.getByRole("button", { name: "Copy the MCP address" }).click();
  await page.getByRole("button", { name: "Copy the MCP address" }).getByText("Copied").waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${portal.url}/api/mcp-actions/v1`);
});

test("the profile menu closes on Escape, with the focus back, and on a click elsewhere", async () => {
  await page.goto(portal.url);
  await whenAlive(page);
  const signOut = page.getByRole("button", { name: "Sign out", exact: true });
  await toggleProfileMenu(page);
  await signOut.waitFor();
  await inspect(page);
  await page.keyboard.press("Escape");
  await signOut.waitFor({ state: "hidden" });
  assert.ok(await page.evaluate(() => document.activeElement.matches("summary")));
  await toggleProfileMenu(page);
  await signOut.waitFor();
  await page.getByRole("heading", { level: 1 }).click();
  await signOut.waitFor({ state: "hidden" });
});

test("a switch is saved in place: no new page, the focus stays, and the outcome is announced", async () => {
  await page.goto(`${portal.url}/settings/general`);
  await whenAlive(page);
  await page.evaluate(() => (window.untouched = true));
  const name = "Enable refresh tokens";
  await turn(window, name);
  const heard = page.getByRole("status").and(page.locator("#announcement"));
  await heard.filter({ hasText: /^Saved at/ }).waitFor({ state: "attached" });
  assert.ok(await page.evaluate(() => window.untouched), "the page was not loaded anew");
  assert.ok(await page.getByRole("switch", { name }).evaluate((element) => element === document.activeElement));
  assert.deepEqual(window.faults, []);
});

test("the theme follows the system, or what was chosen, on every page", async () => {
  // A canvas tells any notation of a colour as red, green and blue.
  const dark = () => page.evaluate(() => {
    const pen = document.createElement("canvas").getContext("2d");
    pen.fillStyle = getComputedStyle(document.body).backgroundColor;
    pen.fillRect(0, 0, 1, 1);
    return pen.getImageData(0, 0, 1, 1).data[0] < 128;
  });
  await page.goto(portal.url);
  await page.emulateMedia({ colorScheme: "dark" });
  assert.equal(await dark(), true);
  await toggleProfileMenu(page);
  await page.getByRole("button", { name: "Light" }).click();
  await page.waitForLoadState();
  assert.equal(await dark(), false);
  await page.goto(`${portal.url}/no/such/page`);
  assert.equal(await dark(), false);
  await page.goto(portal.url);
  await toggleProfileMenu(page);
  await page.getByRole("button", { name: "System" }).click();
  await page.waitForLoadState();
  assert.equal(await dark(), true);
  await window.close();
});
