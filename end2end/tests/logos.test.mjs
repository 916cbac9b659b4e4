// Pictures of clients as Chromium shows them, and consent that is remembered when a sign-in comes in between.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";

import { launchBrowser } from "../harness/browser.mjs";
import { createAuthority, serveHttps } from "../harness/https.mjs";
import { PASSWORD, acceptLink } from "../harness/people.mjs";
import { startPortal } from "../harness/portal.mjs";
import { signIn } from "../harness/sign-in.mjs";
import { inspect, openWindow } from "../harness/window.mjs";

const PERSON = { email: "noor@tidemark.example", password: PASSWORD };
/** Consent is remembered for web sites alone, which nothing on this machine is. Nobody listens there. */
const CALLBACK = "https://agent.example.net/callback";
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';

let portal, browser, site, picture;
before(async () => {
  const authority = await createAuthority();
  [portal, browser] = await Promise.all([startPortal({ extraCaFile: authority.file }), launchBrowser()]);
  site = await serveHttps(authority, answer);
  await portal.set({ "mcp.cimd.enabled": true, "mcp.cimd.policy": "any" });
  const { stdout } = await portal.command(["user", "create", "--email", PERSON.email]);
  const window = await openWindow(browser, { scripts: false });
  await acceptLink(window.page, stdout.match(/https?:\S+/)[0], PERSON.password);
  picture = await window.page.screenshot({ clip: { x: 0, y: 0, width: 600, height: 300 } });
  await window.close();
});
after(async () => {
  await browser.close();
  await Promise.all([site.stop(), portal.stop()]);
});

/** Documents of clients below /NAME/, whose pictures are /NAME. */
function answer({ url }, response) {
  const [, name, file] = url.split("/");
  const send = (type, body) => response.writeHead(200, { "content-type": type }).end(body);
  if (file === "client.json") {
    return send("application/json", JSON.stringify({
      client_id: `${site.origin}${url}`,
      client_name: `The ${name} agent`,
      redirect_uris: [CALLBACK],
      logo_uri: `${site.origin}/${name}`,
      token_endpoint_auth_method: "none",
    }));
  }
  if (name === "png") return send("image/png", picture);
  if (name === "svg") return send("image/svg+xml", SVG);
  if (name === "moved") return response.writeHead(302, { location: "/png" }).end();
  return response.writeHead(404).end();
}

function requestAddress(name) {
  const parameters = {
    response_type: "code",
    client_id: `${site.origin}/${name}/client.json`,
    redirect_uri: CALLBACK,
    scope: "mcp:read",
    state: "x",
    code_challenge: createHash("sha256").update(randomBytes(32)).digest("base64url"),
    code_challenge_method: "S256",
  };
  return `${portal.url}/oauth/authorize?${new URLSearchParams(parameters)}`;
}

/** The address of the client's that the browser is sent to. */
async function sentBack(page, act) {
  await page.route(`${CALLBACK}*`, (route) => route.fulfill({ body: "Back in the agent" }));
  const arrived = page.waitForRequest((request) => request.url().startsWith(CALLBACK));
  arrived.catch(() => {});
  await act();
  return new URL((await arrived).url()).searchParams;
}

test("a picture is shown small, from Portal itself; what is no raster is not", async () => {
  const window = await openWindow(browser);
  const { page } = window;
  await page.goto(requestAddress("png"));
  await signIn(page, PERSON);
  const logo = page.locator("header.asks img");
  await logo.waitFor();
  const shown = await logo.evaluate(async (image) => {
    await image.decode();
    return [image.naturalWidth, image.naturalHeight, new URL(image.src).origin];
  });
  assert.deepEqual(shown, [128, 64, new URL(portal.url).origin]);
  assert.ok((await page.getByRole("main").innerText()).includes("Portal has verified neither."));
  await inspect(page);
  for (const name of ["svg", "moved", "absent"]) {
    await page.goto(requestAddress(name));
    await page.getByRole("button", { name: "Allow", exact: true }).waitFor();
    assert.equal(await page.locator("header.asks img").count(), 0, name);
  }
  await window.close();
});

test("who has allowed it before and signs in in between goes straight back, with scripts and without", async () => {
  const first = await openWindow(browser);
  await first.page.goto(requestAddress("png"));
  await signIn(first.page, PERSON);
  const allowed = await sentBack(first.page, () => first.page.getByRole("button", { name: "Allow", exact: true }).click({ noWaitAfter: true }));
  assert.ok(allowed.get("code"));
  await first.close();
  for (const scripts of [true, false]) {
    const window = await openWindow(browser, { scripts });
    await window.page.goto(requestAddress("png"));
    const back = await sentBack(window.page, () => signIn(window.page, PERSON));
    assert.ok(back.get("code"), "no question was asked");
    assert.notEqual(back.get("code"), allowed.get("code"));
    await window.close();
  }
});
