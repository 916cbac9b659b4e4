// The harness itself: a test tool that lies makes every other test worthless.
import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import { get } from "node:https";
import { after, before, describe, test } from "node:test";

import { launchBrowser } from "../harness/browser.mjs";
import { createAuthority, startHttps } from "../harness/https.mjs";
import { Keyboard } from "../harness/keyboard.mjs";
import { Program } from "../harness/process.mjs";
import { startTokenProxy } from "../harness/token-proxy.mjs";

describe("token proxy", () => {
  let origin;
  let proxy;
  const seen = [];
  const closed = Promise.withResolvers();

  before(async () => {
    origin = createServer(async (incoming, answer) => {
      let body = "";
      for await (const chunk of incoming) body += chunk;
      seen.push({ method: incoming.method, url: incoming.url, headers: incoming.headers, body });
      answer.writeHead(200, { "content-type": "text/event-stream", "x-two": ["a", "b"] });
      answer.write("first\n");
      if (incoming.url === "/endless") answer.on("close", closed.resolve);
      else answer.end("last\n");
    });
    await new Promise((resolve) => origin.listen(0, "127.0.0.1", resolve));
    proxy = await startTokenProxy({ target: { host: "127.0.0.1", port: origin.address().port }, token: "secret" });
  });
  after(async () => {
    await proxy.stop();
    origin.closeAllConnections();
    origin.close();
  });

  function send(path, headers, body) {
    return new Promise((resolve, reject) => {
      const options = { host: "localhost", port: proxy.port, path, method: "POST", headers };
      request(options, resolve).on("error", reject).end(body);
    });
  }

  test("adds the token and changes nothing else", async () => {
    const headers = { host: "evil.example:1", origin: "http://evil.example", "mcp-method": "ping" };
    const answer = await send("/mcp?a=b", headers, "body");
    let text = "";
    for await (const chunk of answer) text += chunk;
    assert.equal(text, "first\nlast\n");
    assert.equal(answer.headers["x-two"], "a, b");
    const [{ method, url, headers: sent, body }] = seen;
    assert.deepEqual({ method, url, body }, { method: "POST", url: "/mcp?a=b", body: "body" });
    for (const [name, value] of Object.entries(headers)) assert.equal(sent[name], value);
    assert.equal(sent.authorization, "Bearer secret");
  });

  test("leaves a token of the request alone", async () => {
    (await send("/", { authorization: "Bearer own" })).resume();
    assert.equal(seen.at(-1).headers.authorization, "Bearer own");
  });

  test("without a token adds nothing", async () => {
    proxy.token = undefined;
    (await send("/", {})).resume();
    assert.equal(seen.at(-1).headers.authorization, undefined);
  });

  test("streams, and closes the server's side when the client goes", async () => {
    const answer = await send("/endless", {});
    const [chunk] = await new Promise((resolve) => answer.once("data", (...args) => resolve(args)));
    assert.equal(String(chunk), "first\n");
    answer.destroy();
    await closed.promise;
  });
});

test("the https server is believed by those who know its authority, and by nobody else", async () => {
  const authority = await createAuthority();
  const server = await startHttps(authority, ({ url }) => (url === "/client.json" ? { body: { client_id: "a" } } : undefined));
  const fetchJson = (path, options) =>
    new Promise((resolve, reject) => {
      const chunks = [];
      get(server.origin + path, options, (answer) => {
        answer.on("data", (chunk) => chunks.push(chunk));
        answer.on("end", () => resolve({ status: answer.statusCode, text: Buffer.concat(chunks).toString() }));
      }).on("error", reject);
    });
  const known = { ca: authority.cert };
  assert.deepEqual(await fetchJson("/client.json", known), { status: 200, text: '{"client_id":"a"}' });
  assert.equal((await fetchJson("/other.json", known)).status, 404);
  await assert.rejects(fetchJson("/client.json", {}), { code: /UNABLE_TO_|SELF_SIGNED/ });
  assert.deepEqual(server.requests, ["/client.json", "/other.json"]);
  await server.stop();
});

test("a browser renders a page, with scripts and without", async () => {
  const browser = await launchBrowser();
  const texts = [];
  for (const javaScriptEnabled of [true, false]) {
    const page = await (await browser.newContext({ javaScriptEnabled })).newPage();
    await page.goto("data:text/html,<p>plain</p><script>document.querySelector('p').textContent = 'scripted'</script>");
    texts.push(await page.locator("p").textContent());
  }
  await browser.close();
  assert.deepEqual(texts, ["scripted", "plain"]);
});

describe("keyboard", () => {
  let browser, page, keyboard;
  const RING = "<style>:focus, input:focus-within { outline: 2px solid rgb(255, 0, 0) }</style>";
  before(async () => {
    browser = await launchBrowser();
    page = await browser.newPage();
    keyboard = new Keyboard(page);
  });
  after(() => browser.close());

  test("walks around a page and names its stops", async () => {
    await page.setContent(`${RING}<a href="#">one</a><label><input> two</label><input type="date" aria-label="three"><button disabled>off</button><button>four</button>`);
    assert.deepEqual(await keyboard.walk(), ["one", "two", "three", "four"]);
  });

  for (const [what, content, fault] of [
    ["no ring", "<style>* { outline: none !important }</style><button>one</button>", /no focus ring/],
    ["a ring too thin", "<style>:focus { outline: 1px solid red }</style><button>one</button>", /no focus ring/],
    ["something above it", `${RING}<button>one</button><div style="position:fixed;inset:0;background:white">above</div>`, /covered by/],
    ["a place out of view", `${RING}<button style="position:fixed;left:-500px">one</button>`, /out of view/],
    ["a control that Tab passes by", `${RING}<button>one</button><button>two</button><button>three</button><script>addEventListener("focusin", ({ target }) => target.textContent === "two" && document.querySelector("button:last-of-type").focus())</script>`, /not reached by Tab/],
    ["a trap", `${RING}<button>one</button><button>two</button><script>addEventListener("keydown", (event) => { event.preventDefault(); const next = document.createElement("button"); next.textContent = "more"; document.body.append(next); next.focus(); })</script>`, /leads nowhere out/],
  ]) {
    test(`notices ${what}`, async () => {
      await page.setContent(content);
      await assert.rejects(keyboard.walk(), fault);
    });
  }
});

test("a program that ends before it prints what is awaited is an error with its output", async () => {
  const program = new Program(process.execPath, ["-e", "console.error('gone')"]);
  await assert.rejects(program.printed(/never/), /the program ended \(0\)[^]*gone/);
});
