// Connected agents: people end their own under Portal MCP, admins everyone's in the settings.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";

import { person, startOrg } from "../harness/org.mjs";
import { ADMIN } from "../harness/people.mjs";
import { inspect } from "../harness/window.mjs";

const NOOR = person("noor@tidemark.example");
const TAM = person("tam@tidemark.example");

let org;
before(async () => (org = await startOrg({ people: [NOOR.email, TAM.email] })));
after(() => org?.stop());

const works = async ({ access_token }) => (await org.call(access_token)).status === 200;
/** Portal sees within half a second what took access away. */
const over = async (tokens) => assert.equal((await org.call(tokens.access_token)).status, 401);

for (const scripts of [true, false]) {
  describe(scripts ? "with JavaScript" : "without JavaScript", () => {
    const open = [];
    const at = async (path, who) => {
      const window = await org.at(path, who, scripts);
      open.push(window);
      return window.page;
    };
    const look = (page) => (scripts ? inspect(page) : undefined);
    beforeEach(async () => {
      for (const window of open.splice(0)) await window.close();
    });
    after(async () => {
      for (const window of open.splice(0)) await window.close();
    });

    test("of two machines one is disconnected, and the other goes on; then all at once, after a question", async () => {
      const [first, second, stranger] = [await org.connect(NOOR), await org.connect(NOOR, "mcp:write"), await org.connect(TAM)];
      const page = await at("/me/agents", NOOR);
      const buttons = page.getByRole("button", { name: /^Disconnect localhost/ });
      assert.equal(await buttons.count(), 2);
      const rows = page.getByRole("table", { name: "Connected agents" }).getByRole("row");
      await rows.filter({ hasText: "Read and change" }).getByRole("button", { name: /^Disconnect/ }).click();
      await page.getByRole("status").getByText("The agent is disconnected.").waitFor();
      await over(second);
      assert.ok(await works(first));
      await look(page);

      await page.getByRole("button", { name: "Disconnect all" }).click();
      await page.getByRole("heading", { name: "Disconnect all agents?" }).waitFor();
      await look(page);
      await page.getByRole("link", { name: "Keep them" }).click();
      assert.ok(await works(first), "nothing has ended yet");
      await page.getByRole("button", { name: "Disconnect all" }).click();
      await page.getByRole("button", { name: "Disconnect all" }).click();
      await page.getByText("No agent is connected").waitFor();
      await page.getByRole("status").getByText("All agents are disconnected.").waitFor();
      await over(first);
      assert.ok(await works(stranger), "those of others go on");
    });

    test("an admin finds somebody's agents and ends one, then all that a search finds", async () => {
      const [first, second, other] = [await org.connect(NOOR), await org.connect(NOOR), await org.connect(TAM)];
      const page = await at("/settings/agents", ADMIN);
      const search = async (words) => {
        await page.getByRole("search", { name: "Find an agent" }).getByRole("searchbox").fill(words);
        await page.getByRole("button", { name: "Search" }).click();
      };
      const rows = () => page.getByRole("table", { name: "Connected agents" }).getByRole("row").filter({ has: page.locator("summary") });
      await search("noor");
      await page.getByText("2 sessions of 1 person").waitFor();
      assert.equal(await rows().count(), 2);
      await look(page);

      await rows().first().locator("summary").click();
      await rows().first().getByRole("button", { name: "End this session" }).click();
      await page.getByRole("status").getByText("The session has ended.").waitFor();
      const alive = await Promise.all([works(first), works(second)]);
      assert.equal(alive.filter(Boolean).length, 1, "one of the two");

      await page.goto(`${org.portal.url}/settings/agents`);
      await search("noor");
      await page.getByRole("link", { name: "End all found…" }).click();
      await page.getByRole("heading", { name: "End these sessions?" }).waitFor();
      await page.getByText("1 session of 1 person").first().waitFor();
      await look(page);
      await page.getByRole("link", { name: "Keep them" }).click();
      await search("noor");
      await page.getByRole("link", { name: "End all found…" }).click();
      await page.getByRole("button", { name: "End 1 session" }).click();
      await page.getByRole("status").getByText("The sessions have ended.").waitFor();
      await Promise.all([over(first), over(second)]);
      assert.ok(await works(other), "what the search did not find goes on");
    });

    test("an admin ends all sessions of a person, or of a client", async () => {
      for (const [words, kept] of [
        ["End all of this person…", true],
        ["End all of this client…", false],
      ]) {
        const [hers, his] = [await org.connect(NOOR), await org.connect(TAM)];
        const page = await at("/settings/agents?q=noor", ADMIN);
        await page.locator("main summary").first().click();
        await page.getByRole("link", { name: words }).first().click();
        await page.getByRole("button", { name: /^End \d+ sessions?$/ }).click();
        await page.getByRole("status").getByText("The sessions have ended.").waitFor();
        await over(hers);
        assert.equal(await works(his), kept, words);
      }
    });

    test("nobody else sees the page of everyone's agents", async () => {
      const page = await at("/", TAM);
      const response = await page.goto(`${org.portal.url}/settings/agents`);
      assert.equal(response.status(), 403);
    });
  });
}
