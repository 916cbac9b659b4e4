// The guided setup while an agent connects: the page waits, turns connected by itself, and says why it failed.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { obtainToken } from "../harness/agent.mjs";
import { person, startOrg } from "../harness/org.mjs";
import { ADMIN } from "../harness/people.mjs";
import { inspect } from "../harness/window.mjs";

const NOOR = person("noor@tidemark.example");
const TAM = person("tam@tidemark.example");
const GUIDE = "/mcp/setup?agent=other";

let org;
before(async () => (org = await startOrg({ people: [NOOR.email, TAM.email] })));
after(() => org?.stop());

/** Sends a browser in which somebody is signed in to Portal as an agent does; the address has a fault. */
async function fail(page) {
  const address = new URL("/oauth/authorize", org.portal.url);
  address.search = new URLSearchParams({ response_type: "code", client_id: "ptl-client-none", redirect_uri: "http://127.0.0.1:9/callback" });
  await page.goto(address.href);
  await page.getByRole("heading", { name: "This agent is not known here" }).waitFor();
}

describe("with JavaScript", () => {
  test("the page waits, tells of a failure, and turns connected within a second of the first call", async () => {
    const window = await org.at(GUIDE, NOOR, true);
    const { page } = window;
    const part = page.locator("#attempt-state");
    await part.getByRole("heading", { name: "Waiting for your agent…" }).waitFor();
    await inspect(page);

    const agent = await page.context().newPage();
    await fail(agent);
    await part.getByText("Portal does not know this agent").waitFor();
    await part.getByText("Remove Portal from the agent and add it anew").waitFor();
    await inspect(page);

    const tokens = await obtainToken({ url: org.portal.url, client: org.client, page: agent, person: NOOR });
    await part.getByRole("heading", { name: "Your agent has its token" }).waitFor();
    assert.equal(await part.getByText("Portal does not know this agent").count(), 0, "that is over");
    const called = Date.now();
    assert.equal((await org.call(tokens.access_token)).status, 200);
    await part.getByRole("heading", { name: /^Connected at/ }).waitFor();
    const waited = Date.now() - called;
    assert.ok(waited < 1500, `it took ${waited} ms`);
    await part.getByText("What Portal answers to “Who am I?”").waitFor();
    await part.getByText("Night rider").first().waitFor();
    await part.getByText("user:default/noor").first().waitFor();
    await inspect(page);
    await agent.close();

    // The address keeps it, and what it says then is the same.
    await page.reload();
    await page.getByRole("heading", { name: "Your agent is connected" }).waitFor();
    await inspect(page);
    await page.goto(`${org.portal.url}/me/agents`);
    const calls = page.getByRole("table", { name: "What your agents did, newest first" });
    await calls.getByRole("row").filter({ hasText: "auth_who_am_i" }).first().waitFor();
    await inspect(page);
    await window.close();
  });

  test("by keyboard: an agent is chosen, help opened, the page renewed and an example copied", async () => {
    const window = await org.at("/mcp/setup", TAM, true);
    const { page } = window;
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("link", { name: /^Another agent/ }).focus();
    await page.keyboard.press("Enter");
    const refresh = page.getByRole("link", { name: "Refresh" });
    await refresh.focus();
    await page.keyboard.press("Enter");
    await page.locator("#nothing-happens summary").focus();
    await page.keyboard.press("Enter");
    await page.getByText("Restart the agent").waitFor();
    await page.getByRole("button", { name: /^Copy “Who am I in Portal/ }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("Copied").waitFor();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^Who am I in Portal/);
    await window.close();
  });
});

describe("without JavaScript", () => {
  test("Refresh shows each step, and admins see what is nobody's", async () => {
    const window = await org.at(GUIDE, TAM, false);
    const { page } = window;
    await page.getByRole("heading", { name: "Waiting for your agent…" }).waitFor();
    const refresh = () => page.getByRole("link", { name: "Refresh" }).click();
    const agent = await page.context().newPage();
    await fail(agent);
    await refresh();
    await page.getByText("Portal does not know this agent").waitFor();
    const tokens = await obtainToken({ url: org.portal.url, client: org.client, page: agent, person: TAM });
    await refresh();
    await page.getByRole("heading", { name: "Your agent has its token" }).waitFor();
    assert.equal((await org.call(tokens.access_token)).status, 200);
    await refresh();
    await page.getByRole("heading", { name: "Your agent is connected" }).waitFor();
    await window.close();

    const admin = await org.at("/settings/agents", ADMIN, true);
    const failed = admin.page.getByRole("table", { name: "Attempts to connect that failed, newest first" });
    await failed.getByRole("row").filter({ hasText: "ptl-client-none" }).first().waitFor();
    await inspect(admin.page);
    await admin.close();
  });
});
