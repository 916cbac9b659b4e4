// The official conformance suite against the release binary: server scenarios of both revisions, then the
// authorization server. The last line is `N passed, N failed`, in checks.
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { obtainToken, startClient } from "./harness/agent.mjs";
import { launchBrowser } from "./harness/browser.mjs";
import { createAuthority } from "./harness/https.mjs";
import { startPortal } from "./harness/portal.mjs";
import { Program, freePort } from "./harness/process.mjs";
import { authorize } from "./harness/sign-in.mjs";
import { judge, readChecks, readExpected, requiredScenarios } from "./harness/suite.mjs";
import { startTokenProxy } from "./harness/token-proxy.mjs";

const PACKAGE = join(dirname(fileURLToPath(import.meta.resolve("@modelcontextprotocol/conformance/package.json"))));
const RESULTS = fileURLToPath(new URL("results/conformance/", import.meta.url));
const EXPECTED = fileURLToPath(new URL("conformance-expected.yml", import.meta.url));
const REVISIONS = ["2025-11-25", "2026-07-28"];
// Run beside the required ones, although the suite does not score them yet.
const ADDED = { "2025-11-25": ["server-session-lifecycle"], "2026-07-28": ["http-header-validation"] };
const MCP_PATH = "/api/mcp-actions/v1";
const PERSON = { email: "conformance@example.org", password: "violet anchors drift at noon" };
const AUTHORIZE_TIMEOUT_MS = 60_000;

const sum = { passed: 0, failed: 0 };

function suite(args, results) {
  return new Program(process.execPath, [join(PACKAGE, "dist/index.js"), ...args, "-o", results]);
}

function tell(part, checks) {
  const { passed, expected, faults } = judge(checks, readExpected(EXPECTED, part));
  if (checks.size === 0) faults.push("the suite reported nothing");
  console.log(`${part}: ${passed} checks passed, ${expected} fail as expected, ${faults.length} faults`);
  for (const fault of faults) console.log(`  ✗ ${fault}`);
  sum.passed += passed;
  sum.failed += faults.length;
}

async function serverScenarios(url, revision) {
  const results = join(RESULTS, revision);
  await suite(["server", "--url", url, "--requirements", revision], results).ended;
  const wanted = new Set([...requiredScenarios(PACKAGE, revision), ...ADDED[revision]]);
  const checks = readChecks(results, (scenario) => wanted.has(scenario));
  const seen = new Set([...checks.keys()].map((key) => key.split(":")[0]));
  // A scenario that vanished must not look like one that passed.
  for (const scenario of wanted) if (!seen.has(scenario)) checks.set(`${scenario}:ran`, { status: "FAILURE", message: "did not run" });
  tell(revision, checks);
}

async function authorizationScenarios(portal, authority, browser) {
  const port = await freePort();
  const redirectUri = `http://127.0.0.1:${port}/callback`;
  const client = await startClient(authority, { client_name: "Conformance suite", redirect_uris: [redirectUri] });
  const results = join(RESULTS, "authorization");
  const resource = portal.url + MCP_PATH;
  const args = ["--url", portal.url, "--client-id", client.id, "--resource", resource, "-p", String(port)];
  const program = suite(["authorization", ...args], results);
  const timer = setTimeout(() => program.stop(), AUTHORIZE_TIMEOUT_MS);
  try {
    const [url] = await program.printed(/https?:\/\/\S+\/oauth\/authorize\?\S+/, AUTHORIZE_TIMEOUT_MS);
    await authorize(await browser.newPage(), url, redirectUri, PERSON);
    await program.ended;
  } catch (error) {
    console.log(`  ${error.message}`);
    await program.stop();
  } finally {
    clearTimeout(timer);
    await client.stop();
  }
  tell("authorization", readChecks(results));
}

async function token(portal, authority, browser) {
  const client = await startClient(authority);
  // Every scope, so that no scenario meets a tool that its token may not call.
  const scope = "mcp:destructive";
  const answer = await obtainToken({ url: portal.url, client, page: await browser.newPage(), person: PERSON, scope });
  await client.stop();
  return answer.access_token;
}

rmSync(RESULTS, { recursive: true, force: true });
const authority = await createAuthority();
// The suite talks to the proxy, so the proxy's port is the one that Portal is known by.
const publicPort = await freePort();
const portal = await startPortal({ publicPort, extraCaFile: authority.file });
await portal.createAdmin(PERSON);
await portal.set({ "mcp.cimd.enabled": true, "mcp.cimd.policy": "any" });
const proxy = await startTokenProxy({ target: { host: "127.0.0.1", port: portal.port }, port: publicPort });
const browser = await launchBrowser();

proxy.token = await token(portal, authority, browser);
for (const revision of REVISIONS) await serverScenarios(portal.url + MCP_PATH, revision);
proxy.token = undefined;
await authorizationScenarios(portal, authority, browser);

await browser.close();
await proxy.stop();
await portal.stop();
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exit(sum.failed === 0 ? 0 : 1);
