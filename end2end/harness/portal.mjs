// Portal as a user starts it: the release binary, a folder of its own, a generated portal.toml, free ports.
import { closeSync, existsSync, openSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { Program, freePort, runToEnd, temporaryFolder } from "./process.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const READY_TIMEOUT_MS = 30_000;
const READY_POLL_MS = 25;

/** The software and the people of the example org; only the latter may define users and groups. */
export const DEMO_LOCATIONS = [
  { target: join(ROOT, "examples/demo/all.yaml") },
  { target: join(ROOT, "examples/demo/org.yaml"), allow: ["User", "Group"] },
];

/**
 * Starts Portal and returns when it is ready.
 *
 * @param {object} options
 * @param {number} [options.publicPort] port of the public address, when a proxy stands in front; else the server's own
 * @param {string} [options.publicUrl] the whole public address instead
 * @param {string} [options.database] database url; a new SQLite file by default
 * @param {string} [options.extraCaFile] authorities whose certificates are believed for outbound requests
 * @param {{ target: string, allow?: string[] }[]} [options.locations] catalog locations; the example org by default
 * @param {string} [options.config] more of portal.toml, as text; `[server]`, `[database]` and `[fetch]` are written here
 * @param {Record<string, string>} [options.env]
 */
export async function startPortal(options = {}) {
  const portal = new Portal(await prepare(options));
  await portal.start();
  return portal;
}

async function prepare({ publicPort, publicUrl, database, extraCaFile, locations = DEMO_LOCATIONS, config = "", env = {} }) {
  const binary = process.env.PORTAL_BINARY ?? join(ROOT, "target/release/portal");
  if (!existsSync(binary)) throw new Error(`${binary} is missing: build it with \`cargo xtask build\``);
  const folder = temporaryFolder();
  const port = await freePort();
  const url = publicUrl ?? `http://localhost:${publicPort ?? port}`;
  const hasIpv6 = Object.values(networkInterfaces()).flat().some((address) => address.address === "::1");
  const listen = [`127.0.0.1:${port}`, ...(hasIpv6 ? [`[::1]:${port}`] : [])];
  const text = [
    "[server]",
    `listen = ${JSON.stringify(listen)}`,
    `public_url = ${JSON.stringify(url)}`,
    "[database]",
    `url = ${JSON.stringify(database ?? `sqlite://${join(folder, "portal.db")}`)}`,
    ...(extraCaFile ? ["[fetch]", `extra_ca_file = ${JSON.stringify(extraCaFile)}`] : []),
    "[metrics]",
    `listen = ${JSON.stringify(`127.0.0.1:${await freePort()}`)}`,
    ...locations.flatMap(({ target, allow }) => [
      "[[catalog.locations]]",
      'type = "file"',
      `target = ${JSON.stringify(target)}`,
      ...(allow ? [`allow = ${JSON.stringify(allow)}`] : []),
    ]),
    config,
    "",
  ].join("\n");
  const configFile = join(folder, "portal.toml");
  writeFileSync(configFile, text);
  return { binary, folder, configFile, port, url, env };
}

/** A Portal that belongs to one test file. */
export class Portal {
  constructor({ binary, folder, configFile, port, url, env }) {
    /** The public address: scheme, host and port, no trailing slash. */
    this.url = url;
    /** The port that the server itself listens on. */
    this.port = port;
    /** The server's working directory: the database lies here. */
    this.folder = folder;
    this.configFile = configFile;
    this.binary = binary;
    this.env = { ...process.env, ...env };
  }

  /**
   * Starts the server, again after `stop`, on the same database.
   * @param {{ logFile?: string }} options with a log file, what the server prints goes there and is not read here
   */
  async start({ logFile } = {}) {
    const args = ["serve", "--config", this.configFile];
    const log = logFile && openSync(logFile, "a");
    const stdio = log ? ["ignore", log, log] : ["ignore", "pipe", "pipe"];
    this.program = new Program(this.binary, args, { cwd: this.folder, env: this.env, stdio });
    if (log) closeSync(log);
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while (!(await this.isReady())) {
      if (this.program.code !== undefined || Date.now() > deadline) {
        await this.program.stop();
        throw new Error(`Portal did not become ready:\n${this.output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
    }
  }

  async isReady() {
    try {
      const response = await fetch(`http://127.0.0.1:${this.port}/readyz`);
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  }

  /** Everything the server printed: the announcement and the log. */
  get output() {
    return this.program.stdout + this.program.stderr;
  }

  /** The one-time link that makes the first admin; rejects when an admin exists and none is printed. */
  async firstAdminLink() {
    const [link] = await this.program.printed(/https?:\/\/[^\s"']+\/first-admin[^\s"']*/);
    return link;
  }

  /**
   * Runs a `portal` command beside the server, on the same configuration.
   * @param {string[]} args
   * @param {{ input?: string, mayFail?: boolean }} options
   */
  async command(args, { input, mayFail = false } = {}) {
    const options = { input, cwd: this.folder, env: this.env };
    const result = await runToEnd(this.binary, [...args, "--config", this.configFile], options);
    if (result.code !== 0 && !mayFail) throw new Error(`portal ${args.join(" ")} failed (${result.code}): ${result.stderr}`);
    return result;
  }

  /** Makes a local admin without a browser. */
  async createAdmin({ email, password }) {
    await this.command(["admin", "create", "--email", email, "--password-stdin"], { input: `${password}\n` });
    return { email, password };
  }

  /** Stores settings, pairs of key and value. */
  async set(settings) {
    await this.command(["settings", "set", ...Object.entries(settings).flatMap(([key, value]) => [key, String(value)])]);
  }

  /** Ends the server; returns its exit code. */
  async stop() {
    return this.program.stop();
  }
}
