// An agent built on the official TypeScript client, in both of its generations.
import { createServer } from "node:http";
import { randomBytes } from "node:crypto";

const SDKS = {
  /** `@modelcontextprotocol/sdk`, the first generation. */
  1: async () => {
    const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
    const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/sdk/client/streamableHttp.js");
    return { Client, StreamableHTTPClientTransport };
  },
  /** `@modelcontextprotocol/client`, the second. */
  2: () => import("@modelcontextprotocol/client"),
};
const PORTAL_PATH = "/api/mcp-actions/v1";

/**
 * A program that waits for the browser on a port of this computer.
 * @returns the address to send it to, and the parameters that it was sent
 */
export async function startCallback() {
  const arrived = [];
  const waiting = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url, "http://127.0.0.1");
    if (url.pathname !== "/callback") return response.writeHead(404).end();
    response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Back</title><h1>Back in the agent</h1>");
    const next = waiting.shift();
    if (next) next(url.searchParams);
    else arrived.push(url.searchParams);
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/callback`,
    /** The parameters of the next visit. */
    next: () => (arrived.length > 0 ? Promise.resolve(arrived.shift()) : new Promise((resolve) => waiting.push(resolve))),
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** One installation of an agent: what it remembers, and its connection. */
export class McpAgent {
  /**
   * @param {object} options
   * @param {1 | 2} options.generation of the client
   * @param {string} options.url Portal's public address
   * @param {string} options.documentUrl client id metadata document
   * @param {string} options.redirectUrl where it waits
   */
  constructor({ generation, url, documentUrl, redirectUrl }) {
    this.generation = generation;
    this.endpoint = new URL(PORTAL_PATH, url);
    this.redirectUrl = redirectUrl;
    this.expectedState = randomBytes(16).toString("base64url");
    /** What was remembered: tokens, verifier, client information, the address to open. */
    this.kept = {};
    this.provider = {
      redirectUrl,
      clientMetadataUrl: documentUrl,
      clientMetadata: { redirect_uris: [redirectUrl], client_name: "Test agent" },
      state: () => this.expectedState,
      clientInformation: () => this.kept.client,
      saveClientInformation: (client) => void (this.kept.client = client),
      tokens: () => this.kept.tokens,
      saveTokens: (tokens) => void (this.kept.tokens = tokens),
      redirectToAuthorization: (address) => void (this.kept.address = address),
      saveCodeVerifier: (verifier) => void (this.kept.verifier = verifier),
      codeVerifier: () => this.kept.verifier,
      saveDiscoveryState: (state) => void (this.kept.discovery = state),
      discoveryState: () => this.kept.discovery,
    };
  }

  /**
   * Connects; without a token, `openBrowser` is given the address to open and returns the parameters that came back.
   * @param {(address: string) => Promise<URLSearchParams>} openBrowser
   */
  async connect(openBrowser) {
    const { Client, StreamableHTTPClientTransport } = await SDKS[this.generation]();
    const transport = () => new StreamableHTTPClientTransport(this.endpoint, { authProvider: this.provider });
    this.client = new Client({ name: "test-agent", version: "1.0.0" });
    let current = transport();
    try {
      await this.client.connect(current);
    } catch (error) {
      if (error.constructor.name !== "UnauthorizedError") throw error;
      await this.finish(current, await openBrowser(this.kept.address.href));
      current = transport();
      this.client = new Client({ name: "test-agent", version: "1.0.0" });
      await this.client.connect(current);
    }
    this.transport = current;
  }

  /** Gives the answer of the authorization to the client. */
  async finish(transport, answer) {
    if (answer.get("state") !== this.expectedState) throw new Error(`another state came back: ${answer}`);
    if (!answer.has("code")) throw new Error(`no code came back: ${answer}`);
    await (this.generation === 1 ? transport.finishAuth(answer.get("code")) : transport.finishAuth(answer));
  }

  /** Calls a tool; its structured result. */
  async call(name, args = {}) {
    const result = await this.client.callTool({ name, arguments: args });
    if (result.isError) throw new Error(`${name}: ${JSON.stringify(result.content)}`);
    return result.structuredContent;
  }

  async close() {
    await this.client?.close();
  }
}
