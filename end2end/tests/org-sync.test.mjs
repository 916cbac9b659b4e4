// Directories beside a running server: its own loops read them, and so does `portal org sync`, one at a time.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launchBrowser } from "../harness/browser.mjs";
import { startLargeDirectory } from "../harness/large-directory.mjs";
import { PlainBrowser, words } from "../harness/plain-browser.mjs";
import { ADMIN, visit } from "../harness/people.mjs";
import { startPortal } from "../harness/portal.mjs";
import { openWindow } from "../harness/window.mjs";

const PEOPLE = 130;
const TOKEN = "a token of this test, for its questions only";
const WAIT_MS = 60_000;
const LOOK_MS = 100;

describe("portal org sync beside a server", () => {
  let directory, portal;

  before(async () => {
    directory = await startLargeDirectory({ people: PEOPLE, groups: 7, page: 40, token: TOKEN });
    const config = [
      "[[org.providers]]",
      'id = "people"',
      'kind = "custom"',
      "[org.providers.custom]",
      `url = ${JSON.stringify(directory.url)}`,
      `token = ${JSON.stringify(TOKEN)}`,
    ].join("\n");
    portal = await startPortal({ extraCaFile: directory.authorityFile, locations: [], config });
    await portal.createAdmin(ADMIN);
  });
  after(async () => {
    await portal?.stop();
    await directory?.stop();
  });

  const sync = async (...args) => {
    const { stdout } = await portal.command(["org", "sync", "--json", ...args]);
    return JSON.parse(stdout)[0];
  };

  test("the server reads a directory by itself, and its page says so", async () => {
    const browser = new PlainBrowser(portal.url);
    await browser.signIn(await browser.open(`${portal.url}/sign-in`), ADMIN);
    const deadline = Date.now() + WAIT_MS;
    let page;
    do {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      page = words((await browser.open(`${portal.url}/settings/org-data/people`)).html);
    } while (!page.includes("Published") && Date.now() < deadline);
    assert.ok(page.includes(`People${PEOPLE}Left out0Groups7`), page);
  });

  test("a run asked for at the shell ends with its own result", async () => {
    const again = await sync();
    assert.equal(again.outcome, "published");
    assert.deepEqual([again.counts.people, again.counts.changed], [PEOPLE, 0]);
    await directory.rename(3);
    const dry = await sync("--dry-run");
    assert.equal(dry.counts.changed, 3);
    const changed = await sync();
    assert.deepEqual([changed.outcome, changed.counts.changed, changed.counts.entities], ["published", 3, 3]);
    assert.ok(changed.run > again.run);
  });

  test("several at once wait for each other, and each tells of a complete run", async () => {
    await directory.rename(9);
    const results = await Promise.all([sync(), sync(), sync()]);
    for (const { outcome, counts } of results) assert.deepEqual([outcome, counts.people], ["published", PEOPLE]);
    const { counts } = await sync("--dry-run");
    assert.deepEqual([counts.added, counts.changed, counts.removed], [0, 0, 0]);
  });

  test("the open page shows each run by itself", async () => {
    const browser = await launchBrowser();
    try {
      const { page } = await openWindow(browser);
      await visit(page, portal.url, ADMIN);
      await page.goto(`${portal.url}/settings/org-data/people`);
      let loads = 0;
      page.on("load", () => (loads += 1));
      const rows = page.getByRole("table", { name: "Runs" }).getByRole("row");
      const before = await rows.count();
      await directory.rename(11);
      const { counts } = await sync();
      await rows.nth(before).waitFor();
      const latest = rows.nth(1).getByRole("cell").nth(3);
      assert.equal(await latest.innerText(), String(counts.changed));
      assert.equal(loads, 0, "the page was not loaded again");
    } finally {
      await browser.close();
    }
  });
});
