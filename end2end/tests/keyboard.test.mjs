// The admin's and the user's whole journey with a keyboard and nothing else.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startClient } from "../harness/agent.mjs";
import { launchBrowser } from "../harness/browser.mjs";
import { createAuthority } from "../harness/https.mjs";
import { Keyboard } from "../harness/keyboard.mjs";
import { McpAgent, startCallback } from "../harness/mcp-agent.mjs";
import { ADMIN_PAGES, PAGES } from "../harness/pages.mjs";
import { ADMIN, PASSWORD, acceptLink } from "../harness/people.mjs";
import { startPortal } from "../harness/portal.mjs";
import { openWindow, whenAlive } from "../harness/window.mjs";

const PERSON = { name: "Yuki Lindqvist", email: "yuki.lindqvist@tidemark.example", entity: "user:default/yuki.lindqvist", password: PASSWORD };
const CIMD = "Enable client ID metadata documents";
const REFRESH = "Enable refresh tokens";
const ANNOUNCE = "Announce MCP to users";

let portal, browser, client, callback;
before(async () => {
  const authority = await createAuthority();
  [portal, browser, callback] = await Promise.all([startPortal({ extraCaFile: authority.file }), launchBrowser(), startCallback()]);
  client = await startClient(authority, { redirect_uris: ["http://127.0.0.1/callback"], client_name: "Night rider" });
  await portal.createAdmin(ADMIN);
});
after(async () => {
  await browser.close();
  await Promise.all([client.stop(), callback.stop(), portal.stop()]);
});

/** A window that opens the sign-in page, and signs in there. */
async function signInByKeyboard({ email, password }) {
  const window = await openWindow(browser);
  const { page } = window;
  const keyboard = new Keyboard(page);
  await page.goto(portal.url);
  await keyboard.tabTo(page.getByLabel("E-mail"));
  await keyboard.type(email);
  await keyboard.tabTo(page.getByLabel("Password"));
  await keyboard.type(password);
  await keyboard.press("Enter");
  await page.getByRole("heading", { name: /^Hello/ }).waitFor();
  await whenAlive(page);
  return { window, page, keyboard };
}

async function setting(key) {
  return (await portal.command(["settings", "get", key])).stdout.trim();
}

/** Waits until the page says, aloud, that something was saved. */
const heard = (page) => page.locator("#announcement").filter({ hasText: /^Saved at/ }).waitFor({ state: "attached" });

/** Turns a switch that is not asked about. The focus stays. */
async function turnOn({ page, keyboard }, name) {
  const control = page.getByRole("switch", { name, exact: true });
  await page.evaluate(() => (document.getElementById("announcement").textContent = ""));
  await keyboard.use(control, "Space");
  await heard(page);
  await page.getByRole("switch", { name, exact: true, checked: true }).waitFor();
  assert.ok(await keyboard.isAt(control), `the focus stays on ${name}`);
}

test("an admin: sign-in, documents, lifetimes, a question, the announcement", async () => {
  const admin = await signInByKeyboard(ADMIN);
  const { window, page, keyboard } = admin;
  await keyboard.press("Tab");
  assert.ok(await keyboard.isAt(page.getByRole("link", { name: "Skip to content" })), "the first stop leads past the navigation");
  await keyboard.press("Enter");
  assert.ok(await keyboard.isAt(page.getByRole("main")), "and moves the focus there");
  await keyboard.tabTo(page.getByRole("link", { name: "App settings" }).first(), { key: "Shift+Tab" });
  await keyboard.press("Enter");
  await page.getByRole("heading", { name: "MCP", level: 1 }).waitFor();
  await whenAlive(page);

  await turnOn(admin, CIMD);
  await keyboard.tabTo(page.getByRole("radio", { name: "Well-known agents and the list below" }));
  await keyboard.press("ArrowDown");
  await page.getByRole("radio", { name: "Any agent with a document", checked: true }).waitFor();
  await assertStored("mcp.cimd.policy", "any");
  await turnOn(admin, REFRESH);
  await keyboard.tabTo(page.getByLabel("Token lifetime (days)"));
  await keyboard.press("ControlOrMeta+a");
  await keyboard.type("3");
  await keyboard.tabTo(page.getByLabel("Maximum session lifetime (days)"));
  await keyboard.press("ControlOrMeta+a");
  await keyboard.type("21");
  await page.evaluate(() => (document.getElementById("announcement").textContent = ""));
  await keyboard.use(page.getByRole("form", { name: "Lifetimes" }).getByRole("button", { name: "Save" }));
  await heard(page);
  await assertStored("mcp.refresh.token_lifetime_days", "3");
  await assertStored("mcp.refresh.session_lifetime_days", "21");
  await turnOn(admin, ANNOUNCE);
  await assertStored("mcp.rollout.announce", "true");

  const refresh = page.getByRole("switch", { name: REFRESH });
  const dialog = page.getByRole("dialog");
  await keyboard.tabTo(refresh, { key: "Shift+Tab" });
  await keyboard.press("Space");
  await dialog.waitFor();
  for (let tabs = 0; tabs < 6; tabs += 1) {
    // From the last control of a question the way leads to the browser's own controls and back, never below the question.
    assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest("dialog[open]")), "below the question");
    await keyboard.press("Tab");
    await keyboard.look();
  }
  await keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  assert.ok(await keyboard.isAt(refresh), "the focus is back where the question came from");
  await keyboard.press("Space");
  await dialog.waitFor();
  await keyboard.use(dialog.getByRole("button", { name: /^Keep/ }));
  await dialog.waitFor({ state: "hidden" });
  assert.ok(await keyboard.isAt(refresh));
  await assertStored("mcp.refresh.enabled", "true");
  await window.close();
});

async function assertStored(key, value) {
  assert.equal(await setting(key), value, key);
}

test("a user: banner, guided setup, consent with less than was asked for, agents, disconnect", async () => {
  const { stdout } = await portal.command(["user", "create", "--email", PERSON.email, "--name", PERSON.name, "--entity", PERSON.entity]);
  const first = await openWindow(browser, { scripts: false });
  await acceptLink(first.page, stdout.match(/https?:\S+/)[0]);
  await first.close();
  const { window, page, keyboard } = await signInByKeyboard(PERSON);
  await window.context.grantPermissions(["clipboard-read", "clipboard-write"]);

  await keyboard.use(page.getByRole("region", { name: "Connect your coding agent to Portal" }).getByRole("link", { name: "Set up MCP" }));
  await page.getByRole("heading", { name: "Connect your coding agent", level: 1 }).waitFor();
  await keyboard.use(page.getByRole("main").getByRole("link", { name: /^Claude Code|Claude Code Signs in/ }));
  await page.getByRole("heading", { name: "Add Portal to Claude Code" }).waitFor();
  await whenAlive(page);
  await keyboard.use(page.locator("#connect").getByRole("button", { name: /^Copy/ }).first());
  await page.locator("#connect").getByText("Copied").first().waitFor();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), new RegExp(`${portal.url}/api/mcp-actions/v1`));

  const agent = new McpAgent({ generation: 1, url: portal.url, documentUrl: client.id, redirectUrl: callback.url });
  await agent.connect(async (address) => {
    const more = new URL(address);
    more.searchParams.set("scope", "mcp:write");
    await page.goto(more.href);
    await keyboard.tabTo(page.getByRole("radio", { name: "Read and change" }));
    await keyboard.press("ArrowUp");
    await keyboard.look();
    assert.ok(await page.getByRole("radio", { name: "Read", exact: true }).isChecked());
    await keyboard.use(page.getByRole("button", { name: "Allow", exact: true }));
    await page.getByRole("heading", { name: "Back in the agent" }).waitFor();
    return callback.next();
  });
  assert.equal(agent.kept.tokens.scope.split(" ")[0], "mcp:read");
  await agent.call("auth_who_am_i");

  await page.goto(portal.url);
  await whenAlive(page);
  const menu = page.locator("summary").filter({ hasText: "profile menu" });
  const entry = page.getByRole("link", { name: "Portal MCP" });
  await keyboard.use(menu);
  await entry.waitFor();
  await keyboard.press("Tab", "Escape");
  await entry.waitFor({ state: "hidden" });
  assert.ok(await keyboard.isAt(menu), "Escape closes the menu, with the focus back on it");
  await keyboard.press("Space");
  await keyboard.use(entry);
  await page.getByRole("heading", { name: "Portal MCP", level: 1 }).waitFor();
  await keyboard.use(page.getByRole("button", { name: /^Disconnect localhost/ }));
  await page.getByText("No agent is connected").waitFor();
  await assert.rejects(agent.call("auth_who_am_i"), /UnauthorizedError|the session has ended/);
  await agent.close();
  await window.close();
});

test("every page: Tab reaches every control, shows where it is, and leads out again", async () => {
  const { window, page, keyboard } = await signInByKeyboard(ADMIN);
  for (const size of [{ width: 1280, height: 720 }, { width: 390, height: 844 }]) {
    await page.setViewportSize(size);
    for (const path of Object.values({ ...PAGES, ...ADMIN_PAGES })) {
      await page.goto(portal.url + path);
      await whenAlive(page);
      const names = await keyboard.walk();
      assert.equal(names[0], "Skip to content", path);
      assert.ok(names.length > 3, `${path}: ${names}`);
    }
  }
  assert.ok(keyboard.stops > 300, `${keyboard.stops} stops`);
  await window.close();
});
