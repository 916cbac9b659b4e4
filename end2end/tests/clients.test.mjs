// App settings, Clients: registered by hand, with a secret that is shown once; and those that register themselves.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startOrg } from "../harness/org.mjs";
import { ADMIN, turn } from "../harness/people.mjs";
import { inspect } from "../harness/window.mjs";

const PAGE = "/settings/clients";

let org;
before(async () => (org = await startOrg()));
after(() => org?.stop());

/** Whether the token endpoint takes this secret: what is refused then is the made-up token. */
async function takes({ id, secret }, method) {
  const form = { grant_type: "refresh_token", refresh_token: "made-up" };
  const headers = method === "header" ? { authorization: `Basic ${btoa(`${id}:${secret}`)}` } : {};
  const body = new URLSearchParams(method === "header" ? form : { ...form, client_id: id, client_secret: secret });
  const response = await fetch(`${org.portal.url}/oauth/token`, { method: "POST", headers, body });
  const { error } = await response.json();
  assert.ok(["invalid_grant", "invalid_client"].includes(error), error);
  return error === "invalid_grant";
}

for (const scripts of [true, false]) {
  describe(scripts ? "with JavaScript" : "without JavaScript", () => {
    let window, page, main;
    before(async () => {
      window = await org.at(PAGE, ADMIN, scripts);
      page = window.page;
      main = page.getByRole("main");
    });
    after(() => window.close());
    const look = () => (scripts ? inspect(page) : undefined);
    const form = () => page.getByRole("region", { name: "Register a client" });
    const ready = () => page.getByRole("status", { name: "Client id and secret" });
    const row = (name) => main.getByRole("row").filter({ hasText: name });

    async function register(name, method, addresses = "http://127.0.0.1/callback") {
      await page.goto(org.portal.url + PAGE);
      await form().getByLabel("Name", { exact: true }).fill(name);
      await form().getByLabel("Return addresses").fill(addresses);
      await form().getByRole("radio", { name: method }).check();
      await form().getByRole("button", { name: "Register client" }).click();
    }

    /** Chooses what to do with a client in its row. */
    async function choose(name, words) {
      await row(name).locator("summary").click();
      await row(name).getByRole("link", { name: words }).click();
    }

    async function shown() {
      const id = await ready().getByLabel("Client ID").inputValue();
      const secret = ready().getByLabel("Client secret");
      return { id, secret: (await secret.count()) > 0 ? await secret.inputValue() : undefined };
    }

    test("a public client gets an id and no secret, and signs in at once", async () => {
      await register("Field agent", "Not at all (public)");
      const made = await shown();
      assert.match(made.id, /^ptl-client-/);
      assert.equal(made.secret, undefined);
      await look();
      const address = new URL(`${org.portal.url}/oauth/authorize`);
      address.search = new URLSearchParams({
        response_type: "code",
        client_id: made.id,
        redirect_uri: "http://127.0.0.1:50001/callback",
        code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        code_challenge_method: "S256",
      });
      await page.goto(address.href);
      await main.getByText("Registered in this Portal by an admin").waitFor();
      await look();
    });

    test("a secret is shown once, replaced after a question, and gone with the client", async () => {
      const name = `Build agent ${scripts ? "one" : "two"}`;
      await register(name, "Secret in the header", "http://127.0.0.1/callback\nhttps://agent.example.net/cb");
      const made = await shown();
      assert.match(made.secret, /^ptlk_/);
      assert.ok(await takes(made, "header"));
      assert.ok(!(await takes({ ...made, secret: "guess" }, "header")));
      await page.reload();
      assert.equal(await ready().count(), 0);
      assert.ok(!(await page.content()).includes(made.secret), "shown once");

      await choose(name, "New secret…");
      await page.getByRole("heading", { name: "Make a new secret?" }).waitFor();
      await look();
      await page.getByRole("link", { name: "Cancel" }).click();
      assert.ok(await takes(made, "header"), "nothing has changed");
      await choose(name, "New secret…");
      await page.getByRole("button", { name: "Make new secret" }).click();
      const renewed = await shown();
      assert.equal(renewed.id, made.id);
      assert.ok(await takes(renewed, "header"));
      assert.ok(!(await takes(made, "header")), "the one before is worth nothing");

      await page.goto(org.portal.url + PAGE);
      await choose(name, "Delete client…");
      await page.getByRole("heading", { name: "Delete this client?" }).waitFor();
      await look();
      await page.getByRole("button", { name: "Delete client" }).click();
      await main.getByRole("status").getByText("The client is deleted.").waitFor();
      assert.equal(await row(name).count(), 0);
      assert.ok(!(await takes(renewed, "header")));
    });

    test("a client that sends its secret in the form may not send it in the header", async () => {
      await register("Form agent", "Secret in the form");
      const made = await shown();
      assert.ok(await takes(made, "form"));
      assert.ok(!(await takes(made, "header")));
    });

    test("what is wrong stands beside its field, and what was typed stays", async () => {
      await register("", "Not at all (public)", "http://agent.example.net/callback");
      await form().getByText("Fill in this field.").waitFor();
      const addresses = form().getByLabel("Return addresses");
      assert.equal(await addresses.inputValue(), "http://agent.example.net/callback");
      assert.equal(await addresses.getAttribute("aria-invalid"), "true");
      await look();
    });

    test("clients are found by name and id", async () => {
      await register("Needle agent", "Not at all (public)");
      const { id } = await shown();
      for (const words of ["needle", id]) {
        await page.getByRole("search", { name: "Find a client" }).getByRole("searchbox").fill(words);
        await page.getByRole("button", { name: "Search" }).click();
        await row("Needle agent").first().waitFor();
        assert.equal(await row("Form agent").count(), 0);
      }
      await page.goto(`${org.portal.url}${PAGE}?q=nobody-has-this-name`);
      await main.getByText("No client is registered").waitFor();
    });

    test("agents may register themselves only while the switch is on", async () => {
      const register = async () => {
        const body = JSON.stringify({ redirect_uris: ["http://127.0.0.1/callback"], token_endpoint_auth_method: "none", client_name: "Old agent" });
        const response = await fetch(`${org.portal.url}/oauth/register`, { method: "POST", headers: { "content-type": "application/json" }, body });
        await response.body?.cancel();
        return response.status;
      };
      const name = "Allow dynamic client registration";
      await page.goto(org.portal.url + PAGE);
      assert.equal(await register(), 404);
      await turn(window, name);
      await page.getByRole("switch", { name, checked: true }).waitFor();
      await main.getByRole("status").filter({ hasText: /^Saved/ }).first().waitFor();
      assert.equal(await register(), 201);
      await page.goto(org.portal.url + PAGE);
      await row("Old agent").getByText("Legacy").first().waitFor();
      await look();
      await org.portal.set({ "mcp.dcr.enabled": false });
    });
  });
}
