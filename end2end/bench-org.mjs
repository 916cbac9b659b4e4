// An organisation of any size comes in: how long a run takes, how much memory, and how long other agents wait meanwhile.
//
// `node bench-org.mjs [--sizes 1000,10000,100000] [--database URL]`: for each size a new Portal reads a directory of so
// many people, a group for twenty of them and three memberships each, over https from a process of its own; then once
// more without a change, and with one in a hundred people renamed. Meanwhile agents of somebody else refresh their tokens
// and call a tool, each as fast as a busy agent does, with the same rate before the first run for comparison.
import { readFileSync, appendFileSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { obtainToken, startClient } from "./harness/agent.mjs";
import { launchBrowser } from "./harness/browser.mjs";
import { createAuthority } from "./harness/https.mjs";
import { startLargeDirectory } from "./harness/large-directory.mjs";
import { PlainBrowser } from "./harness/plain-browser.mjs";
import { startPortal } from "./harness/portal.mjs";

const PERSON = { email: "bench@example.org", password: "violet anchors drift at noon" };
const BEARER = "a token of the bench, for its questions only";
const PEOPLE_EACH_GROUP = 20;
const PAGE = 500;
const CHAINS = 4;
/** Between two requests of one agent. */
const PAUSE_MS = 20;
const QUIET_MS = 10_000;
const RUN_MS_MAX = 900_000;
const LOOK_MS = 25;
const MEMORY_MS = 100;
const GOAL_SECONDS = 60;

const { values: options } = parseArgs({
  options: {
    sizes: { type: "string", default: "1000,10000,100000" },
    database: { type: "string" },
  },
});
const sizes = options.sizes.split(",").map(Number);
if (!sizes.every((size) => size >= 100)) throw new Error("--sizes must be numbers of 100 or more");
if (options.database && sizes.length > 1) throw new Error("a database of one's own is for one size");

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const keepAlive = new Agent({ keepAlive: true, maxSockets: 4 * CHAINS });

/** One request on a kept connection: status, text and milliseconds. */
function send(portal, path, headers, body) {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const host = `localhost:${portal.port}`;
    const sent = request({ agent: keepAlive, host: "127.0.0.1", port: portal.port, path, method: "POST", headers: { host, ...headers } }, (response) => {
      const pieces = [];
      response.on("data", (piece) => pieces.push(piece));
      response.once("end", () => resolve({ status: response.statusCode, text: Buffer.concat(pieces).toString(), ms: performance.now() - started }));
      response.once("error", reject);
    });
    sent.once("error", reject).end(body);
  });
}

const CALL = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "auth_who_am_i", arguments: {} } });

/** What agents do until they are told to stop: how long each request took. */
class Load {
  constructor(portal, client, chains) {
    Object.assign(this, { portal, client, chains, refreshes: [], calls: [], going: true });
    this.ended = Promise.all(chains.flatMap((chain) => [this.refresh(chain), this.call(chain)]));
  }

  async refresh(chain) {
    while (this.going) {
      const form = new URLSearchParams({ grant_type: "refresh_token", refresh_token: chain.refresh_token, client_id: this.client.id });
      const answer = await send(this.portal, "/oauth/token", { "content-type": "application/x-www-form-urlencoded" }, String(form));
      if (answer.status !== 200) throw new Error(`a refresh was answered with ${answer.status}: ${answer.text}`);
      chain.refresh_token = JSON.parse(answer.text).refresh_token;
      chain.access_token = JSON.parse(answer.text).access_token;
      this.refreshes.push(answer.ms);
      await sleep(PAUSE_MS);
    }
  }

  async call(chain) {
    while (this.going) {
      const headers = {
        accept: "application/json, text/event-stream",
        authorization: `Bearer ${chain.access_token}`,
        "content-type": "application/json",
        "mcp-protocol-version": "2025-11-25",
      };
      const answer = await send(this.portal, "/api/mcp-actions/v1", headers, CALL);
      if (answer.status !== 200) throw new Error(`a call was answered with ${answer.status}: ${answer.text}`);
      this.calls.push(answer.ms);
      await sleep(PAUSE_MS);
    }
  }

  async stop() {
    this.going = false;
    await this.ended;
    return { refresh: quantiles(this.refreshes), call: quantiles(this.calls) };
  }
}

/** The smallest value that is not below a part of all. */
function quantiles(times) {
  times.sort((left, right) => left - right);
  const at = (part) => times[Math.max(0, Math.ceil(part * times.length) - 1)] ?? NaN;
  return { count: times.length, p50: at(0.5), p99: at(0.99), longest: at(1) };
}

function memoryMb(portal) {
  const status = readFileSync(`/proc/${portal.program.child.pid}/status`, "utf8");
  return Number(status.match(/VmRSS:\s+(\d+)/)[1]) / 1024;
}

/** Waits for the end of a run that is not in the log yet: seconds of its phases, and the most memory. */
async function watch(portal, log, known) {
  const deadline = Date.now() + RUN_MS_MAX;
  let memory = 0;
  let looked = 0;
  for (;;) {
    if (Date.now() - looked >= MEMORY_MS) {
      memory = Math.max(memory, memoryMb(portal));
      looked = Date.now();
    }
    const lines = readFileSync(log, "utf8").slice(known).split("\n").filter((line) => line.includes("directory run"));
    const fault = lines.find((line) => /published nothing|overtaken|taken over/.test(line));
    if (fault) throw new Error(fault);
    const ended = lines.find((line) => line.includes("directory runner rests"));
    if (ended) return { memory, phases: phases(lines) };
    if (Date.now() > deadline) throw new Error(`the run did not end:\n${lines.slice(-5).join("\n")}`);
    await sleep(LOOK_MS);
  }
}

/** Seconds between the lines that tell where a run is. */
function phases(lines) {
  const at = (words) => {
    const line = lines.find((each) => each.includes(words));
    return line && Date.parse(line.split(" ")[0]) / 1000;
  };
  const [begun, comparing, composing, published, settled, rests] = [
    at("directory run begins"),
    at("directory run compares"),
    at("directory run composes"),
    at("directory run published"),
    at("directory run settled"),
    at("directory runner rests"),
  ];
  const end = composing ?? published;
  return {
    published: published - begun,
    reading: comparing - begun,
    comparing: end - comparing,
    composing: published - end,
    settling: settled - published,
    clearing: rests - settled,
  };
}

/** Signed in, on the page of the directory. */
async function signedIn(portal) {
  const browser = new PlainBrowser(portal.url);
  await browser.signIn(await browser.open(`${portal.url}/sign-in`), PERSON);
  return browser;
}

async function runNow(portal, browser) {
  const page = await browser.open(`${portal.url}/settings/org-data/bench`);
  const answer = await browser.submit(page, "Run now");
  if (answer.status !== 200) throw new Error(`a run was refused with ${answer.status}`);
}

async function prepare(directory) {
  const database = options.database;
  const portal = await startPortal({ extraCaFile: directory.authorityFile, database });
  await portal.createAdmin(PERSON);
  // Agents' documents are served under an authority of their own, and both are believed.
  const authority = await createAuthority();
  appendFileSync(directory.authorityFile, `\n${authority.cert}`);
  await portal.stop();
  await portal.start();
  await portal.set({ "mcp.cimd.enabled": true, "mcp.cimd.policy": "any", "mcp.refresh.enabled": true });
  const [client, browser] = await Promise.all([startClient(authority), launchBrowser()]);
  const context = await browser.newContext();
  const chains = [];
  for (let chain = 0; chain < CHAINS; chain += 1) {
    const page = await context.newPage();
    chains.push(await obtainToken({ url: portal.url, client, page, person: PERSON, scope: "mcp:read offline_access" }));
  }
  await browser.close();
  const text = readFileSync(portal.configFile, "utf8");
  const provider = [
    "[[org.providers]]",
    'id = "bench"',
    'kind = "custom"',
    "[org.providers.custom]",
    `url = ${JSON.stringify(directory.url)}`,
    `token = ${JSON.stringify(BEARER)}`,
    "",
  ];
  writeFileSync(portal.configFile, `${text}\n${provider.join("\n")}`);
  portal.env.PORTAL_LOG = "info,sqlx=warn,rmcp=warn,hyper=warn,portal_core::org=debug";
  return { portal, client, chains, unconfigured: text };
}

const shown = (number, digits = 1) => (Number.isFinite(number) ? number.toFixed(digits) : "–");
const row = (...cells) => console.log(cells.map((cell, index) => (index ? String(cell).padStart(10) : cell.padEnd(30))).join(""));

function report(name, { phases: parts, memory }, waits) {
  row(name, shown(parts?.published), shown(parts?.reading), shown(parts?.comparing), shown(parts?.composing), shown(parts?.settling), shown(parts?.clearing),
    shown(memory, 0), shown(waits.refresh.p50), shown(waits.refresh.p99), shown(waits.refresh.longest, 0), shown(waits.call.p50), shown(waits.call.p99), waits.refresh.count);
}

async function measure(people) {
  const groups = Math.ceil(people / PEOPLE_EACH_GROUP);
  const directory = await startLargeDirectory({ people, groups, page: PAGE, token: BEARER });
  const { portal, client, chains, unconfigured } = await prepare(directory);
  const results = {};
  try {
    const configured = readFileSync(portal.configFile, "utf8");
    const log = join(portal.folder, "bench.log");
    const under = async (name, act) => {
      const load = new Load(portal, client, chains);
      const watched = await Promise.race([act(), load.ended.then(() => { throw new Error("the load ended"); })]);
      const waits = await load.stop();
      results[name] = { ...watched, waits };
      report(`${people} people, ${name}`, watched, waits);
    };
    const known = () => readFileSync(log, "utf8").length;
    await portal.stop();
    writeFileSync(portal.configFile, unconfigured);
    await portal.start({ logFile: log });
    const quiet = async () => {
      await sleep(QUIET_MS);
      return { memory: memoryMb(portal) };
    };
    await under("no directory", quiet);
    await portal.stop();
    writeFileSync(portal.configFile, configured);
    const begun = known();
    await portal.start({ logFile: log });
    await under("first run", () => watch(portal, log, begun));
    const browser = await signedIn(portal);
    const again = async () => {
      const from = known();
      await runNow(portal, browser);
      return watch(portal, log, from);
    };
    await under("no change", again);
    await directory.rename(Math.ceil(people / 100));
    await under("1 % renamed", again);
    await under("no run", quiet);
  } finally {
    await portal.stop();
    await directory.stop();
    await client.stop();
  }
  return results;
}

try {
  row("", "seconds", "reading", "comparing", "composing", "settling", "clearing", "MB", "refresh50", "refresh99", "longest", "call50", "call99", "refreshes");
  for (const people of sizes) {
    const results = await measure(people);
    const seconds = results["first run"].phases.published;
    const ratio = results["first run"].waits.refresh.p99 / results["no directory"].waits.refresh.p99;
    const reached = seconds < GOAL_SECONDS;
    console.log(`${people} people in ${shown(seconds)} s: goal under ${GOAL_SECONDS} s ${reached ? "reached" : "missed"}; refresh p99 ${shown(ratio)} times that without a run`);
    if (!reached) process.exitCode = 1;
  }
} finally {
  keepAlive.destroy();
}
