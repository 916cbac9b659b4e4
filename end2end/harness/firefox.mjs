// A Firefox for the tests: an installed one, driven over WebDriver BiDi. No npm package carries one.
import { existsSync } from "node:fs";

import puppeteer from "puppeteer-core";

import { onExit } from "./process.mjs";

const INSTALLED = [
  "/usr/bin/firefox-esr",
  "/usr/bin/firefox",
  "/snap/bin/firefox",
  "/Applications/Firefox.app/Contents/MacOS/firefox",
];
/** Longest wait for something on a page; a Firefox that has just started takes its time. */
const TIMEOUT_MS = 20_000;
/** A calm Firefox that stays within this machine: nothing moves, nothing is looked up elsewhere. */
const PREFERENCES = {
  "ui.prefersReducedMotion": 1,
  "ui.systemUsesDarkTheme": 0,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
};

/** What to say when a test needs Firefox and there is none. */
export const NO_FIREFOX =
  "no Firefox on this machine: install one, on Debian by `apt-get install firefox-esr`, or name it in PORTAL_TEST_FIREFOX";

/** The program to start; `undefined` where there is none. */
export function findFirefox() {
  return process.env.PORTAL_TEST_FIREFOX ?? INSTALLED.find((path) => existsSync(path));
}

/**
 * Starts Firefox; close it at the end of the test file.
 * @param {Record<string, unknown>} preferences beside those of a calm Firefox
 */
export async function launchFirefox(preferences = {}) {
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: findFirefox(),
    headless: true,
    extraPrefsFirefox: { ...PREFERENCES, ...preferences },
    // A page of its own is opened for each window.
    waitForInitialPage: false,
  });
  const forget = onExit(() => browser.process()?.kill("SIGKILL"));
  browser.on("disconnected", forget);
  return browser;
}

/**
 * Opens a window of its own: no cookies, no history. It notices what a person does not see.
 * @param {import("puppeteer-core").Browser} browser
 * @param {string} origin Portal's: what happens elsewhere is no fault of its
 */
export async function openFirefoxWindow(browser, origin) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  await page.setViewport({ width: 1440, height: 900 });
  const faults = [];
  page.on("pageerror", (error) => faults.push(`script error: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && faults.push(`console: ${message.text()}`));
  page.on("response", (response) => {
    const part = response.url().startsWith(origin) && !response.request().isNavigationRequest();
    if (part && response.status() >= 400) faults.push(`${response.status()} for ${response.url()}`);
  });
  // A refusal of the content security policy reaches only the window's own console; the event can be passed on.
  await page.evaluateOnNewDocument(() => {
    const tell = ({ violatedDirective, blockedURI }) => console.error(`policy: ${violatedDirective} refused ${blockedURI}`);
    document.addEventListener("securitypolicyviolation", tell);
  });
  return new FirefoxWindow(context, page, faults);
}

/** A window, and what a person does in it, by the names on screen. */
class FirefoxWindow {
  constructor(context, page, faults) {
    this.context = context;
    this.page = page;
    /** What went wrong so far. */
    this.faults = faults;
  }

  /** A control that is shown, by what it is called: its label, or the words on it. */
  async find(selector, name) {
    const handle = await this.page.waitForFunction(
      (selector, name) => {
        const called = (element) => element.ariaLabel ?? element.labels?.[0]?.innerText ?? element.innerText;
        const shown = [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility());
        return shown.find((element) => called(element).trim() === name);
      },
      {},
      selector,
      name,
    );
    return handle.asElement();
  }

  async click(selector, name) {
    await (await this.find(selector, name)).click();
  }

  /** Types into a field, in place of what is there. */
  async fill(name, text) {
    const field = await this.find("input", name);
    await field.click({ count: 3 });
    await field.type(text);
  }

  /** Opens a page and waits until its islands answer; the answer's status. */
  async open(address) {
    const response = await this.page.goto(address, { waitUntil: "load" });
    await this.whenAlive();
    return response.status();
  }

  whenAlive() {
    return this.page.waitForFunction(() => typeof window.portalHydrate === "function");
  }

  /** Clicks what leads to another page, and waits for it. */
  async follow(selector, name) {
    await Promise.all([this.page.waitForNavigation({ waitUntil: "load" }), this.click(selector, name)]);
  }

  /** The words of the main part. */
  words() {
    return this.page.$eval("main", (main) => main.innerText);
  }
}
