// Portal beside a bare server, in the same run, with the same load generator: `node bench.mjs [--rounds N] …`.
//
// Only the ratio is worth comparing between machines; the figures say what this machine did today.
import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

import { obtainToken, startClient } from "./harness/agent.mjs";
import { launchBrowser } from "./harness/browser.mjs";
import { createAuthority } from "./harness/https.mjs";
import { startPortal } from "./harness/portal.mjs";
import { Program, runToEnd } from "./harness/process.mjs";

// An authenticated who-am-i shall reach at least this part of a bare tool without authentication.
const RATIO_MIN = 0.6;
const PERSON = { email: "bench@example.org", password: "violet anchors drift at noon" };
const HEADERS = ["accept: application/json, text/event-stream", "mcp-protocol-version: 2025-11-25"];

const { values: options } = parseArgs({
  options: {
    connections: { type: "string", default: "32" },
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
  },
});
const release = dirname(process.env.PORTAL_BINARY);

async function preparePortal() {
  const authority = await createAuthority();
  const portal = await startPortal({ extraCaFile: authority.file });
  await portal.createAdmin(PERSON);
  await portal.set({ "mcp.cimd.enabled": true, "mcp.cimd.policy": "any" });
  const [client, browser] = await Promise.all([startClient(authority), launchBrowser()]);
  const { access_token } = await obtainToken({ url: portal.url, client, page: await browser.newPage(), person: PERSON });
  await browser.close();
  await client.stop();
  // Started again, on its database: what is measured is a server as it runs every day, its log going to a file.
  await portal.stop();
  const started = performance.now();
  await portal.start({ logFile: join(portal.folder, "portal.log") });
  return { portal, token: access_token, readyMs: Math.round(performance.now() - started) };
}

async function measure({ port, path, tool, token }) {
  const headers = token ? [...HEADERS, `authorization: Bearer ${token}`] : HEADERS;
  const body = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: tool, arguments: {} } };
  const args = ["--connect", `127.0.0.1:${port}`, "--host", `localhost:${port}`, "--path", path, "--body", JSON.stringify(body)];
  for (const header of headers) args.push("--header", header);
  args.push("--connections", options.connections, "--seconds", options.seconds);
  const { code, stdout, stderr } = await runToEnd(join(release, "load"), args);
  const figures = stdout ? JSON.parse(stdout) : {};
  // Errors would be fast answers: a run with any of them is no measurement.
  if (code !== 0 || !figures.requests) throw new Error(`${path}: ${figures.first_error ?? stderr}`);
  return figures;
}

function residentKb({ child }) {
  try {
    return Number(readFileSync(`/proc/${child.pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]);
  } catch {
    return NaN;
  }
}

const median = (rounds) => rounds.toSorted((left, right) => left.per_second - right.per_second)[rounds.length >> 1];
const row = (...cells) => console.log(cells.map((cell, index) => (index ? String(cell).padStart(12) : cell.padEnd(34))).join(""));

const floor = new Program(join(release, "floor"), []);
const floorPort = Number((await floor.printed(/READY (\d+)/))[1]);
const { portal, token, readyMs } = await preparePortal();
const idleKb = residentKb(portal.program);

const targets = [
  { name: "bare rmcp, no authentication", port: floorPort, path: "/mcp", tool: "who_am_i", rounds: [] },
  { name: "Portal, bearer token", port: portal.port, path: "/api/mcp-actions/v1", tool: "auth_who_am_i", token, rounds: [] },
];
// In turn, so that a machine that slows down hurts both.
for (let round = 1; round <= Number(options.rounds); round += 1) {
  for (const target of targets) target.rounds.push(await measure(target));
  console.log(`round ${round}: ${targets.map(({ rounds }) => rounds.at(-1).per_second).join(" and ")} per second`);
}

row(`who-am-i, ${options.connections} connections`, "per second", "p50 us", "p99 us");
const medians = targets.map(({ name, rounds }) => {
  const figures = median(rounds);
  row(name, figures.per_second, figures.p50_us, figures.p99_us);
  return figures.per_second;
});
const ratio = medians[1] / medians[0];
console.log(`ratio ${ratio.toFixed(2)}, goal ${RATIO_MIN} ${ratio >= RATIO_MIN ? "reached" : "missed"}`);
console.log(`start to ready ${readyMs} ms; memory ${idleKb} kB idle, ${residentKb(portal.program)} kB after the load`);
console.log(`binary ${Math.round(statSync(portal.binary).size / 1000)} kB`);

await portal.stop();
await floor.stop();
