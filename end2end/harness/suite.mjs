// Reading what the conformance suite found, and comparing it with what is expected to fail.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

/**
 * The outcome of each check below a results folder: `scenario:check` → `SUCCESS`, `FAILURE`, `WARNING`, `INFO` or `SKIPPED`.
 * A check that occurs several times has failed when one occurrence has.
 * @param {string} folder written by the suite's `-o`
 * @param {(scenario: string) => boolean} [wanted]
 */
export function readChecks(folder, wanted = () => true) {
  const found = new Map();
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    // server-tools-list-2026-11-22T22-19-21-394Z
    const scenario = name.replace(/^(authorization-server|server)-/, "").replace(/-\d{4}-\d{2}-\d{2}T[\d-]+Z$/, "");
    const file = join(folder, name, "checks.json");
    if (!wanted(scenario) || !existsSync(file)) continue;
    for (const check of JSON.parse(readFileSync(file, "utf8"))) {
      const key = `${scenario}:${check.id}`;
      if (found.get(key)?.status !== "FAILURE") found.set(key, { status: check.status, message: check.errorMessage });
    }
  }
  return found;
}

/**
 * Compares outcomes with the list of expected failures.
 * @param {Map<string, { status: string, message?: string }>} checks
 * @param {Set<string>} expected
 * @returns {{ passed: number, expected: number, faults: string[] }} faults are failures that nobody expected, and
 *   entries of the list that pass
 */
export function judge(checks, expected) {
  const result = { passed: 0, expected: 0, faults: [] };
  for (const [key, { status, message }] of checks) {
    if (status === "FAILURE" && expected.has(key)) result.expected += 1;
    else if (status === "FAILURE") result.faults.push(`${key}: ${message ?? "failed"}`);
    else if (status === "SUCCESS" && expected.has(key)) result.faults.push(`${key} passes: take it off the list`);
    else if (status === "SUCCESS") result.passed += 1;
  }
  return result;
}

/** The list of expected failures of one part of the suite; an entry without a reason is refused. */
export function readExpected(file, part) {
  const groups = parse(readFileSync(file, "utf8"))[part] ?? [];
  for (const { reason, checks } of groups) {
    if (!reason || !Array.isArray(checks)) throw new Error(`${file}: each group of ${part} needs a reason and checks`);
  }
  const all = groups.flatMap(({ checks }) => checks);
  const twice = all.find((check, index) => all.indexOf(check) !== index);
  if (twice) throw new Error(`${file}: ${twice} stands twice in ${part}`);
  return new Set(all);
}

/** The scenarios that a revision requires of a server, as frozen by the suite. */
export function requiredScenarios(packageFolder, revision) {
  return parse(readFileSync(join(packageFolder, "requirements", `${revision}.yaml`), "utf8")).server;
}
