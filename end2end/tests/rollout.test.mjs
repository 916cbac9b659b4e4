// The rollout of MCP: whom it is for, in which words, how far it came; and what the people it is for see.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launchBrowser } from "../harness/browser.mjs";
import { ADMIN, PASSWORD, acceptLink, toggleProfileMenu, turn, visit } from "../harness/people.mjs";
import { startPortal } from "../harness/portal.mjs";
import { inspect, openWindow, whenAlive } from "../harness/window.mjs";

const ANNOUNCE = "Announce MCP to users";
const SETTINGS = "/settings/general";
let portal, browser;

before(async () => {
  [portal, browser] = await Promise.all([startPortal(), launchBrowser()]);
  await portal.createAdmin(ADMIN);
  await portal.set({ "mcp.cimd.enabled": true });
});
after(async () => {
  await browser.close();
  await portal.stop();
});

/** Someone new, with an account and a window of their own. */
async function someone(email, scripts) {
  const { stdout } = await portal.command(["user", "create", "--email", email]);
  const window = await openWindow(browser, { scripts });
  await acceptLink(window.page, stdout.match(/https?:\S+/)[0], PASSWORD);
  return window;
}

for (const scripts of [true, false]) {
  describe(scripts ? "with JavaScript" : "without JavaScript", () => {
    let window, page, person;
    const name = scripts ? "scripted" : "plain";
    before(async () => {
      await portal.set({ "mcp.rollout.announce": false, "mcp.rollout.audience": "everyone", "mcp.rollout.prompts": "" });
      window = await openWindow(browser, { scripts });
      page = window.page;
      await visit(page, `${portal.url}${SETTINGS}`, ADMIN);
      person = await someone(`${name}@tidemark.example`, scripts);
    });
    after(async () => {
      await person.close();
      await window.close();
    });
    const rollout = () => page.getByRole("region", { name: "End-user rollout" });
    const alive = (one) => (scripts ? whenAlive(one) : undefined);
    const banner = () => person.page.getByRole("region", { name: "Connect your coding agent to Portal" });

    test("an admin chooses groups, words and prompts, and sees what people will see", async () => {
      await page.goto(`${portal.url}${SETTINGS}`);
      await alive(page);
      await turn(window, ANNOUNCE);
      await rollout().getByText(/^Saved at/).waitFor();
      await rollout().getByLabel("Tell only a group").fill("no-such-group");
      await page.getByRole("button", { name: "Tell only this group" }).click();
      await rollout().getByText("The catalog has no such group.").waitFor();
      await rollout().getByLabel("Tell only a group").fill("fleet");
      await page.getByRole("button", { name: "Tell only this group" }).click();
      await rollout().getByRole("list", { name: "Groups that are told" }).getByText("group:default/fleet").waitFor();
      await rollout().getByLabel("Tell another group").fill("group:default/riders");
      await page.getByRole("button", { name: "Add group" }).click();
      await page.getByRole("button", { name: "Remove group:default/riders" }).waitFor();
      await person.page.goto(portal.url);
      assert.equal(await banner().count(), 0, "a person of no chosen group is not told");
      await page.getByRole("button", { name: "Tell everyone instead" }).click();
      await rollout().getByText("Everyone who can sign in is told.").waitFor();
      await page.getByLabel("Your own words").fill("Bring your agent along.");
      await page.getByLabel("Example prompts").fill("Who owns <bookings>?\nWhat depends on it?");
      await page.getByRole("button", { name: "Save words" }).click();
      await rollout().getByText("Who owns <bookings>?").first().waitFor();
      if (scripts) await inspect(page);
    });

    test("a person sees the banner, follows it, puts it away, and finds it again", async () => {
      await person.page.goto(portal.url);
      await banner().getByText("Bring your agent along.").waitFor();
      if (scripts) await inspect(person.page);
      await banner().getByRole("link", { name: "Set up MCP" }).click();
      await person.page.getByRole("heading", { name: "Connect your coding agent" }).waitFor();
      await person.page.goto(portal.url);
      await alive(person.page);
      await banner().getByRole("button", { name: "Not now" }).click();
      await person.page.getByText("You find it again in your profile menu").waitFor();
      assert.equal(await banner().count(), 0);
      if (scripts) await inspect(person.page);
      await person.page.goto(portal.url);
      assert.equal(await banner().count(), 0, "it stays away");
      await toggleProfileMenu(person.page);
      await person.page.getByRole("link", { name: "Portal MCP" }).waitFor();
      await page.goto(`${portal.url}${SETTINGS}`);
      const figures = rollout().locator("dl");
      const number = (word) => figures.locator("div").filter({ hasText: word }).locator("dd");
      assert.match(await number("Seen").textContent(), scripts ? /^1\b/ : /^[12]\b/);
      assert.match(await number("Opened").textContent(), scripts ? /^1\b/ : /^[12]\b/);
      assert.match(await number("Connected").textContent(), /^0/);
    });
  });
}
