// The main path: an admin opens the door, an agent signs in through the browser and calls Portal's tools as that person.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startClient } from "../harness/agent.mjs";
import { launchBrowser } from "../harness/browser.mjs";
import { createAuthority } from "../harness/https.mjs";
import { McpAgent, startCallback } from "../harness/mcp-agent.mjs";
import { PASSWORD, acceptLink, invite, makeFirstAdmin, turn } from "../harness/people.mjs";
import { startPortal } from "../harness/portal.mjs";
import { signIn } from "../harness/sign-in.mjs";
import { inspect, openWindow, whenAlive } from "../harness/window.mjs";

const PERSON = { name: "Noor Haddad", email: "noor@tidemark.example", password: PASSWORD };
const JOURNEYS = [
  { name: "with JavaScript, client of the first generation, answer to a program here", scripts: true, generation: 1 },
  { name: "without JavaScript, client of the second generation, answer to a program here", scripts: false, generation: 2 },
  { name: "with JavaScript, client of the second generation, answer to an https page", scripts: true, generation: 2, hosted: true },
];

let authority, browser;
before(async () => ([authority, browser] = await Promise.all([createAuthority(), launchBrowser()])));
after(() => browser.close());

/** Waits until the page's islands live, where there are any. */
const ready = ({ page, scripts }) => (scripts ? whenAlive(page) : Promise.resolve());
const axe = ({ page, scripts }) => (scripts ? inspect(page) : Promise.resolve());

/** The first admin, by the printed link, turns on what agents need. */
async function openTheDoor(window, portal) {
  const { page } = window;
  await makeFirstAdmin(page, await portal.firstAdminLink());
  assert.equal(new URL(page.url()).search, "", "the token stays out of the address");
  await page.goto(`${portal.url}/settings/general`);
  for (const name of ["Enable client ID metadata documents", "Enable refresh tokens"]) {
    await ready(window);
    await turn(window, name);
    await page.getByRole("switch", { name, checked: true }).waitFor();
    await page.getByRole("status").filter({ hasText: /Saved at/ }).first().waitFor();
  }
  await ready(window);
  await page.getByRole("radio", { name: "Any agent with a document" }).click();
  if (!window.scripts) await page.getByRole("group", { name: "Which agents may connect" }).locator("..").getByRole("button", { name: "Apply" }).click();
  await page.getByRole("radio", { name: "Any agent with a document", checked: true }).waitFor();
  await page.getByRole("status").filter({ hasText: /Saved at/ }).first().waitFor();
}

/** A person, invited by the admin, sets a password by the link. */
async function moveIn(adminWindow, portal, person, scripts) {
  const link = await invite(adminWindow.page, portal.url, person);
  const window = await openWindow(browser, { scripts });
  await acceptLink(window.page, link, person.password);
  await window.close();
}

for (const { name, scripts, generation, hosted = false } of JOURNEYS) {
  test(`first connect: ${name}`, async () => {
    const portal = await startPortal({ extraCaFile: authority.file });
    const callback = await startCallback();
    // The document names no port: programs take whichever is free.
    const client = await startClient(authority, { redirect_uris: ["http://127.0.0.1/callback"] });
    if (hosted) client.document.redirect_uris = [`${new URL(client.id).origin}/callback`];
    const redirectUrl = hosted ? client.document.redirect_uris[0] : callback.url;
    const agent = new McpAgent({ generation, url: portal.url, documentUrl: client.id, redirectUrl });
    try {
      const admin = await openWindow(browser, { scripts });
      await openTheDoor(admin, portal);
      await axe(admin);
      await moveIn(admin, portal, PERSON, scripts);
      await admin.close();

      const window = await openWindow(browser, { scripts, context: { ignoreHTTPSErrors: hosted } });
      const { page } = window;
      await agent.connect(async (address) => {
        assert.equal(new URL(address).searchParams.get("client_id"), client.id);
        await page.goto(address);
        await page.getByRole("heading", { name: "Sign in to Portal" }).waitFor();
        await axe(window);
        await signIn(page, PERSON);
        await page.getByRole("heading", { name: /asks to use Portal as you/ }).waitFor();
        const main = page.getByRole("main");
        await main.getByText(hosted ? `localhost:${new URL(client.id).port}` : "a program on this computer").first().waitFor();
        await axe(window);
        const arrived = page.waitForRequest((request) => request.url().startsWith(redirectUrl));
        await page.getByRole("button", { name: "Allow", exact: true }).click({ noWaitAfter: true });
        const answer = new URL((await arrived).url()).searchParams;
        if (!hosted) {
          await page.getByRole("heading", { name: "Back in the agent" }).waitFor();
          assert.equal(String(await callback.next()), String(answer));
        }
        assert.equal(answer.get("iss"), portal.url);
        return answer;
      });
      await window.close();

      const me = await agent.call("auth_who_am_i");
      assert.match(JSON.stringify(me), /user:default\/noor/);
      assert.ok(agent.kept.tokens.refresh_token, "a refresh token, for the setting is on and the document lists the grant");
      const { tools } = await agent.client.listTools();
      assert.ok(tools.some((tool) => tool.name === "catalog_get_catalog_entity"));
      assert.ok(!JSON.stringify(portal.output).includes(agent.kept.tokens.access_token));
    } finally {
      await agent.close();
      await Promise.all([callback.stop(), client.stop(), portal.stop()]);
    }
  });
}
