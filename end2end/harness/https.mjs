// An https server of our own: client documents, certified by a throw-away authority.
import { writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";

import { generate } from "selfsigned";

import { temporaryFolder } from "./process.mjs";

const DAY_MS = 86_400_000;

/** A certificate authority: `ca.file` goes into Portal's `extra_ca_file`. */
export async function createAuthority() {
  const { cert, private: key } = await generate([{ name: "commonName", value: "Portal test authority" }], {
    ...validity(),
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const file = join(temporaryFolder(), "ca.pem");
  writeFileSync(file, cert);
  return { cert, key, file };
}

/**
 * Serves documents over https on localhost.
 * @param {{ cert: string, key: string }} authority
 * @param {(request: import("node:http").IncomingMessage) => { status?: number, headers?: object, body?: unknown } | undefined} answer
 *   the answer to a request; a body that is no string is sent as JSON; `undefined` is 404
 */
export async function startHttps(authority, answer) {
  const requests = [];
  const served = await serveHttps(authority, (request, response) => {
    requests.push(request.url);
    const { status = 200, headers = {}, body = "" } = answer(request) ?? { status: 404 };
    const text = typeof body === "string" ? body : JSON.stringify(body);
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(text);
  });
  return { ...served, requests };
}

/**
 * Serves whatever this listener answers, over https on localhost.
 * @param {{ cert: string, key: string }} authority
 * @param {import("node:http").RequestListener} listener
 * @param {number} [port] a free one by default
 */
export async function serveHttps(authority, listener, port = 0) {
  const leaf = await generate([{ name: "commonName", value: "localhost" }], {
    ...validity(),
    keyType: "ec",
    algorithm: "sha256",
    ca: authority,
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
          { type: 7, ip: "::1" },
        ],
      },
    ],
  });
  const server = createServer({ key: leaf.private, cert: leaf.cert }, listener);
  await new Promise((resolve, reject) => server.once("error", reject).listen(port, "localhost", resolve));
  return {
    origin: `https://localhost:${server.address().port}`,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

function validity() {
  return { notBeforeDate: new Date(Date.now() - DAY_MS), notAfterDate: new Date(Date.now() + DAY_MS) };
}
