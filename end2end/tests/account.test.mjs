// Accounts: signing in and out, links, passwords, and what admins do to accounts.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launchBrowser } from "../harness/browser.mjs";
import { ADMIN, PASSWORD, acceptLink, invite, toggleProfileMenu, visit } from "../harness/people.mjs";
import { startPortal } from "../harness/portal.mjs";
import { signIn } from "../harness/sign-in.mjs";
import { inspect, openWindow } from "../harness/window.mjs";

const NEW_PASSWORD = "four lanterns on the quay";
/** Failures that one account allows in a minute. */
const FAILURES_MAX = 5;

let browser;
before(async () => (browser = await launchBrowser()));
after(() => browser.close());

for (const scripts of [true, false]) {
  describe(scripts ? "with JavaScript" : "without JavaScript", () => {
    // A Portal of its own: sign-in attempts are counted by address too.
    let portal;
    before(async () => {
      portal = await startPortal();
      await portal.createAdmin(ADMIN);
    });
    after(() => portal.stop());

    const mark = scripts ? "scripted" : "plain";
    const person = { name: `Noor ${mark}`, email: `noor-${mark}@tidemark.example`, password: PASSWORD };
    const path = (page) => new URL(page.url()).pathname;
    const open = () => openWindow(browser, { scripts });
    const look = (page) => (scripts ? inspect(page) : undefined);

    test("an invitation made on the page works once, and the token stays out of the address", async () => {
      const admin = await open();
      await visit(admin.page, portal.url, ADMIN);
      const link = await invite(admin.page, portal.url, person);
      await look(admin.page);
      await admin.page.reload();
      assert.equal(await admin.page.getByRole("textbox", { name: "One-time link" }).count(), 0, "shown once");
      const { page, close } = await open();
      await page.goto(link);
      assert.deepEqual([path(page), new URL(page.url()).search], ["/sign-in/link", ""]);
      await page.getByRole("heading", { name: "Welcome to Portal" }).waitFor();
      await look(page);
      for (const [weak, words] of [["short", "at least 12 characters"], ["", "Fill in this field"], [person.email, "easy to guess"]]) {
        await page.getByLabel("Password").fill(weak);
        await page.getByRole("button", { name: "Set password" }).click();
        await page.getByText(words).last().waitFor();
        assert.equal(await page.getByLabel("Password").inputValue(), "", "never sent back");
      }
      await look(page);
      await page.getByLabel("Password").fill(person.password);
      await page.getByRole("button", { name: "Set password" }).click();
      await page.getByRole("heading", { name: "Hello, Noor" }).waitFor();
      const again = await page.goto(link);
      assert.equal(again.status(), 410);
      await page.getByRole("heading", { name: "This link does not work any more" }).waitFor();
      await look(page);
      await close();

      await admin.page.goto(`${portal.url}/settings/users`);
      await admin.page.getByRole("region", { name: "Invite someone" }).getByLabel("E-mail").fill(person.email.toUpperCase());
      await admin.page.getByRole("button", { name: "Create invitation" }).click();
      await admin.page.getByText("Another account has this e-mail address.").waitFor();
      assert.equal(await admin.page.getByRole("region", { name: "Invite someone" }).getByLabel("E-mail").inputValue(), person.email.toUpperCase());
      await look(admin.page);
      await admin.close();
    });

    test("sign-in leads to the page that was asked for; errors tell no more than they must and keep the e-mail", async () => {
      const { page, close } = await open();
      await page.goto(`${portal.url}/catalog?kind=api`);
      assert.equal(path(page), "/sign-in");
      await look(page);
      const words = [];
      for (const wrong of [{ ...person, password: "not the password" }, { email: "nobody@tidemark.example", password: PASSWORD }]) {
        await signIn(page, wrong);
        words.push(await page.getByRole("alert").innerText());
        assert.equal(await page.getByLabel("E-mail").inputValue(), wrong.email);
        assert.equal(await page.getByLabel("Password").inputValue(), "");
      }
      assert.match(words[0], /do not fit together/);
      assert.equal(words[0], words[1], "an unknown account looks like a wrong password");
      await look(page);
      await signIn(page, person);
      await page.getByRole("heading", { name: "Catalog" }).waitFor();
      assert.equal(new URL(page.url()).search, "?kind=api");
      for (const elsewhere of ["https://evil.example/", "//evil.example", "/\\evil.example"]) {
        await page.goto(`${portal.url}/sign-in?return_to=${encodeURIComponent(elsewhere)}`);
        assert.equal(page.url(), `${portal.url}/`);
      }
      await close();
    });

    test("the keyboard alone is enough to sign in and to sign out", async () => {
      const { page, close } = await open();
      const press = async (...keys) => {
        for (const key of keys) await page.keyboard.press(key);
      };
      await page.goto(portal.url);
      await page.getByRole("heading", { name: "Sign in to Portal" }).waitFor();
      const focused = (role, name) => page.getByRole(role, { name }).evaluate((element) => element === document.activeElement);
      for (let tabs = 0; tabs < 5 && !(await focused("textbox", "E-mail")); tabs += 1) await press("Tab");
      await page.keyboard.type(person.email);
      await press("Tab");
      await page.keyboard.type(person.password);
      await press("Enter");
      await page.getByRole("heading", { name: "Hello, Noor" }).waitFor();
      await press("Tab");
      assert.ok(await focused("link", "Skip to content"), "the first stop leads past the navigation");
      await press("Enter");
      const inMenu = () => page.evaluate(() => document.activeElement.textContent.includes("profile menu"));
      await page.getByRole("link", { name: "Portal", exact: true }).first().focus();
      for (let tabs = 0; tabs < 10 && !(await inMenu()); tabs += 1) await press("Tab");
      await press("Enter");
      await page.getByRole("button", { name: "Sign out", exact: true }).waitFor();
      for (let tabs = 0; tabs < 15 && !(await focused("button", /^Sign out$/)); tabs += 1) await press("Tab");
      await press("Enter");
      await page.getByRole("heading", { name: "Sign in to Portal" }).waitFor();
      await close();
    });

    test("a password change and Sign out everywhere end the other browsers", async () => {
      const [here, there] = [await open(), await open()];
      await visit(here.page, portal.url, person);
      await visit(there.page, portal.url, person);
      const isSignedIn = async (page) => (await page.goto(`${portal.url}/catalog`), path(page) === "/catalog");
      await here.page.goto(`${portal.url}/me/password`);
      await look(here.page);
      const change = async (current, next) => {
        await here.page.getByLabel("Current password").fill(current);
        await here.page.getByLabel("New password").fill(next);
        await here.page.getByRole("button", { name: "Change password" }).click();
      };
      await change("not the password", NEW_PASSWORD);
      await here.page.getByText("This is not your current password.").waitFor();
      await change(person.password, NEW_PASSWORD);
      await here.page.getByRole("status").filter({ hasText: /^Saved at/ }).waitFor();
      assert.ok(await isSignedIn(here.page));
      assert.ok(!(await isSignedIn(there.page)));

      person.password = NEW_PASSWORD;
      await signIn(there.page, person);
      await there.page.getByRole("heading", { name: "Catalog" }).waitFor();
      await toggleProfileMenu(here.page);
      await here.page.getByRole("button", { name: "Sign out everywhere" }).click();
      await here.page.getByRole("heading", { name: "Sign in to Portal" }).waitFor();
      assert.ok(!(await isSignedIn(there.page)));
      await here.close();
      await there.close();
    });

    test("an admin resets a password, disables and enables the account, each after a question", async () => {
      const [admin, window] = [await open(), await open()];
      await visit(window.page, portal.url, person);
      await visit(admin.page, `${portal.url}/settings/users`, ADMIN);
      const choose = async (role, item) => {
        await admin.page.goto(`${portal.url}/settings/users`);
        await admin.page.locator("summary").filter({ hasText: `Change ${person.name}` }).click();
        await admin.page.getByRole("row").filter({ hasText: person.email }).getByRole(role, { name: item }).click();
      };
      await choose("button", "Reset password");
      const link = await admin.page.getByRole("textbox", { name: "One-time link" }).inputValue();
      await acceptLink(window.page, link, PASSWORD);
      person.password = PASSWORD;

      await choose("link", "Disable account");
      await admin.page.getByRole("heading", { name: "Disable this account?" }).waitFor();
      await look(admin.page);
      await admin.page.getByRole("button", { name: "Disable account" }).click();
      await admin.page.getByRole("row").filter({ hasText: person.email }).getByText("Disabled").waitFor();
      await look(admin.page);
      await window.page.goto(portal.url);
      assert.equal(path(window.page), "/sign-in", "signed out at once");
      await signIn(window.page, person);
      await window.page.getByRole("alert").waitFor();
      await choose("button", "Enable account");
      await admin.page.getByText("was changed.").waitFor();
      await signIn(window.page, person);
      await window.page.getByRole("heading", { name: "Hello, Noor" }).waitFor();
      await admin.close();
      await window.close();
    });

    test("the last admin stays an admin", async () => {
      const admin = await open();
      await visit(admin.page, `${portal.url}/settings/users`, ADMIN);
      await admin.page.locator("summary").filter({ hasText: /^Change / }).filter({ hasText: /ada/i }).click();
      await admin.page.getByRole("link", { name: "Take admin role away" }).click();
      await admin.page.getByRole("button", { name: "Take admin role away" }).click();
      await admin.page.getByRole("alert").filter({ hasText: "last admin" }).waitFor();
      await look(admin.page);
      await admin.close();
    });

    test("too many attempts are refused, but not from a browser that this person has signed in with before", async () => {
      // Not the address' own limit, which the tests above come near.
      const fresh = await startPortal();
      const victim = { email: "victim@tidemark.example", password: PASSWORD };
      const { stdout } = await fresh.command(["user", "create", "--email", victim.email]);
      const known = await open();
      await acceptLink(known.page, stdout.match(/https?:\S+/)[0], victim.password);
      await toggleProfileMenu(known.page);
      await known.page.getByRole("button", { name: "Sign out", exact: true }).click();

      const stranger = await open();
      await stranger.page.goto(`${fresh.url}/sign-in`);
      const refusals = [];
      // A minute may end meanwhile, and the count with it.
      for (let attempt = 0; attempt <= 2 * FAILURES_MAX && !/Too many/.test(refusals.at(-1)); attempt += 1) {
        await signIn(stranger.page, { ...victim, password: `guess number ${attempt}` });
        refusals.push(await stranger.page.getByRole("alert").innerText());
      }
      assert.match(refusals.at(-1), /Too many attempts. Wait a minute/);
      assert.ok(refusals.length > FAILURES_MAX);
      await look(stranger.page);
      await signIn(known.page, victim);
      await known.page.getByRole("heading", { name: "Hello" }).waitFor();
      await stranger.close();
      await known.close();
      await fresh.stop();
    });
  });
}
