// A Chromium for the tests: the one that an npm package carries, or else an installed one.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

import { onExit } from "./process.mjs";

const TOOLS = fileURLToPath(new URL("../../.tools/", import.meta.url));
const INSTALLED = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/opt/google/chrome/chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];
const INSTALL =
  "no browser for the tests: install Chrome or `apt-get install chromium`, or name one in PORTAL_TEST_BROWSER";
// No sandbox as root, and nothing that talks to the network by itself.
const ARGS = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-dev-shm-usage",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
];

/**
 * Starts the browser; close it at the end of the test file.
 * @param {import("playwright-core").LaunchOptions} options
 */
export async function launchBrowser(options = {}) {
  const { executablePath, env } = await findBrowser();
  const args = [...ARGS, ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []), ...(options.args ?? [])];
  const browser = await chromium.launch({ ...options, executablePath, args, env: { ...process.env, ...env } });
  const forget = onExit(() => browser.close());
  browser.on("disconnected", forget);
  return browser;
}

/** The program to start and what it needs in its environment. */
async function findBrowser() {
  const named = process.env.PORTAL_TEST_BROWSER;
  if (named) return { executablePath: named, env: {} };
  const packaged = await unpacked();
  if (packaged) return packaged;
  const executablePath = INSTALLED.find((path) => existsSync(path));
  if (!executablePath) throw new Error(INSTALL);
  return { executablePath, env: {} };
}

/** The package's browser, unpacked once into the project's tools folder; `undefined` where it does not run. */
async function unpacked() {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  const packageFolder = join(dirname(fileURLToPath(import.meta.resolve("@sparticuz/chromium"))), "..");
  const { version } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));
  const folder = join(TOOLS, `chromium-${version}`);
  if (!existsSync(folder)) await unpack(packageFolder, folder);
  const executablePath = join(folder, "chromium");
  // A machine without desktop libraries or fonts takes those of the package.
  const fonts = existsSync("/etc/fonts") ? {} : { FONTCONFIG_PATH: join(folder, "fonts") };
  for (const libraries of [{}, { LD_LIBRARY_PATH: join(folder, "al2023/lib") }]) {
    const env = { ...fonts, ...libraries };
    try {
      execFileSync(executablePath, ["--version"], { env: { ...process.env, ...env }, stdio: "ignore" });
      return { executablePath, env };
    } catch {
      continue;
    }
  }
  return undefined;
}

async function unpack(packageFolder, folder) {
  const { inflate } = await import("@sparticuz/chromium");
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  // The package unpacks into the folder for temporary files.
  const before = process.env.TMPDIR;
  process.env.TMPDIR = fresh;
  try {
    const archives = ["chromium.br", "fonts.tar.br", "swiftshader.tar.br", "al2023.tar.br"];
    await Promise.all(archives.map((name) => inflate(join(packageFolder, "bin", name))));
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
  try {
    renameSync(fresh, folder);
  } catch {
    // Another test process was first.
    rmSync(fresh, { recursive: true, force: true });
  }
}
