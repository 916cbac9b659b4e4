// A smoke run in Firefox: the main pages, a switch that scripts save, an agent's consent, the theme; and nothing refused.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startClient } from "../harness/agent.mjs";
import { NO_FIREFOX, findFirefox, launchFirefox, openFirefoxWindow } from "../harness/firefox.mjs";
import { createAuthority } from "../harness/https.mjs";
import { McpAgent, startCallback } from "../harness/mcp-agent.mjs";
import { ADMIN_PAGES, PAGES } from "../harness/pages.mjs";
import { ADMIN } from "../harness/people.mjs";
import { startPortal } from "../harness/portal.mjs";

const REFRESH = "Enable refresh tokens";

describe("Firefox", { skip: findFirefox() ? false : NO_FIREFOX }, () => {
  let portal, client, callback, browser, window, page;
  before(async () => {
    const authority = await createAuthority();
    [portal, callback, browser] = await Promise.all([startPortal({ extraCaFile: authority.file }), startCallback(), launchFirefox()]);
    client = await startClient(authority, { redirect_uris: ["http://127.0.0.1/callback"], client_name: "Night rider" });
    await portal.createAdmin(ADMIN);
    await portal.set({ "mcp.cimd.enabled": true, "mcp.cimd.policy": "any" });
    window = await openFirefoxWindow(browser, portal.url);
    page = window.page;
  });
  after(async () => {
    await browser?.close();
    await Promise.all([client?.stop(), callback?.stop(), portal?.stop()]);
  });

  test("signs in, and says so when the password is wrong", async () => {
    assert.equal(await window.open(`${portal.url}/catalog?kind=api`), 200);
    await window.fill("E-mail", ADMIN.email);
    await window.fill("Password", "not the password");
    await window.follow("button", "Sign in");
    assert.match(await page.$eval("[role=alert]", (alert) => alert.innerText), /do not fit together/);
    await window.fill("Password", ADMIN.password);
    await window.follow("button", "Sign in");
    assert.equal(page.url(), `${portal.url}/catalog?kind=api`);
    assert.deepEqual(window.faults, []);
  });

  test("every page: whole, islands alive, nothing refused, nothing wider than the window", async () => {
    for (const [name, path] of Object.entries({ ...PAGES, ...ADMIN_PAGES })) {
      assert.equal(await window.open(portal.url + path), 200, name);
      assert.ok((await page.$eval("main h1", (heading) => heading.innerText)).length > 0, name);
      const wide = await page.evaluate(() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${path}: ${wide} pixels wider than the window`);
      assert.deepEqual(window.faults, [], path);
    }
  });

  test("from the home page to an entity and its owner by links", async () => {
    await window.open(portal.url);
    await window.follow("nav a", "Catalog");
    await window.open(`${portal.url}/catalog/default/component/rider-app`);
    assert.match(await window.words(), /rider-app/);
    await window.open(`${portal.url}/catalog/default/group/fleet`);
    assert.match(await window.words(), /Fleet/);
    assert.deepEqual(window.faults, []);
  });

  test("a switch is saved in place, by scripts: no new page, the focus stays, and the outcome is announced", async () => {
    await window.open(`${portal.url}/settings/general`);
    await page.evaluate(() => (window.untouched = true));
    await window.click("[role=switch]", REFRESH);
    await page.waitForFunction(() => /^Saved at/.test(document.getElementById("announcement").textContent));
    const state = () =>
      page.$eval(`[role=switch][aria-label="${REFRESH}"]`, (control) => ({ on: control.checked, focused: control === document.activeElement }));
    assert.deepEqual(await state(), { on: true, focused: true });
    assert.ok(await page.evaluate(() => window.untouched), "the page was not loaded anew");
    const { stdout } = await portal.command(["settings", "get", "mcp.refresh.enabled"]);
    assert.equal(stdout.trim(), "true");

    await window.click("[role=switch]", REFRESH);
    await page.waitForSelector("dialog[open]");
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => !document.querySelector("dialog[open]"));
    assert.deepEqual(await state(), { on: true, focused: true }, "the question was not answered");
    assert.deepEqual(window.faults, []);
  });

  test("an agent signs in through this browser and calls a tool; Portal MCP lists it", async () => {
    const agent = new McpAgent({ generation: 2, url: portal.url, documentUrl: client.id, redirectUrl: callback.url });
    await agent.connect(async (address) => {
      await window.open(address);
      assert.match(await window.words(), /asks to use Portal as you[^]*Night rider[^]*a program on this computer/);
      await window.follow("button", "Allow");
      assert.match(await page.$eval("h1", (heading) => heading.innerText), /Back in the agent/);
      return callback.next();
    });
    assert.match(JSON.stringify(await agent.call("auth_who_am_i")), /user:default\/ada/);
    await agent.close();
    await window.open(`${portal.url}/me/agents`);
    assert.match(await window.words(), /Night rider/);
    assert.deepEqual(window.faults, []);
  });

  test("the theme follows the system, or what was chosen", async () => {
    const dark = () =>
      page.evaluate(() => {
        const pen = document.createElement("canvas").getContext("2d");
        pen.fillStyle = getComputedStyle(document.body).backgroundColor;
        pen.fillRect(0, 0, 1, 1);
        return pen.getImageData(0, 0, 1, 1).data[0] < 128;
      });
    const choose = async (theme) => {
      await window.open(portal.url);
      await page.click("details.profile summary");
      await window.follow("button", theme);
    };
    await window.open(portal.url);
    assert.equal(await dark(), false, "the system is light");
    await choose("Dark");
    assert.equal(await dark(), true);
    await window.open(`${portal.url}/mcp/setup`);
    assert.equal(await dark(), true);
    await choose("System");
    assert.equal(await dark(), false);
    assert.deepEqual(window.faults, []);
  });

  test("a script in the page's own markup is refused, and the harness notices", async () => {
    await window.open(portal.url);
    // Not an element added by a script: those are trusted by the script that adds them.
    await page.evaluate(() => document.body.insertAdjacentHTML("beforeend", '<img src="/absent" onerror="window.intruder = true">'));
    await page.waitForFunction(() => document.querySelector("img[src='/absent']").complete);
    assert.equal(await page.evaluate(() => window.intruder), undefined);
    assert.ok(window.faults.some((fault) => fault.startsWith("console: policy: script-src-attr")), String(window.faults));
    window.faults.length = 0;
  });
});
