// Time to the first byte of each page, and to its last, beside the smallest answer of the same server in the same run:
// `node bench-pages.mjs [--requests N]`. One connection, one request at a time: what one person waits for.
import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync } from "node:zlib";

import { launchBrowser } from "./harness/browser.mjs";
import { NADIA, startFurnished } from "./harness/furnished.mjs";
import { ADMIN_PAGES, PAGES } from "./harness/pages.mjs";

const WARM_UP_REQUESTS = 20;
const FLOOR = "/healthz";
const { values: options } = parseArgs({ options: { requests: { type: "string", default: "200" } } });
const requests = Number(options.requests);

const browser = await launchBrowser();
const furnished = await startFurnished(browser);
const { portal } = furnished;
const window = await furnished.window(NADIA, { scripts: false });
for (let agents = 0; agents < 2; agents += 1) await furnished.connect(window, NADIA);
await window.page.goto(furnished.consentAddress());
const consent = window.page.url().slice(portal.url.length);
const cookie = (await window.context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
await browser.close();
// Started again, on its database: what is measured is a server as it runs every day, its log going to a file.
await portal.stop();
await portal.start({ logFile: join(portal.folder, "portal.log") });

const connection = new Agent({ keepAlive: true, maxSockets: 1 });

/** One answer: its status, its bytes as sent, and the milliseconds until its first and its last byte. */
function get(path, headers = {}) {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const sent = request({ host: "127.0.0.1", port: portal.port, path, agent: connection, headers: { host: new URL(portal.url).host, accept: "text/html", "accept-encoding": "br, gzip", ...headers } });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const first = performance.now() - started;
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ response, first, last: performance.now() - started, bytes: Buffer.concat(chunks) }));
    });
    sent.end();
  });
}

function text({ response, bytes }) {
  const encoding = response.headers["content-encoding"];
  if (encoding === "br") return brotliDecompressSync(bytes).toString();
  return (encoding === "gzip" ? gunzipSync(bytes) : bytes).toString();
}

/** What a proxy in front that compresses would send. */
const small = (html) => brotliCompressSync(html, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }).length;

const quantile = (values, part) => values.toSorted((left, right) => left - right)[Math.min(values.length - 1, Math.floor(values.length * part))];
const milliseconds = (value) => value.toFixed(2);
const row = (...cells) => console.log(cells.map((cell, index) => (index ? String(cell).padStart(11) : cell.padEnd(26))).join(""));

const targets = Object.entries({ ...PAGES, ...ADMIN_PAGES, consent }).map(([name, path]) => ({ name, path, headers: { cookie } }));
targets.push({ name: "sign-in", path: "/sign-in", headers: {} });
const floor = { first: [], last: [] };

row("page, milliseconds", "first p50", "p99", "last p50", "p99", "html bytes", "brotli");
const assets = new Map();
for (const { name, path, headers } of targets) {
  const measured = { first: [], last: [] };
  const page = await get(path, headers);
  const html = text(page);
  assert.equal(page.response.statusCode, 200, path);
  // One round trip: the one answer holds the page to its end, its main part filled in.
  assert.ok(/<main\b.*<h1\b.*<\/main>.*<\/body><\/html>/s.test(html), `${path} is not whole`);
  for (const [, asset] of html.matchAll(/"(\/assets\/[^"]+\.(?:css|js|wasm))"/g)) assets.set(asset, 0);
  for (let count = -WARM_UP_REQUESTS; count < requests; count += 1) {
    // In turn, so that a machine that slows down hurts both.
    for (const [figures, answer] of [[measured, await get(path, headers)], [floor, await get(FLOOR)]]) {
      assert.equal(answer.response.statusCode, 200, path);
      if (count >= 0) {
        figures.first.push(answer.first);
        figures.last.push(answer.last);
      }
    }
  }
  const { first, last } = measured;
  row(name, ...[quantile(first, 0.5), quantile(first, 0.99), quantile(last, 0.5), quantile(last, 0.99)].map(milliseconds), page.bytes.length, small(html));
}
row(`floor: ${FLOOR}`, ...[quantile(floor.first, 0.5), quantile(floor.first, 0.99), quantile(floor.last, 0.5), quantile(floor.last, 0.99)].map(milliseconds));

console.log(`\n${requests} requests a page, in turn with the floor; what a browser loads once, in bytes as sent:`);
for (const asset of assets.keys()) {
  const { response, bytes } = await get(asset);
  console.log(`${asset.split(".").at(-1).padEnd(6)}${String(bytes.length).padStart(8)}  ${response.headers["content-encoding"] ?? "not compressed"}  ${asset}`);
}
connection.destroy();
await furnished.stop();
process.exit(0);
