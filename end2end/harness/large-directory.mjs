// A custom directory of any size, in a process of its own so that it takes no time from whoever measures: people and
// groups are computed for each page and take no memory. Forked by `startLargeDirectory`.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

import { createAuthority, startHttps } from "./https.mjs";
import { onExit } from "./process.mjs";

/** Groups that each person is directly in. */
const GROUPS_EACH = 3;
/** Groups directly below each group. */
const CHILDREN = 8;
const FILE = fileURLToPath(import.meta.url);

/**
 * Starts a directory over https.
 * @param {{ people: number, groups: number, page: number, token: string }} size people on a page, too
 * @returns its address, the file of its authority, and `rename`, which gives the first people of it other names
 */
export async function startLargeDirectory(size) {
  const child = fork(FILE, [JSON.stringify(size)]);
  const forget = onExit(() => child.kill("SIGKILL"));
  const heard = () => new Promise((resolve, reject) => {
    child.once("message", resolve);
    child.once("exit", (code) => reject(new Error(`the directory ended (${code})`)));
  });
  const { url, authorityFile } = await heard();
  return {
    url,
    authorityFile,
    rename: (renamed) => {
      child.send({ renamed });
      return heard();
    },
    stop: () => {
      forget();
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      return ended;
    },
  };
}

async function serve({ people, groups, page, token }) {
  let renamed = 0;
  const person = (number) => ({
    id: `id-${number}`,
    login: `${number < renamed ? "renamed" : "person"}-${number}`,
    status: "active",
    display_name: `Person ${number}`,
    email: { address: `person-${number}@example.org`, verified: true },
  });
  const group = (number) => ({
    id: `g-${number}`,
    name: `team-${number}`,
    display_name: `Team ${number}`,
    ...(number > 0 && { parent: `g-${Math.floor((number - 1) / CHILDREN)}` }),
  });
  const memberships = (number) =>
    Array.from({ length: GROUPS_EACH }, (_, step) => ({ group: `g-${(number * 7 + step * 131) % groups}`, user: `id-${number}` }));
  const range = (from, to) => Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);

  /** Groups first, then people with their memberships. */
  function pageAt(cursor) {
    if (cursor < groups) {
      const end = Math.min(cursor + page, groups);
      return { version: 1, groups: range(cursor, end).map(group), next: String(end) };
    }
    const from = cursor - groups;
    const end = Math.min(from + page, people);
    const numbers = range(from, end);
    return {
      version: 1,
      users: numbers.map(person),
      memberships: numbers.flatMap(memberships),
      next: end < people ? String(groups + end) : null,
    };
  }

  const authority = await createAuthority();
  const served = await startHttps(authority, ({ url, headers }) => {
    if (headers.authorization !== `Bearer ${token}`) return { status: 401 };
    const question = new URL(url, "https://localhost").searchParams;
    served.requests.length = 0;
    if (question.get("ask") === "full") return { body: pageAt(0) };
    if (question.get("ask") === "page") return { body: pageAt(Number(question.get("cursor"))) };
    return { status: 501 };
  });
  process.on("message", (message) => {
    renamed = message.renamed;
    process.send({ renamed });
  });
  process.on("disconnect", () => process.exit());
  process.send({ url: `${served.origin}/people`, authorityFile: authority.file });
}

if (process.argv[1] === FILE) await serve(JSON.parse(process.argv[2]));
