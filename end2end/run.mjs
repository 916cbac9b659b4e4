// Runs the test files: `node run.mjs [PART OF A NAME]`; the last line is `N passed, N failed`
// and, where something was left out, `, N skipped`.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";

import { onExit } from "./harness/process.mjs";

const FILE_TIMEOUT_MS = 10 * 60_000;

const folder = fileURLToPath(new URL("tests/", import.meta.url));
const [part = ""] = process.argv.slice(2);
const files = readdirSync(folder, { recursive: true })
  .filter((name) => name.endsWith(".test.mjs") && name.includes(part))
  .sort()
  .map((name) => join(folder, name));
if (files.length === 0) {
  console.error(`no test file has ${JSON.stringify(part)} in its name`);
  process.exit(1);
}

const stopping = new AbortController();
onExit(() => stopping.abort());
const counts = { passed: 0, failed: 0 };
/** Why tests were left out, told once each. */
const skips = new Map();
const count = (outcome) => (event) => {
  // A suite is no test of its own; a file without tests is reported as one and must not pass for a test.
  const isTest = event.details?.type === "test" && !files.includes(event.name);
  if (isTest && event.skip === undefined && event.todo === undefined) counts[outcome] += 1;
  else if (outcome === "failed" && !isTest && event.nesting === 0 && files.includes(event.name)) counts.failed += 1;
};

// One file after the other: the tests measure time-outs, and two browsers on two cores disturb each other.
const stream = run({ files, concurrency: 1, timeout: FILE_TIMEOUT_MS, signal: stopping.signal });
stream.on("test:pass", count("passed")).on("test:fail", count("failed"));
stream.on("test:pass", ({ name, skip }) => typeof skip === "string" && skips.set(name, skip));
stream.compose(spec).pipe(process.stdout);
stream.on("end", () => {
  // The reporter writes its last lines after the end of the events.
  setImmediate(() => {
    for (const [name, why] of skips) console.log(`SKIPPED ${name}: ${why}`);
    const skipped = skips.size > 0 ? `, ${skips.size} skipped` : "";
    console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
    process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
  });
});
