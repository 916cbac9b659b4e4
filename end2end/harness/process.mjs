// Starting programs, waiting for what they print, and leaving none of them behind.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PARENT_POLL_MS = 500;
const STOP_TIMEOUT_MS = 10_000;
const OUTPUT_CHARACTERS_MAX = 1_000_000;

const cleanups = new Set();
let watching = false;

/**
 * Runs a synchronous function when this process ends, whatever ends it. Returns a function that forgets it again.
 * @param {() => void} cleanup
 */
export function onExit(cleanup) {
  if (!watching) {
    watching = true;
    process.on("exit", () => {
      for (const each of cleanups) each();
    });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(130));
    // A parent that was killed sends no signal; its children then get another parent.
    const parent = process.ppid;
    setInterval(() => process.ppid === parent || process.exit(130), PARENT_POLL_MS).unref();
  }
  cleanups.add(cleanup);
  return () => cleanups.delete(cleanup);
}

/** A new folder that goes with this process. */
export function temporaryFolder(name = "portal-test-") {
  const folder = mkdtempSync(join(tmpdir(), name));
  onExit(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A port of 127.0.0.1 that nobody listens on now. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A running program and what it has printed so far. */
export class Program {
  /**
   * @param {string} command
   * @param {string[]} args
   * @param {import("node:child_process").SpawnOptions} options
   */
  constructor(command, args, options = {}) {
    this.stdout = "";
    this.stderr = "";
    this.code = undefined;
    this.waiting = new Set();
    this.child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    this.ended = new Promise((resolve) => {
      const end = (code) => {
        if (this.code !== undefined) return;
        this.code = code ?? -1;
        this.forget();
        this.look();
        resolve(this.code);
      };
      this.child.once("error", (error) => {
        this.stderr += `${command} cannot be started: ${error.message}\n`;
        end(-1);
      });
      this.child.once("close", end);
    });
    this.forget = onExit(() => this.child.kill("SIGKILL"));
    for (const name of ["stdout", "stderr"]) {
      this.child[name]?.setEncoding("utf8").on("data", (text) => {
        this[name] = (this[name] + text).slice(-OUTPUT_CHARACTERS_MAX);
        this.look();
      });
    }
  }

  look() {
    for (const check of [...this.waiting]) check();
  }

  /**
   * The first match in what the program printed, on either stream. Rejects when the program ends or the time is over first.
   * @param {RegExp} pattern
   * @param {number} timeoutMs
   * @returns {Promise<RegExpMatchArray>}
   */
  printed(pattern, timeoutMs = 30_000) {
    return new Promise((resolve, reject) => {
      const finish = (act, value) => {
        clearTimeout(timer);
        this.waiting.delete(check);
        act(value);
      };
      const fault = (what) => new Error(`${what} before ${pattern} was printed:\n${this.stdout}\n${this.stderr}`);
      const timer = setTimeout(() => finish(reject, fault(`${timeoutMs} ms went by`)), timeoutMs);
      const check = () => {
        const match = this.stdout.match(pattern) ?? this.stderr.match(pattern);
        if (match) finish(resolve, match);
        else if (this.code !== undefined) finish(reject, fault(`the program ended (${this.code})`));
      };
      this.waiting.add(check);
      check();
    });
  }

  /** Asks the program to end, insists after a while, and returns its exit code. */
  async stop(signal = "SIGTERM") {
    if (this.code === undefined) {
      this.child.kill(signal);
      const timer = setTimeout(() => this.child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await this.ended;
      clearTimeout(timer);
    }
    return this.code;
  }
}

/**
 * Runs a program to its end.
 * @param {string} command
 * @param {string[]} args
 * @param {import("node:child_process").SpawnOptions & { input?: string }} options
 * @returns {Promise<{ code: number, stdout: string, stderr: string }>}
 */
export async function runToEnd(command, args, { input, ...options } = {}) {
  const program = new Program(command, args, { stdio: ["pipe", "pipe", "pipe"], ...options });
  program.child.stdin.on("error", () => {}).end(input ?? "");
  const code = await program.ended;
  return { code, stdout: program.stdout, stderr: program.stderr };
}
