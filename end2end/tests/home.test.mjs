// The home page: what is mine, my groups, what I starred and what I looked at last.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launchBrowser } from "../harness/browser.mjs";
import { PASSWORD, acceptLink, visit } from "../harness/people.mjs";
import { startPortal } from "../harness/portal.mjs";
import { inspect, openWindow, whenAlive } from "../harness/window.mjs";

const NADIA = { name: "Nadia Okonjo", email: "nadia.okonjo@tidemark.example", entity: "user:default/nadia.okonjo", password: PASSWORD };
const STRANGER = { name: "Somebody Else", email: "else@tidemark.example", entity: "", password: PASSWORD };
const APP = "/catalog/default/component/rider-app";

let portal, browser;
before(async () => {
  [portal, browser] = await Promise.all([startPortal(), launchBrowser()]);
  for (const person of [NADIA, STRANGER]) {
    const entity = person.entity ? ["--entity", person.entity] : [];
    const { stdout } = await portal.command(["user", "create", "--email", person.email, "--name", person.name, ...entity]);
    const window = await openWindow(browser, { scripts: false });
    await acceptLink(window.page, stdout.match(/https?:\S+/)[0]);
    await window.close();
  }
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
      await visit(page, portal.url, NADIA);
      const mine = main.getByRole("region", { name: "My entities" }).getByRole("table");
      for (let tries = 0; tries < 100 && !(await mine.isVisible()); tries += 1) await page.goto(portal.url);
    });
    after(() => window.close());
    const region = (name) => main.getByRole("region", { name, exact: true });
    const look = () => (scripts ? inspect(page) : undefined);

    test("what is mine is told by kind and leads to the catalog", async () => {
      await page.goto(portal.url);
      await look();
      const groups = await region("My groups").getByRole("listitem").count();
      assert.ok(groups > 0);
      await region("My entities").getByRole("link", { name: /Components$/ }).click();
      const asked = new URL(page.url()).searchParams;
      assert.deepEqual([asked.get("kind"), asked.get("owner")], ["component", "me"]);
      await main.getByRole("table", { name: "Entities" }).waitFor();
      await look();
    });

    test("a star is given in the table and on the entity's page, and stays", async () => {
      await page.goto(`${portal.url}/catalog?q=rider-app&kind=component`);
      if (scripts) await whenAlive(page);
      const star = main.getByRole("button", { name: /^Star Rider/i });
      assert.equal(await star.getAttribute("aria-pressed"), "false");
      await star.focus();
      await page.keyboard.press("Enter");
      await main.getByRole("button", { name: /^Star Rider/i, pressed: true }).waitFor();
      assert.equal(new URL(page.url()).searchParams.get("q"), "rider-app");
      if (scripts) assert.match(await page.evaluate(() => document.activeElement.id), /^star-component:/);
      await page.goto(portal.url);
      await region("Starred").locator(`a[href='${APP}']`).click();
      await main.getByRole("button", { name: "Starred" }).waitFor();
      await look();
      if (scripts) await whenAlive(page);
      await main.getByRole("button", { name: "Starred" }).click();
      await main.getByRole("button", { name: "Star", exact: true, pressed: false }).waitFor();
      await page.goto(portal.url);
      await region("Recently viewed").locator(`a[href='${APP}']`).waitFor();
      assert.equal(await region("Starred").locator(`a[href='${APP}']`).count(), 0);
    });
  });
}

test("whoever owns nothing is told what to do, and sees nothing of others", async () => {
  const window = await openWindow(browser);
  await visit(window.page, portal.url, STRANGER);
  const main = window.page.getByRole("main");
  for (const words of ["You own nothing yet", "You are in no group"]) await main.getByRole("heading", { name: words }).waitFor();
  assert.equal(await main.locator(`a[href='${APP}']`).count(), 0);
  await inspect(window.page);
  await window.page.goto(`${portal.url}/catalog?starred=1`);
  await main.getByRole("heading", { name: "You have starred nothing yet" }).waitFor();
  await inspect(window.page);
  await window.close();
});
