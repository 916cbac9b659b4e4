// App settings, Audit log: who did what, filtered, and exported as JSON lines.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { person, startOrg } from "../harness/org.mjs";
import { ADMIN } from "../harness/people.mjs";
import { inspect } from "../harness/window.mjs";

const NOOR = person("noor@tidemark.example");

let org, tokens;
before(async () => {
  org = await startOrg({ people: [NOOR.email], settings: { "mcp.refresh.enabled": true } });
  tokens = await org.connect(NOOR, "mcp:read offline_access");
  const client = { client_id: org.client.id };
  // What is refused is told too.
  await fetch(`${org.portal.url}/oauth/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa("ptl-client-unknown:guess")}` },
    body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: "x" }),
  });
  await fetch(`${org.portal.url}/oauth/revoke`, { method: "POST", body: new URLSearchParams({ token: tokens.access_token, ...client }) });
});
after(() => org?.stop());

for (const scripts of [true, false]) {
  describe(scripts ? "with JavaScript" : "without JavaScript", () => {
    let window, page, main;
    before(async () => {
      window = await org.at("/settings/audit", ADMIN, scripts);
      page = window.page;
      main = page.getByRole("main");
    });
    after(() => window.close());
    const look = () => (scripts ? inspect(page) : undefined);
    const rows = () => main.getByRole("table").getByRole("row");

    async function filter(fields) {
      await page.goto(`${org.portal.url}/settings/audit`);
      for (const [label, value] of Object.entries(fields)) await page.getByLabel(label).fill(value);
      await page.getByRole("button", { name: "Filter" }).click();
    }

    test("every decision is there: who, what, the target, the outcome", async () => {
      await rows().filter({ hasText: "agent-session.created" }).filter({ hasText: /Noor|noor/ }).first().waitFor();
      await rows().filter({ hasText: "Command line" }).filter({ hasText: "mcp.cimd.enabled" }).first().waitFor();
      await rows().filter({ hasText: "client.authentication" }).filter({ hasText: "Refused" }).first().waitFor();
      await look();
      const html = await page.content();
      for (const secret of [tokens.access_token, tokens.refresh_token, NOOR.password]) assert.ok(!html.includes(secret));
    });

    test("filters narrow it down, and what was typed stays", async () => {
      await filter({ "Action starts with": "agent-session." });
      const actions = await rows().locator("td code").allInnerTexts();
      const shown = actions.filter((text) => /^[a-z_-]+\.[a-z_-]+$/.test(text.trim()));
      assert.ok(shown.length > 0 && shown.every((text) => text.trim().startsWith("agent-session.")), `${shown}`);
      assert.equal(await page.getByLabel("Action starts with").inputValue(), "agent-session.");
      await filter({ Target: "mcp.cimd.enabled" });
      assert.ok((await rows().count()) >= 2);
      for (const text of (await rows().allInnerTexts()).slice(1)) assert.match(text, /mcp\.cimd\.enabled/);
      await filter({ "From (UTC)": "2001-01-01", "Until (UTC)": "2001-01-02" });
      await main.getByText("Nothing fits").waitFor();
      await look();
      await page.getByRole("link", { name: "Clear" }).click();
      assert.ok((await rows().count()) > 5);
    });

    test("the export is JSON lines of what the filter leaves, and is itself written down", async () => {
      await filter({ "Action starts with": "agent-session." });
      const download = page.waitForEvent("download");
      await page.getByRole("link", { name: "Export as JSON lines" }).click();
      const file = await download;
      assert.equal(file.suggestedFilename(), "portal-audit.jsonl");
      const text = readFileSync(await file.path(), "utf8");
      const lines = text.trim().split("\n").map((line) => JSON.parse(line));
      assert.ok(lines.length > 0 && lines.every(({ action }) => action.startsWith("agent-session.")));
      for (const secret of [tokens.access_token, tokens.refresh_token, NOOR.password]) assert.ok(!text.includes(secret));
      await filter({ "Action starts with": "audit." });
      await rows().filter({ hasText: "audit.export" }).first().waitFor();
    });
  });
}
