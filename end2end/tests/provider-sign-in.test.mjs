// Sign-in with a provider: Portal, a browser, and an issuer that others have written.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { launchBrowser } from "../harness/browser.mjs";
import { createAuthority } from "../harness/https.mjs";
import { CLIENT, issuerUrl, startIssuer } from "../harness/issuer.mjs";
import { startPortal } from "../harness/portal.mjs";
import { freePort, temporaryFolder } from "../harness/process.mjs";
import { inspect, openWindow } from "../harness/window.mjs";

const PROVIDER = "people";
/** The directory: one who may come in, and one who may not. */
const DIRECTORY = `
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: ada, uid: person-1 }
spec: { profile: { displayName: Ada Okafor, email: ada@tidemark.example }, memberOf: [] }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: eve, uid: person-2 }
spec: { status: suspended, profile: { displayName: Eve Sorensen, email: eve@tidemark.example }, memberOf: [] }
`;

/** Portal with the directory and the issuer; `by` is how people are found. */
async function startOrganisation(by, accounts) {
  const [authority, port, folder] = [await createAuthority(), await freePort(), temporaryFolder()];
  const people = join(folder, "people.yaml");
  writeFileSync(people, DIRECTORY);
  const config = [
    "[[org.providers]]",
    `id = "${PROVIDER}"`,
    'kind = "file"',
    'title = "Tidemark"',
    "[org.providers.file]",
    `target = ${JSON.stringify(people)}`,
    'verified_domains = ["tidemark.example"]',
    "[org.providers.sign_in]",
    `issuer = ${JSON.stringify(issuerUrl(port))}`,
    `client_id = ${JSON.stringify(CLIENT.id)}`,
    `client_secret = ${JSON.stringify(CLIENT.secret)}`,
    `by = ${JSON.stringify(by)}`,
  ].join("\n");
  const portal = await startPortal({ extraCaFile: authority.file, locations: [], config });
  const issuer = await startIssuer(authority, port, portal.url, PROVIDER, accounts);
  await portal.command(["org", "sync", "--provider", PROVIDER]);
  return {
    portal,
    stop: () => Promise.all([portal.stop(), issuer.stop()]),
  };
}

let browser;
before(async () => (browser = await launchBrowser()));
after(() => browser.close());

/** The issuer's certificate is known to Portal, not to the browser. */
const open = (scripts) => openWindow(browser, { scripts, context: { ignoreHTTPSErrors: true } });

/** From the sign-in page to the issuer's, as this login. */
async function signInAs(page, login) {
  await page.getByRole("link", { name: "Sign in with Tidemark" }).click();
  await page.getByPlaceholder("Enter any login").fill(login);
  await page.getByPlaceholder("and password").fill("anything");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
}

for (const scripts of [true, false]) {
  describe(scripts ? "with JavaScript" : "without JavaScript", () => {
    let organisation;
    before(async () => (organisation = await startOrganisation("subject")));
    after(() => organisation.stop());

    test("someone of the catalog comes in, and goes on to where they were", async () => {
      const { page } = await open(scripts);
      await page.goto(`${organisation.portal.url}/catalog`);
      assert.equal(new URL(page.url()).pathname, "/sign-in");
      if (scripts) await inspect(page);
      await signInAs(page, "person-1");
      await page.getByRole("heading", { name: "Catalog", level: 1 }).waitFor();
      assert.equal(page.url(), `${organisation.portal.url}/catalog`, "no code is left in the address");
      await page.goto(organisation.portal.url);
      await page.getByRole("heading", { name: "Hello, Ada" }).waitFor();
      await page.context().close();
    });

    test("someone who is suspended, or unknown, is told so and is not signed in", async () => {
      for (const [login, heading] of [
        ["person-2", "This account may not sign in"],
        ["person-9", "You are not in the catalog"],
      ]) {
        const { page } = await open(scripts);
        await page.goto(`${organisation.portal.url}/sign-in`);
        await signInAs(page, login);
        await page.getByRole("heading", { name: heading }).waitFor();
        if (scripts) await inspect(page);
        await page.goto(`${organisation.portal.url}/catalog`);
        assert.equal(new URL(page.url()).pathname, "/sign-in", login);
        await page.context().close();
      }
    });

    test("whoever cancels at the issuer can start again", async () => {
      const { page } = await open(scripts);
      await page.goto(`${organisation.portal.url}/sign-in?return_to=%2Fcatalog`);
      await page.getByRole("link", { name: "Sign in with Tidemark" }).click();
      await page.getByRole("link", { name: "Cancel" }).click();
      await page.getByRole("heading", { name: "You were not signed in" }).waitFor();
      await page.getByRole("link", { name: "Go to the sign-in page" }).click();
      await signInAs(page, "person-1");
      await page.getByRole("heading", { name: "Catalog", level: 1 }).waitFor();
      await page.context().close();
    });

    test("going back to an answer that was used shows a page, not a session", async () => {
      const { page, context } = await open(scripts);
      const answers = [];
      page.on("request", (request) => request.url().includes("/auth/callback/") && answers.push(request.url()));
      await page.goto(`${organisation.portal.url}/sign-in`);
      await signInAs(page, "person-1");
      await page.getByRole("heading", { name: "Hello, Ada" }).waitFor();
      await context.clearCookies({ name: "portal_session" });
      const again = await page.goto(answers[0]);
      assert.equal(again.status(), 410);
      await page.getByRole("heading", { name: "This sign-in is over" }).waitFor();
      await context.close();
    });
  });
}

test("people are found by an address that the issuer verified", async () => {
  const accounts = {
    "someone-1": { email: "Ada@tidemark.example", email_verified: true },
    "someone-2": { email: "ada@tidemark.example", email_verified: false },
  };
  const organisation = await startOrganisation("verified-email", accounts);
  try {
    for (const [login, heading] of [
      ["someone-2", "It is not clear who you are"],
      ["someone-1", "Hello, Ada"],
    ]) {
      const { page } = await open(true);
      await page.goto(`${organisation.portal.url}/sign-in`);
      await signInAs(page, login);
      await page.getByRole("heading", { name: heading }).waitFor();
      await page.context().close();
    }
  } finally {
    await organisation.stop();
  }
});
