// How the conformance suite's results are judged.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { temporaryFolder } from "../harness/process.mjs";
import { judge, readChecks, readExpected } from "../harness/suite.mjs";

function results(scenarios) {
  const folder = temporaryFolder();
  for (const [scenario, checks] of Object.entries(scenarios)) {
    const run = join(folder, `server-${scenario}-2026-11-22T22-19-21-394Z`);
    mkdirSync(run);
    writeFileSync(join(run, "checks.json"), JSON.stringify(checks.map(([id, status]) => ({ id, status, errorMessage: "why" }))));
  }
  return folder;
}

test("a failure is a fault unless it is expected, and an expected one that passes is a fault too", () => {
  const checks = readChecks(
    results({
      "tools-list": [["good", "SUCCESS"], ["maybe", "WARNING"], ["left-out", "SKIPPED"]],
      "server-stateless": [["known", "FAILURE"], ["new", "FAILURE"], ["mended", "SUCCESS"]],
      "not-asked": [["other", "FAILURE"]],
    }),
    (scenario) => scenario !== "not-asked",
  );
  const expected = new Set(["server-stateless:known", "server-stateless:mended", "tools-list:left-out"]);
  assert.deepEqual(judge(checks, expected), {
    passed: 1,
    expected: 1,
    faults: ["server-stateless:new: why", "server-stateless:mended passes: take it off the list"],
  });
});

test("a check that occurs twice has failed when one occurrence has", () => {
  const folder = results({ ping: [["twice", "FAILURE"], ["twice", "SUCCESS"]] });
  assert.equal(judge(readChecks(folder), new Set()).faults.length, 1);
});

test("every expected failure has a reason and no check stands on the list twice", () => {
  const file = fileURLToPath(new URL("../conformance-expected.yml", import.meta.url));
  for (const part of ["2025-11-25", "2026-07-28", "authorization"]) assert.ok(readExpected(file, part) instanceof Set);
  const broken = join(temporaryFolder(), "expected.yml");
  writeFileSync(broken, '"2026-07-28":\n  - checks:\n      - ping:ping\n');
  assert.throws(() => readExpected(broken, "2026-07-28"), /needs a reason/);
  writeFileSync(broken, '"2026-07-28":\n  - reason: a\n    checks: [ping:ping, ping:ping]\n');
  assert.throws(() => readExpected(broken, "2026-07-28"), /twice/);
});
