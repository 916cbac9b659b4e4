// The catalog in the browser: finding an entity, reading it, and seeing what could not be taken.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { launchBrowser } from "../harness/browser.mjs";
import { ADMIN, visit } from "../harness/people.mjs";
import { DEMO_LOCATIONS, startPortal } from "../harness/portal.mjs";
import { temporaryFolder } from "../harness/process.mjs";
import { inspect, openWindow } from "../harness/window.mjs";

const GOOD = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: survivor\nspec:\n  type: service\n  lifecycle: production\n  owner: fleet\n";
/** Two faults: a name with a space, in line 4, and no lifecycle. */
const BAD = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: not a name\nspec:\n  type: service\n  owner: fleet\n";

let portal, browser, file;
before(async () => {
  file = join(temporaryFolder(), "mixed.yaml");
  writeFileSync(file, `${GOOD}---\n${BAD}`);
  const locations = [...DEMO_LOCATIONS, { target: file }];
  [portal, browser] = await Promise.all([startPortal({ locations }), launchBrowser()]);
  await portal.createAdmin(ADMIN);
});
after(async () => {
  await browser.close();
  await portal.stop();
});

for (const scripts of [true, false]) {
  describe(scripts ? "with JavaScript" : "without JavaScript", () => {
    let window, page, main;
    before(async () => {
      window = await openWindow(browser, { scripts });
      page = window.page;
      main = page.getByRole("main");
      await visit(page, portal.url, ADMIN);
    });
    after(() => window.close());
    const look = () => (scripts ? inspect(page) : undefined);
    /** Opens a page until the locations, which are read after the start, show there. */
    async function openWhenRead(path, sign) {
      for (let tries = 0; tries < 100; tries += 1) {
        await page.goto(portal.url + path);
        if (await sign.isVisible()) return;
      }
      assert.fail(`${path} never showed ${sign}`);
    }

    test("the list is filtered by kind and searched by text", async () => {
      await openWhenRead("/catalog", main.getByRole("link", { name: "survivor" }));
      await look();
      const kinds = page.getByRole("navigation", { name: "Kinds" });
      await kinds.getByRole("link", { name: /^API \d+$/ }).click();
      assert.equal(new URL(page.url()).search, "?kind=api");
      await kinds.getByRole("link", { name: /^API/ }).and(page.locator("[aria-current=page]")).waitFor();
      const rows = main.getByRole("table", { name: "Entities" }).getByRole("row");
      const apis = (await rows.count()) - 1;
      await kinds.getByRole("link", { name: `API ${apis}`, exact: true }).waitFor();
      await kinds.getByRole("link", { name: /^All/ }).click();
      const search = page.getByRole("search", { name: "Filter the catalog" });
      await search.getByRole("searchbox").fill("SURVIV");
      await search.getByRole("button", { name: "Search" }).click();
      await main.getByRole("link", { name: "survivor", exact: true }).waitFor();
      assert.equal((await rows.count()) - 1, 1);
      await search.getByRole("searchbox").fill("<b>nothing like it</b>");
      await search.getByRole("searchbox").press("Enter");
      await main.getByRole("heading", { name: "Nothing fits" }).waitFor();
      assert.equal(await search.getByRole("searchbox").inputValue(), "<b>nothing like it</b>");
      await look();
      await page.getByRole("search").first().getByLabel("Search the catalog").fill("survivor");
      await page.getByLabel("Search the catalog").press("Enter");
      await main.getByRole("link", { name: "survivor", exact: true }).click();
      await main.getByRole("heading", { name: "survivor", level: 1 }).waitFor();
    });

    test("an entity's page leads to its owner, and from there to a person", async () => {
      await page.goto(`${portal.url}/catalog/default/component/survivor`);
      const parts = main.getByRole("navigation", { name: "Parts of this entity" });
      await parts.getByRole("link", { name: "Descriptor" }).click();
      await main.getByText("lifecycle: production").waitFor();
      await look();
      await main.getByRole("navigation", { name: "Format" }).getByRole("link", { name: "JSON" }).click();
      await main.getByText('"lifecycle": "production"').waitFor();
      await parts.getByRole("link", { name: "Overview" }).click();
      await main.getByRole("region", { name: "Ownership" }).getByRole("link").click();
      assert.equal(new URL(page.url()).pathname, "/catalog/default/group/fleet");
      await main.getByRole("table", { name: "Owns" }).getByRole("link", { name: "survivor" }).waitFor();
      await look();
      const members = main.getByRole("region", { name: "Members" }).locator("a[href^='/catalog/default/user/']");
      await members.first().click();
      assert.match(new URL(page.url()).pathname, /^\/catalog\/default\/user\//);
      await main.getByRole("link", { name: /Fleet/ }).first().waitFor();
      await look();
      const missing = await page.goto(`${portal.url}/catalog/default/component/absent`);
      assert.equal(missing.status(), 404);
      await main.getByRole("heading", { name: "There is nothing here" }).waitFor();
      await look();
    });

    test("facets narrow the table, stand as chips and are taken away again", async () => {
      await page.goto(`${portal.url}/catalog?kind=component`);
      const filters = page.getByRole("complementary", { name: "Filters" });
      await filters.getByRole("link", { name: /^production \d+$/ }).click();
      await filters.getByRole("link", { name: /^service \d+$/ }).click();
      const asked = new URL(page.url()).searchParams;
      assert.deepEqual([asked.get("kind"), asked.get("type"), asked.get("lifecycle")], ["component", "service", "production"]);
      await look();
      const table = main.getByRole("table", { name: "Entities" });
      const before = await table.getByRole("link").allInnerTexts();
      await table.getByRole("link", { name: "Owner" }).click();
      await table.getByRole("columnheader", { name: "Owner" }).and(page.locator("[aria-sort=ascending]")).waitFor();
      await table.getByRole("link", { name: "Owner" }).click();
      await table.getByRole("columnheader", { name: "Owner" }).and(page.locator("[aria-sort=descending]")).waitFor();
      assert.deepEqual((await table.getByRole("link").allInnerTexts()).sort(), before.sort());
      const chosen = main.getByRole("list", { name: "Chosen filters" });
      await chosen.getByRole("link", { name: "Remove Lifecycle production" }).click();
      assert.equal(new URL(page.url()).searchParams.get("lifecycle"), null);
      await main.getByRole("link", { name: "Clear filters" }).click();
      assert.equal(new URL(page.url()).search, "?sort=-owner");
      assert.ok(!(await main.getByRole("link", { name: "Clear filters" }).isVisible()));
    });

    test("on a narrow screen the facets fold and the table stays inside", async () => {
      await page.setViewportSize({ width: 390, height: 844 });
      await page.goto(`${portal.url}/catalog?kind=component`);
      assert.ok(!(await page.getByRole("complementary", { name: "Filters" }).isVisible()));
      const folded = page.locator("details.facets-m");
      assert.ok(!(await folded.getByRole("link", { name: /^service/ }).isVisible()));
      await folded.locator("summary").first().click();
      await folded.getByRole("link", { name: /^service \d+$/ }).click();
      assert.equal(new URL(page.url()).searchParams.get("type"), "service");
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
      await look();
      await page.setViewportSize({ width: 1440, height: 900 });
    });

    test("an API tells its operations, and its definition", async () => {
      await page.goto(`${portal.url}/catalog/default/api/bookings`);
      const offers = main.getByRole("region", { name: "What it offers" });
      await offers.getByText("/bookings/{bookingId}/ride").first().waitFor();
      await offers.getByRole("link", { name: "Definition" }).click();
      await main.getByRole("region", { name: "Definition", exact: true }).getByText("operationId: reserveBike").waitFor();
      await look();
      await page.goto(`${portal.url}/catalog/default/api/ride-events`);
      await main.getByRole("region", { name: "What it offers" }).getByText(/AsyncAPI 3/).waitFor();
    });

    test("org data shows what was rejected with file, line, path and reason; the shell prints the same", async () => {
      await page.goto(`${portal.url}/settings/org-data`);
      const panel = main.getByRole("region", { name: file });
      const table = panel.getByRole("table", { name: "Rejected" });
      await table.waitFor();
      await look();
      const text = await table.innerText();
      assert.ok(text.includes("mixed.yaml:"), text);
      assert.match(text, /metadata\.name|\/metadata\/name/);
      assert.match(text, /lifecycle/);
      await panel.getByText("1 entity, 0 with errors, 1 rejected").waitFor();
      await panel.getByRole("button", { name: "Read again" }).click();
      await panel.getByText(/Saved at/).waitFor();
      await main.getByRole("button", { name: "Read all again" }).click();
      await main.getByText(/Saved at/).first().waitFor();

      const shown = await table.getByRole("row").allInnerTexts();
      const { stdout } = await portal.command(["--json", "catalog", "rejected"]);
      const printed = JSON.parse(stdout);
      assert.equal(printed.length, shown.length - 1, stdout);
      for (const [index, { file: where, line, path, reason }] of printed.entries()) {
        assert.ok(shown[index + 1].includes(line ? `${where}:${line}` : where), shown[index + 1]);
        assert.ok(shown[index + 1].includes(reason), shown[index + 1]);
        if (path) assert.ok(shown[index + 1].includes(path), shown[index + 1]);
      }
      assert.ok(printed.some(({ line }) => line >= 10), "the line counts from the start of the file");
      const plain = await portal.command(["catalog", "rejected"]);
      assert.ok(plain.stdout.includes("mixed.yaml:") && plain.stdout.includes(printed[0].reason), plain.stdout);
    });
  });
}
