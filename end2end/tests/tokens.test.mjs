// Static tokens: App settings, External access; and the personal ones under Portal MCP.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { person, startOrg } from "../harness/org.mjs";
import { ADMIN, turn } from "../harness/people.mjs";
import { inspect } from "../harness/window.mjs";

const NOOR = person("noor@tidemark.example");
const PAGE = "/settings/external-access";
const WRITING = ["catalog_register_entity", { type: "url", target: "https://example.org/catalog-info.yaml" }];

let org;
before(async () => (org = await startOrg({ people: [NOOR.email] })));
after(() => org?.stop());

for (const scripts of [true, false]) {
  describe(scripts ? "with JavaScript" : "without JavaScript", () => {
    let window, page, main;
    before(async () => {
      window = await org.at(PAGE, ADMIN, scripts);
      page = window.page;
      main = page.getByRole("main");
    });
    after(() => window.close());
    const look = (which = page) => (scripts ? inspect(which) : undefined);
    const shown = async (where = page) => where.getByRole("status", { name: "New token" }).getByLabel("Token", { exact: true }).inputValue();
    const form = () => page.getByRole("region", { name: "New token" }).filter({ has: page.getByRole("button", { name: "Create token" }) });
    const tag = scripts ? "one" : "two";

    /** Makes a token with what is typed, by the fields' labels. */
    async function create({ name, owner = NOOR.email, allowed = "Read", days, addresses, source }) {
      await page.goto(org.portal.url + PAGE);
      await form().getByLabel("Name", { exact: true }).fill(name);
      await form().getByLabel("Owner").fill(owner);
      await form().getByLabel("Allowed").selectOption({ label: allowed });
      if (days !== undefined) await form().getByLabel("Ends after").fill(days);
      if (addresses) await form().getByLabel("Only from these addresses").fill(addresses);
      if (source) await form().getByRole("checkbox", { name: source }).check();
      await form().getByRole("button", { name: "Create token" }).click();
    }

    test("a token is shown once and acts as its owner, within its scope", async () => {
      await create({ name: `sync ${tag}` });
      const token = await shown();
      assert.match(token, /^ptls_/);
      await look();
      const who = await org.call(token);
      assert.equal(who.status, 200, who.text);
      assert.match(who.text, /user:default\/noor/);
      const write = await org.call(token, ...WRITING);
      assert.equal(write.status, 403);
      assert.match(write.challenge, /insufficient_scope/);
      await page.goto(org.portal.url + PAGE);
      assert.ok(!(await page.content()).includes(token), "shown once");
      const row = main.getByRole("row").filter({ hasText: `sync ${tag}` });
      await row.getByText(`ptls_…${token.slice(-4)}`).waitFor();
    });

    test("a token can write where that was allowed, from its addresses, with its sources", async () => {
      await create({ name: `writer ${tag}`, allowed: "Read and change", addresses: "127.0.0.0/8, ::1" });
      const writer = await shown();
      assert.equal((await org.call(writer, ...WRITING)).status, 200);
      await create({ name: `elsewhere ${tag}`, addresses: "192.0.2.0/24" });
      assert.equal((await org.call(await shown())).status, 403, "bound to other addresses");
      await create({ name: `auth only ${tag}`, source: /^Auth/ });
      const narrow = await shown();
      assert.equal((await org.call(narrow)).status, 200);
      assert.match((await org.call(narrow, "catalog_query_catalog_entities")).text, /-32602/, "tools of other sources do not exist");
    });

    test("what is wrong stands beside its field", async () => {
      await create({ name: "", owner: "component:default/rider-app", days: "365", addresses: "not an address" });
      await form().getByText("Fill in this field.").waitFor();
      for (const label of ["Name", "Owner", "Only from these addresses"]) {
        assert.equal(await form().getByLabel(label, { exact: true }).getAttribute("aria-invalid"), "true", label);
      }
      assert.equal(await form().getByLabel("Ends after").inputValue(), "365");
      await look();
    });

    test("rotating gives a new token for an hour of both, or for the new one alone; revoking ends it", async () => {
      const name = `rotated ${tag}`;
      const press = async (word) => {
        await page.goto(org.portal.url + PAGE);
        await main.getByRole("button", { name: `${word} ${name}` }).first().click();
      };
      await create({ name });
      const first = await shown();
      await press("Rotate");
      await page.getByRole("heading", { name: "Rotate this token?" }).waitFor();
      await look();
      await page.getByRole("link", { name: "Cancel" }).click();
      await press("Rotate");
      await page.getByRole("button", { name: "Rotate token" }).click();
      const second = await shown();
      assert.notEqual(second, first);
      assert.deepEqual([(await org.call(first)).status, (await org.call(second)).status], [200, 200], "an hour for both");
      await press("Rotate");
      await page.getByRole("radio", { name: "At once" }).check();
      await page.getByRole("button", { name: "Rotate token" }).click();
      const third = await shown();
      assert.deepEqual([(await org.call(second)).status, (await org.call(third)).status], [401, 200]);
      await page.goto(`${org.portal.url}${PAGE}?q=${encodeURIComponent(name)}`);
      for (let left = await main.getByRole("button", { name: `Revoke ${name}` }).count(); left > 0; left -= 1) {
        await main.getByRole("button", { name: `Revoke ${name}` }).first().click();
        await page.getByRole("heading", { name: "Revoke this token?" }).waitFor();
        if (left === 1) await look();
        await page.getByRole("button", { name: "Revoke token" }).click();
        await main.getByRole("status").getByText(/revoked|is revoked/).first().waitFor();
        await page.goto(`${org.portal.url}${PAGE}?q=${encodeURIComponent(name)}`);
      }
      for (const token of [first, second, third]) assert.equal((await org.call(token)).status, 401);
      await main.getByText("No tokens").waitFor();
      await page.getByRole("checkbox", { name: "Show ended tokens" }).check();
      await page.getByRole("button", { name: "Search" }).click();
      await main.getByRole("row").filter({ hasText: "Revoked" }).first().waitFor();
    });

    test("people make tokens of their own while that is on, and end them", async () => {
      const own = await org.at("/me/agents", NOOR, scripts);
      const section = own.page.getByRole("region", { name: "Personal tokens" });
      const create = own.page.getByRole("button", { name: "Create token" });
      assert.equal(await create.count(), 0, "off");
      await page.goto(org.portal.url + PAGE);
      await turn(window, "Personal tokens");
      await page.getByRole("switch", { name: "Personal tokens", checked: true }).waitFor();
      await main.getByRole("status").filter({ hasText: /^Saved/ }).first().waitFor();

      await own.page.reload();
      await section.getByLabel("Name", { exact: true }).fill(`mine ${tag}`);
      await create.click();
      const token = await shown(own.page);
      await look(own.page);
      assert.match((await org.call(token)).text, /user:default\/noor/);
      await own.page.reload();
      await own.page.getByRole("button", { name: `Revoke mine ${tag}` }).click();
      const sure = own.page.getByRole("button", { name: "Revoke token" });
      const done = own.page.getByText("The token is revoked.");
      await sure.or(done).first().waitFor();
      if (await sure.isVisible()) await sure.click();
      await done.waitFor();
      assert.equal((await org.call(token)).status, 401);
      await own.close();
      await org.portal.set({ "tokens.personal.enabled": false });
    });
  });
}
