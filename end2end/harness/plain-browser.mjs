// A browser without JavaScript, and without anything else: cookies, links followed by hand, forms posted as they stand in
// the page. It knows Portal's pages only by what they show.
import assert from "node:assert/strict";

const REDIRECTS = new Set([302, 303]);
const HOPS_MAX = 10;

/** One person's browser. */
export class PlainBrowser {
  /** @param {string} origin Portal's public address */
  constructor(origin) {
    this.origin = origin;
    this.cookies = new Map();
  }

  /**
   * Sends one request; an answer that redirects is returned as it is.
   * @param {string} address
   * @param {RequestInit} options
   */
  async send(address, options = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { accept: "text/html", ...options.headers, ...(cookie && { cookie }) };
    const response = await fetch(address, { ...options, headers, redirect: "manual" });
    for (const text of response.headers.getSetCookie()) {
      const [, name, value] = text.match(/^([^=]+)=([^;]*)/);
      if (value === "") this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  /**
   * Follows redirects within Portal; stops where one leads away.
   * @returns {Promise<{ url: URL, status?: number, html: string }>} the page, or the address that it leads to with no status
   */
  async follow(response, address) {
    let url = new URL(address);
    for (let hop = 0; hop < HOPS_MAX; hop += 1) {
      if (!REDIRECTS.has(response.status)) return { url, status: response.status, html: await response.text() };
      url = new URL(response.headers.get("location"), url);
      if (url.origin !== this.origin) return { url, html: "" };
      response = await this.send(url.href);
    }
    throw new Error(`redirected again and again, now to ${url}`);
  }

  /** Opens a page. */
  async open(address) {
    return this.follow(await this.send(address), address);
  }

  /**
   * Posts the form of a page that has a button of this name, with what the form holds and what is typed.
   * @param {{ url: URL, html: string }} page
   * @param {string} button the words on it
   * @param {Record<string, string>} typed values by the fields' names
   */
  async submit(page, button, typed = {}) {
    const form = forms(page.html).find(({ buttons }) => buttons.some(({ words }) => words === button));
    assert.ok(form, `no form with the button ${button} on ${page.url}: ${page.html.slice(0, 400)}`);
    for (const name of Object.keys(typed)) assert.ok(form.names.has(name), `the form has no field ${name}`);
    const pressed = form.buttons.find(({ words }) => words === button);
    const fields = { ...form.fields, ...typed, ...(pressed.name && { [pressed.name]: pressed.value }) };
    const address = new URL(form.action, page.url).href;
    const headers = { "content-type": "application/x-www-form-urlencoded", origin: this.origin };
    const response = await this.send(address, { method: "POST", headers, body: String(new URLSearchParams(fields)) });
    assert.ok(!REDIRECTS.has(response.status) || response.status === 303, "a form is answered by 303");
    return this.follow(response, address);
  }

  /** Signs in on the page that is open. */
  signIn(page, { email, password }) {
    return this.submit(page, "Sign in", { email, password });
  }
}

/** Signs someone in by a one-time link and a password, as an invited person does. */
export async function acceptInvitation(origin, link, password) {
  const browser = new PlainBrowser(origin);
  const page = await browser.submit(await browser.open(link), "Set password", { password });
  assert.equal(page.status, 200, page.html.slice(0, 300));
  return browser;
}

const text = (html) =>
  html.replace(/<[^>]*>/g, "").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&#x27;", "'").replaceAll("&amp;", "&").trim();

function attributes(tag) {
  const found = {};
  for (const [, name, quoted] of tag.matchAll(/([\w-]+)(?:="([^"]*)")?/g)) found[name.toLowerCase()] ??= text(quoted ?? "");
  return found;
}

/** The posted forms of a page: where to, what they hold, what can be pressed. */
export function forms(html) {
  return [...html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].map(([, head, inner]) => {
    const fields = {};
    const names = new Set();
    for (const [, tag] of inner.matchAll(/<(?:input|textarea|select)\b([^>]*)>/g)) {
      const { name, type = "text", value, checked, disabled } = attributes(tag);
      if (name === undefined || disabled !== undefined) continue;
      names.add(name);
      const chosen = type === "radio" || type === "checkbox" ? checked !== undefined : true;
      if (chosen) fields[name] = value ?? (type === "checkbox" ? "on" : "");
    }
    const buttons = [...inner.matchAll(/<button\b([^>]*)>(.*?)<\/button>/gs)].map(([, tag, words]) => {
      const { name, value } = attributes(tag);
      return { words: text(words), name, value };
    });
    return { action: attributes(head).action ?? "", fields, names, buttons };
  });
}

/** The value of a read-only field with this id. */
export function shownField(html, id) {
  const tag = html.match(new RegExp(`<input[^>]*\\bid="${id}"[^>]*>`))?.[0];
  return tag && attributes(tag).value;
}

/** What a page says, without its markup. */
export const words = (html) => text(html.replace(/<(script|style)\b.*?<\/\1>/gs, "")).replace(/\s+/g, " ");
