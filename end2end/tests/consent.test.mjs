// The consent page: every way to answer, and what the agent then has.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { startClient } from "../harness/agent.mjs";
import { launchBrowser } from "../harness/browser.mjs";
import { createAuthority } from "../harness/https.mjs";
import { McpAgent, startCallback } from "../harness/mcp-agent.mjs";
import { ADMIN, PASSWORD, acceptLink } from "../harness/people.mjs";
import { startPortal } from "../harness/portal.mjs";
import { signIn } from "../harness/sign-in.mjs";
import { inspect, openWindow } from "../harness/window.mjs";

const PERSON = { email: "noor@tidemark.example", password: PASSWORD };
const OTHER = { email: "tam@tidemark.example", password: PASSWORD };

let portal, browser, client, callback;
before(async () => {
  const authority = await createAuthority();
  [portal, browser, callback] = await Promise.all([startPortal({ extraCaFile: authority.file }), launchBrowser(), startCallback()]);
  client = await startClient(authority, { redirect_uris: ["http://127.0.0.1/callback"], client_name: "Night rider" });
  await portal.createAdmin(ADMIN);
  await portal.set({ "mcp.cimd.enabled": true, "mcp.cimd.policy": "any" });
  for (const { email, password } of [PERSON, OTHER]) {
    const { stdout } = await portal.command(["user", "create", "--email", email]);
    const window = await openWindow(browser, { scripts: false });
    await acceptLink(window.page, stdout.match(/https?:\S+/)[0], password);
    await window.close();
  }
});
after(async () => {
  await browser.close();
  await Promise.all([client.stop(), callback.stop(), portal.stop()]);
});

/** The address of an authorization request that a client would send the browser to. */
function requestAddress(changes = {}) {
  const challenge = createHash("sha256").update(randomBytes(32).toString("base64url")).digest("base64url");
  const parameters = {
    response_type: "code",
    client_id: client.id,
    redirect_uri: callback.url,
    scope: "mcp:write",
    resource: `${portal.url}/api/mcp-actions/v1`,
    state: "a state with & and =",
    code_challenge: challenge,
    code_challenge_method: "S256",
    ...changes,
  };
  return `${portal.url}/oauth/authorize?${new URLSearchParams(parameters)}`;
}

const newAgent = () => new McpAgent({ generation: 1, url: portal.url, documentUrl: client.id, redirectUrl: callback.url });

for (const scripts of [true, false]) {
  describe(scripts ? "with JavaScript" : "without JavaScript", () => {
    test("the page says who asks, where the answer goes, and as whom; Cancel tells the agent so", async () => {
      const window = await openWindow(browser, { scripts });
      const { page } = window;
      await page.goto(requestAddress());
      await signIn(page, PERSON);
      const main = page.getByRole("main");
      await main.getByRole("heading", { name: /^localhost(:\d+)? asks to use Portal as you$/ }).waitFor();
      for (const words of ["Night rider", "Portal has not verified this name", PERSON.email, `127.0.0.1:${new URL(callback.url).port}`]) {
        assert.ok((await main.innerText()).includes(words), words);
      }
      assert.ok(await page.getByRole("radio", { name: "Read, change and delete" }).isDisabled(), "it did not ask for that");
      assert.ok(await page.getByRole("radio", { name: "Read and change" }).isChecked());
      await page.getByRole("button", { name: "Cancel" }).click();
      const answer = await callback.next();
      assert.deepEqual(
        { error: answer.get("error"), state: answer.get("state"), iss: answer.get("iss"), code: answer.get("code") },
        { error: "access_denied", state: "a state with & and =", iss: portal.url, code: null },
      );
      await page.getByRole("heading", { name: "Back in the agent" }).waitFor();
      await page.goBack();
      await main.getByRole("heading", { name: "This request is over" }).waitFor();
      if (scripts) await inspect(page);
      await window.close();
    });

    test("Use another account: the token is the other person's", async () => {
      const window = await openWindow(browser, { scripts });
      const { page } = window;
      const agent = newAgent();
      await agent.connect(async (address) => {
        await page.goto(address);
        await signIn(page, PERSON);
        await page.getByRole("link", { name: "Use another account" }).click();
        await signIn(page, OTHER);
        await page.getByRole("main").getByText(OTHER.email).waitFor();
        await page.getByRole("button", { name: "Allow" }).click();
        return callback.next();
      });
      assert.match(JSON.stringify(await agent.call("auth_who_am_i")), /user:default\/tam/);
      await agent.close();
      await window.close();
    });

    test("less than was asked for can be given; what needs more is answered with the step-up challenge", async () => {
      const window = await openWindow(browser, { scripts });
      const { page } = window;
      const agent = newAgent();
      await agent.connect(async (address) => {
        // An agent that knows what it will need asks for more than the challenge names.
        const more = new URL(address);
        more.searchParams.set("scope", "mcp:write");
        await page.goto(more.href);
        await signIn(page, PERSON);
        assert.ok(await page.getByRole("radio", { name: "Read and change" }).isChecked());
        await page.getByRole("radio", { name: "Read", exact: true }).check();
        await page.getByRole("button", { name: "Allow" }).click();
        return callback.next();
      });
      assert.equal(agent.kept.tokens.scope, "mcp:read");
      const location = { type: "url", target: "https://example.org/catalog-info.yaml" };
      await assert.rejects(agent.call("catalog_register_entity", location), (error) => error.constructor.name === "UnauthorizedError");
      // The client has read the challenge and asks for more, in a new request to the browser.
      assert.match(agent.kept.address.searchParams.get("scope"), /mcp:write/);
      await page.goto(agent.kept.address.href);
      assert.ok(await page.getByRole("radio", { name: "Read and change" }).isChecked());
      await page.getByRole("button", { name: "Allow" }).click();
      await agent.finish(agent.transport, await callback.next());
      assert.deepEqual(agent.kept.tokens.scope.split(" "), ["mcp:read", "mcp:write"]);
      await agent.close();
      await window.close();
    });
  });
}

test("an agent is listed under Portal MCP, and disconnecting it ends its token at once", async () => {
  const window = await openWindow(browser);
  const { page } = window;
  const agent = newAgent();
  await agent.connect(async (address) => {
    await page.goto(address);
    await signIn(page, OTHER);
    await page.getByRole("button", { name: "Allow" }).click();
    return callback.next();
  });
  await page.goto(`${portal.url}/me/agents`);
  await inspect(page);
  const before = await page.getByRole("button", { name: /^Disconnect localhost/ }).count();
  assert.ok(before > 0);
  await page.getByRole("button", { name: "Disconnect all" }).click();
  await page.getByRole("heading", { name: "Disconnect all agents?" }).waitFor();
  await inspect(page);
  await page.getByRole("button", { name: "Disconnect all" }).click();
  await page.getByText("No agent is connected").waitFor();
  await assert.rejects(agent.call("auth_who_am_i"), (error) => error.constructor.name === "UnauthorizedError");
  await agent.close();
  await window.close();
});

test("requests that cannot be answered say why on a page, and lead nowhere", async () => {
  const window = await openWindow(browser);
  const { page } = window;
  const cases = [
    [{ redirect_uri: "https://elsewhere.example/callback" }, /redirect_uri is not one of the addresses/],
    [{ client_id: `${new URL(client.id).origin}/absent.json` }, /document cannot be read/],
    [{ client_id: "http://agents.example/client.json" }, /address cannot be used/],
    [{ client_id: "never-registered" }, /not known here/],
  ];
  for (const [changes, words] of cases) {
    const response = await page.goto(requestAddress(changes));
    assert.ok(response.status() >= 400 && response.status() < 500, `${response.status()}`);
    assert.match(await page.getByRole("main").innerText(), words);
  }
  await portal.set({ "mcp.cimd.enabled": false });
  // Seen by the running server within a second, which is longer than a page takes.
  const heading = page.getByRole("heading", { name: "Agents cannot sign in here yet" });
  for (let tries = 0; tries < 100 && !(await heading.isVisible()); tries += 1) await page.goto(requestAddress());
  assert.ok(await heading.isVisible());
  await inspect(page);
  await portal.set({ "mcp.cimd.enabled": true });
  await window.close();
});
