// App settings, General, MCP: every control, as an admin uses it, and what it changes outside.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";

import { launchBrowser } from "../harness/browser.mjs";
import { ADMIN, PASSWORD, acceptLink, toggleProfileMenu, turn, visit } from "../harness/people.mjs";
import { startPortal } from "../harness/portal.mjs";
import { inspect, openWindow, whenAlive } from "../harness/window.mjs";

const USER = { email: "noor@tidemark.example", password: PASSWORD };
const FRESH = {
  "mcp.rollout.announce": false,
  "mcp.rollout.message": "",
  "mcp.cimd.enabled": false,
  "mcp.cimd.policy": "well-known",
  "mcp.cimd.allowed": "",
  "mcp.refresh.enabled": false,
  "mcp.refresh.token_lifetime_days": 7,
  "mcp.refresh.session_lifetime_days": 30,
  "mcp.sources.auth.enabled": true,
};
const CIMD = "Enable client ID metadata documents";
const REFRESH = "Enable refresh tokens";
const ANNOUNCE = "Announce MCP to users";

let portal, browser;
before(async () => {
  [portal, browser] = await Promise.all([startPortal(), launchBrowser()]);
  await portal.createAdmin(ADMIN);
  const { stdout } = await portal.command(["user", "create", "--email", USER.email]);
  const window = await openWindow(browser, { scripts: false });
  await acceptLink(window.page, stdout.match(/https?:\S+/)[0]);
  await window.close();
});
after(async () => {
  await browser.close();
  await portal.stop();
});

/** A stored setting, as the shell tells it. */
async function setting(key) {
  const { stdout } = await portal.command(["settings", "get", key]);
  return stdout.trim();
}

for (const scripts of [true, false]) {
  describe(scripts ? "with JavaScript" : "without JavaScript", () => {
    let window, page;
    before(async () => {
      window = await openWindow(browser, { scripts });
      page = window.page;
      await visit(page, `${portal.url}/settings/general`, ADMIN);
    });
    after(() => window.close());
    beforeEach(async () => {
      await portal.set(FRESH);
      await reopen((main) => main.getByRole("switch", { name: CIMD, checked: false }));
    });

    /** Opens the page until it shows what the shell has changed; the server sees that within a second. */
    async function reopen(sign) {
      for (let tries = 0; tries < 200; tries += 1) {
        await page.goto(`${portal.url}/settings/general`);
        if (await sign(page.getByRole("main")).first().isVisible()) break;
      }
      if (scripts) await whenAlive(page);
    }
    const saved = () => page.getByRole("main").getByRole("status").filter({ hasText: /^Saved at \d\d:\d\d UTC$/ }).first().waitFor();
    const look = () => (scripts ? inspect(page) : undefined);
    const isOn = (name) => page.getByRole("switch", { name, checked: true }).waitFor();
    const isOff = (name) => page.getByRole("switch", { name, checked: false }).waitFor();

    test("client ID metadata documents: on at once; off only after a question that says what follows", async () => {
      const supported = async () => {
        const response = await fetch(`${portal.url}/.well-known/oauth-authorization-server`);
        return (await response.json()).client_id_metadata_document_supported;
      };
      await turn(window, CIMD);
      await saved();
      await isOn(CIMD);
      assert.equal(await supported(), true);
      for (const [answer, after] of [["Keep it on", isOn], ["Turn off documents", isOff]]) {
        await turn(window, CIMD);
        const asked = scripts ? page.getByRole("dialog") : page.getByRole("main");
        await asked.getByRole("heading", { name: "Turn off client ID metadata documents?" }).waitFor();
        await asked.getByText(/every OAuth client of Portal/).waitFor();
        assert.equal(await setting("mcp.cimd.enabled"), "true", "nothing has changed yet");
        await look();
        await asked.getByRole(answer === "Keep it on" && !scripts ? "link" : "button", { name: answer }).click();
        await after(CIMD);
      }
      await saved();
      assert.notEqual(await supported(), true);
    });

    test("refresh tokens: both lifetimes are judged at once, and what was typed stays", async () => {
      await turn(window, REFRESH);
      await saved();
      await isOn(REFRESH);
      const token = page.getByLabel("Token lifetime (days)");
      const session = page.getByLabel("Maximum session lifetime (days)");
      const save = () => page.getByRole("form", { name: "Lifetimes" }).getByRole("button", { name: "Save" }).click();
      const problem = (words) => page.getByRole("alert").filter({ hasText: words }).waitFor();
      await token.fill("15");
      await session.fill("0");
      await save();
      await problem("from 1 to 14");
      await problem("from 1 to 90");
      assert.deepEqual([await token.inputValue(), await session.inputValue()], ["15", "0"]);
      assert.equal(await token.getAttribute("aria-invalid"), "true");
      await look();
      await token.fill("10");
      await session.fill("9");
      await save();
      await problem("cannot be shorter than the token lifetime");
      assert.equal(await setting("mcp.refresh.token_lifetime_days"), "7", "nothing of it was stored");
      await session.fill("20");
      await save();
      await saved();
      assert.equal(await setting("mcp.refresh.token_lifetime_days"), "10");
      assert.equal(await setting("mcp.refresh.session_lifetime_days"), "20");
      await turn(window, REFRESH);
      const asked = scripts ? page.getByRole("dialog") : page.getByRole("main");
      await asked.getByRole("button", { name: "Turn off refresh tokens" }).click();
      await isOff(REFRESH);
    });

    test("who may connect: the policy, and addresses that are added and taken away", async () => {
      const any = page.getByRole("radio", { name: "Any agent with a document" });
      await any.click();
      if (!scripts) await page.locator("form").filter({ has: any }).getByRole("button", { name: "Apply" }).click();
      await saved();
      assert.equal(await setting("mcp.cimd.policy"), "any");
      const address = page.getByLabel("Allow an address");
      const add = () => page.getByRole("button", { name: "Add address" }).click();
      await address.fill("https://not a host/");
      await add();
      await page.getByText("Write a host with an optional path").waitFor();
      assert.equal(await address.inputValue(), "https://not a host/");
      await look();
      await address.fill("agents.example.com/oauth/");
      await add();
      const list = page.getByRole("list", { name: "Allowed addresses" });
      await list.getByText("agents.example.com/oauth/").waitFor();
      assert.match(await setting("mcp.cimd.allowed"), /agents\.example\.com\/oauth\//);
      await list.getByRole("button", { name: "Remove agents.example.com/oauth/" }).click();
      await list.getByText("agents.example.com/oauth/").waitFor({ state: "detached" });
      assert.doesNotMatch(await setting("mcp.cimd.allowed"), /agents/);
    });

    test("with the Auth source off the page warns that agents cannot tell whom they act for", async () => {
      const warning = page.getByText("Agents cannot tell whom they act for.");
      assert.ok(!(await warning.isVisible()));
      await turn(window, "Auth source");
      await warning.waitFor();
      await isOff("Auth source");
      await look();
      await page.getByText("Show tools").first().click();
      await page.getByText("auth_who_am_i", { exact: true }).first().waitFor();
      await turn(window, "Auth source");
      await warning.waitFor({ state: "detached" });
      await isOn("Auth source");
      assert.equal(await setting("mcp.sources.auth.enabled"), "true");
    });

    test("announcing is refused while agents cannot sign in; then it reaches people's home pages at once", async () => {
      const person = await openWindow(browser, { scripts });
      const banner = person.page.getByRole("region", { name: "Connect your coding agent to Portal" });
      const entry = person.page.getByRole("link", { name: "Portal MCP" });
      await visit(person.page, portal.url, USER);
      assert.equal(await banner.count(), 0);

      await turn(window, ANNOUNCE);
      await page.getByRole("alert").filter({ hasText: "Agents cannot sign in yet" }).waitFor();
      await isOff(ANNOUNCE);
      await look();
      await turn(window, CIMD);
      await saved();
      if (scripts) {
        // What is typed elsewhere is not lost when a switch is saved meanwhile.
        await page.getByLabel("Your own words").fill("Bring your <agent> along.");
        await turn(window, ANNOUNCE);
      } else {
        await turn(window, ANNOUNCE);
        await page.getByLabel("Your own words").fill("Bring your <agent> along.");
      }
      const announced = page.getByRole("status").filter({ hasText: /^Saved at/ });
      await page.getByRole("region", { name: "End-user rollout" }).filter({ has: announced }).waitFor();
      await isOn(ANNOUNCE);
      await page.getByRole("button", { name: "Save words" }).click();
      await page.getByText("Bring your <agent> along.").waitFor();

      await person.page.reload();
      await banner.getByText("Bring your <agent> along.").waitFor();
      if (scripts) await inspect(person.page);
      await toggleProfileMenu(person.page);
      await entry.waitFor();
      await toggleProfileMenu(person.page);
      await banner.getByRole("link", { name: "Set up MCP" }).click();
      await person.page.getByRole("heading", { name: "Connect your coding agent" }).waitFor();
      await person.page.getByText(`${portal.url}/api/mcp-actions/v1`, { exact: true }).first().waitFor();
      if (scripts) await inspect(person.page);

      await turn(window, ANNOUNCE);
      await isOff(ANNOUNCE);
      const form = page.locator("form").filter({ has: page.getByRole("switch", { name: ANNOUNCE }) });
      await form.getByText(/^Saved at/).waitFor();
      await person.page.goto(portal.url);
      assert.equal(await banner.count(), 0);
      await person.close();
    });

    test("what the shell sets shows here, and a plain user gets none of it", async () => {
      await portal.set({ "mcp.refresh.enabled": true });
      await reopen((main) => main.getByRole("switch", { name: REFRESH, checked: true }));
      await isOn(REFRESH);
      const person = await openWindow(browser, { scripts });
      await visit(person.page, portal.url, USER);
      assert.equal(await person.page.getByRole("link", { name: "App settings" }).count(), 0);
      for (const path of ["general", "users", "org-data", "general/confirm?change=cimd"]) {
        const response = await person.page.goto(`${portal.url}/settings/${path}`);
        assert.equal(response.status(), 403, path);
        await person.page.getByRole("heading", { name: "This page is for admins" }).waitFor();
      }
      if (scripts) await inspect(person.page);
      const headers = { origin: portal.url, accept: "application/json" };
      const answer = await person.context.request.post(`${portal.url}/_ui/settings_refresh`, { headers, form: { confirmed: "1" } });
      assert.equal(answer.status(), 403);
      assert.equal(await setting("mcp.refresh.enabled"), "true");
      await person.close();
    });
  });
}
