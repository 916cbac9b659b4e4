// App settings, Org data: a directory with its runs, what waits for an admin, its rules; and cutting somebody off.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { launchBrowser } from "../harness/browser.mjs";
import { ADMIN, visit } from "../harness/people.mjs";
import { startPortal } from "../harness/portal.mjs";
import { temporaryFolder } from "../harness/process.mjs";
import { inspect, openWindow } from "../harness/window.mjs";

const PAGE = "/settings/org-data/acme";

const user = (number, status = "active") =>
  `apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: { name: person-${number}, uid: "${number}" }\n` +
  `spec: { status: ${status}, profile: { email: person-${number}@tidemark.example }, memberOf: [] }\n`;
const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, place) => from + place);

for (const scripts of [true, false]) {
  describe(scripts ? "with JavaScript" : "without JavaScript", () => {
    const people = join(temporaryFolder(), "people.yaml");
    const tell = (users) => writeFileSync(people, users.join("---\n"));
    let portal, browser, window, page, main;
    before(async () => {
      tell([...numbers(1, 20).map((number) => user(number)), user(21, "suspended"), user(22, "guest")]);
      const config = `[[org.providers]]\nid = "acme"\nkind = "file"\ntitle = "Acme people"\n[org.providers.file]\ntarget = ${JSON.stringify(people)}`;
      [portal, browser] = await Promise.all([startPortal({ config }), launchBrowser()]);
      await portal.createAdmin(ADMIN);
      await portal.command(["org", "sync", "--provider", "acme"]);
      window = await openWindow(browser, { scripts });
      page = window.page;
      main = page.getByRole("main");
      await visit(page, portal.url + "/settings/org-data", ADMIN);
    });
    after(async () => {
      await window?.close();
      await browser?.close();
      await portal?.stop();
    });
    const look = () => (scripts ? inspect(page) : undefined);

    test("the list leads to the directory, who was left out and why", async () => {
      await main.getByRole("link", { name: "Acme people" }).click();
      await main.getByRole("heading", { name: "Acme people" }).waitFor();
      await main.getByText("Up to date").waitFor();
      await main.getByRole("row").filter({ hasText: "Suspended" }).waitFor();
      await main.getByRole("row").filter({ hasText: "Guest" }).waitFor();
      await look();
    });

    test("the connection is tested", async () => {
      await main.getByRole("button", { name: "Test connection" }).click();
      await main.getByText("The first page would bring").waitFor();
      await look();
      await page.goto(portal.url + PAGE);
    });

    test("the rules are saved, and a wrong one is named", async () => {
      const rules = main.getByRole("region", { name: "Rules" });
      await rules.getByLabel("May be out of date for").fill("24");
      await rules.getByRole("radio", { name: "Refuse" }).check();
      await rules.getByRole("button", { name: "Save" }).click();
      await rules.getByText(/Saved at/).waitFor();
      assert.equal(await rules.getByLabel("May be out of date for").inputValue(), "24");
    });

    test("a run that would remove many waits, and is discarded", async () => {
      tell(numbers(1, 10).map((number) => user(number)));
      await assert.rejects(portal.command(["org", "sync", "--provider", "acme"]), "it says that it waits");
      await page.goto(portal.url + PAGE);
      const held = main.getByRole("region", { name: "This run waits for you" });
      await held.getByText("10 of 20 people").waitFor();
      assert.equal(await held.getByRole("row").filter({ hasText: "Leaves" }).count() >= 10, true);
      await look();
      await held.getByRole("button", { name: "Discard" }).click();
      await held.waitFor({ state: "detached" });
      await main.getByRole("row").filter({ hasText: "Discarded" }).waitFor();
    });

    test("somebody is looked at, then cut off", async () => {
      await page.goto(`${portal.url}/settings/offboarding`);
      await look();
      await main.getByLabel("Person").fill("user:default/person-3");
      await main.getByRole("button", { name: "Show what it touches" }).click();
      await main.getByRole("heading", { name: "Cut off" }).waitFor();
      await look();
      await main.getByRole("checkbox").check();
      await main.getByRole("button", { name: "Cut off" }).click();
      await main.getByText("This person was cut off").waitFor();
      await look();
    });
  });
}
