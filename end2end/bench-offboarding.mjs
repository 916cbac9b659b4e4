// How long a leaver's agent goes on: from a directory's event to the first refused MCP call, measured from outside.
//
// `node bench-offboarding.mjs [--people N] [--others N]`: a custom directory is served here over https; each person holds
// a token; the directory suspends them one after the other, tells Portal by its webhook, and the token is used without a
// pause until it is refused. What is measured includes the event's way in, Portal's question to the directory, and the
// transaction that ends everything the person had.
import { createHmac } from "node:crypto";
import { Agent, request } from "node:http";
import { parseArgs } from "node:util";

import { createAuthority, startHttps } from "./harness/https.mjs";
import { startPortal } from "./harness/portal.mjs";

const GOAL_MS = 1_000;
/** A person who is not refused by then has been forgotten. */
const GIVEN_UP_MS = 60_000;
const READY_POLL_MS = 100;
const SECRET = "a secret of the bench, for its events only";
const BEARER = "a token of the bench, for its questions only";

const { values: options } = parseArgs({
  options: {
    people: { type: "string", default: "100" },
    others: { type: "string", default: "0" },
  },
});
const leavers = Number(options.people);
if (!(leavers >= 1)) throw new Error("--people must be 1 or more");

/** Everyone in the directory, by id: those who will leave, and others who stay. */
const directory = new Map(
  Array.from({ length: leavers + Number(options.others) }, (_, index) => [
    `u-${index}`,
    { id: `u-${index}`, login: `person-${index}`, status: "active", email: { address: `person-${index}@example.org`, verified: true } },
  ]),
);

function answer({ url, headers }) {
  if (headers.authorization !== `Bearer ${BEARER}`) return { status: 401 };
  const question = new URL(url, "https://localhost").searchParams;
  const known = (user) => ({ body: { version: 1, user: user ?? null, groups: user ? [] : null } });
  switch (question.get("ask")) {
    case "full":
      return { body: { version: 1, users: [...directory.values()], groups: [], memberships: [], next: null } };
    case "user":
      return known(directory.get(question.get("id")));
    default:
      return { status: 501 };
  }
}

const keepAlive = new Agent({ keepAlive: true, maxSockets: 4 });

/** One request on a kept connection: status and headers, the body read and dropped. */
function send(port, path, headers, body) {
  return new Promise((resolve, reject) => {
    const sent = request({ agent: keepAlive, host: "127.0.0.1", port, path, method: "POST", headers: { host: `localhost:${port}`, ...headers } }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode));
    });
    sent.once("error", reject).end(body);
  });
}

const CALL = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "auth_who_am_i", arguments: {} } });

const call = (portal, token) =>
  send(portal.port, "/api/mcp-actions/v1", {
    accept: "application/json, text/event-stream",
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    "mcp-protocol-version": "2025-11-25",
  }, CALL);

function tell(portal, id) {
  const body = JSON.stringify({ users: [id] });
  const signature = createHmac("sha256", SECRET).update(body).digest("hex");
  return send(portal.port, "/webhooks/bench", { "content-type": "application/json", "x-portal-signature-256": `sha256=${signature}` }, body);
}

/** The token of someone in the catalog, as soon as the first run has brought them. */
async function tokenOf(portal, login) {
  const deadline = Date.now() + GIVEN_UP_MS;
  const args = ["token", "create", "--name", "bench", "--owner", `user:default/${login}`, "--scope", "mcp:read"];
  for (;;) {
    const made = await portal.command(args, { mayFail: true });
    if (made.code === 0) return made.stdout.trim().split("\n").at(-1);
    if (Date.now() > deadline) throw new Error(`no token for ${login}: ${made.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }
}

/** Milliseconds from the event to the first refused call, and how many calls went through meanwhile. */
async function leave(portal, id, token) {
  const before = await call(portal, token);
  if (before !== 200) throw new Error(`the token of ${id} was refused before: ${before}`);
  directory.get(id).status = "suspended";
  const started = performance.now();
  const told = tell(portal, id);
  let calls = 0;
  for (;;) {
    const status = await call(portal, token);
    const ms = performance.now() - started;
    if (status === 401) {
      const accepted = await told;
      if (accepted !== 202) throw new Error(`the event about ${id} was answered with ${accepted}`);
      return { ms, calls };
    }
    if (status !== 200) throw new Error(`a call was answered with ${status}`);
    calls += 1;
    if (ms > GIVEN_UP_MS) throw new Error(`${id} still gets through after ${Math.round(ms)} ms`);
  }
}

const authority = await createAuthority();
const served = await startHttps(authority, answer);
const portal = await startPortal({
  extraCaFile: authority.file,
  config: [
    "[[org.providers]]",
    'id = "bench"',
    'kind = "custom"',
    "[org.providers.custom]",
    `url = ${JSON.stringify(`${served.origin}/people`)}`,
    `token = ${JSON.stringify(BEARER)}`,
    `webhook_secret = ${JSON.stringify(SECRET)}`,
  ].join("\n"),
});

try {
  const ids = [...directory.keys()].slice(0, leavers);
  const tokens = new Map();
  for (const id of ids) tokens.set(id, await tokenOf(portal, directory.get(id).login));
  const times = [];
  let calls = 0;
  for (const id of ids) {
    const left = await leave(portal, id, tokens.get(id));
    times.push(left.ms);
    calls += left.calls;
  }
  for (const token of tokens.values()) {
    const status = await call(portal, token);
    if (status !== 401) throw new Error(`a leaver came back: ${status}`);
  }
  times.sort((left, right) => left - right);
  // The smallest value that is not below this part of all.
  const quantile = (part) => times[Math.max(0, Math.ceil(part * times.length) - 1)];
  const shown = (ms) => `${ms.toFixed(1)} ms`;
  console.log(`offboarding: ${leavers} people of ${directory.size}, from the event to the first refused call`);
  console.log(`p50 ${shown(quantile(0.5))}, p99 ${shown(quantile(0.99))}, longest ${shown(times.at(-1))}; ${calls} calls went through meanwhile`);
  const reached = quantile(0.99) < GOAL_MS;
  console.log(`goal p99 under ${GOAL_MS} ms ${reached ? "reached" : "missed"}`);
  if (!reached) process.exitCode = 1;
} finally {
  keepAlive.destroy();
  await portal.stop();
  await served.stop();
}
