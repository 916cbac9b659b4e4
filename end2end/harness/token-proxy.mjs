// A reverse proxy that adds a bearer token: the conformance suite cannot send one itself.
//
// Method, path, headers (Host and Origin above all) and body pass unchanged; the answer is streamed; when one side
// goes away, the other is closed too.
import { createServer, request as httpRequest } from "node:http";

/**
 * @param {{ target: { host: string, port: number }, token?: string, port?: number }} options
 * @returns the proxy; its `token` may be changed, and taken away by `undefined`
 */
export async function startTokenProxy({ target, token, port = 0 }) {
  const proxy = { token };
  const server = createServer((incoming, answer) => {
    const headers = withToken(incoming.rawHeaders, proxy.token);
    const { host, port: targetPort } = target;
    const { method, url: path } = incoming;
    const outgoing = httpRequest({ host, port: targetPort, method, path, headers, setHost: false, agent: false });
    outgoing.on("response", (response) => {
      answer.writeHead(response.statusCode, response.statusMessage, response.rawHeaders);
      answer.flushHeaders();
      response.on("error", () => answer.destroy()).pipe(answer);
      response.on("close", () => response.complete || answer.destroy());
    });
    outgoing.on("error", () => {
      if (answer.headersSent) answer.destroy();
      else answer.writeHead(502).end();
    });
    answer.on("close", () => outgoing.destroy());
    incoming.on("error", () => outgoing.destroy()).pipe(outgoing);
  });
  // Long streams are the server's business.
  server.requestTimeout = 0;
  server.timeout = 0;
  await new Promise((resolve, reject) => server.once("error", reject).listen(port, "localhost", resolve));
  proxy.port = server.address().port;
  proxy.stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return proxy;
}

/** The headers as they came, in their order, with the token unless the request brings its own. */
function withToken(rawHeaders, token) {
  const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  return token === undefined || names.includes("authorization") ? rawHeaders : [...rawHeaders, "Authorization", `Bearer ${token}`];
}
