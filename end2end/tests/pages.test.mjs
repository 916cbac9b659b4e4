// What holds for every page: complete in one answer, usable without scripts, nothing from elsewhere; fits small windows
// and enlarged text; calm where motion is unwanted; readable where the system sets the colours.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launchBrowser } from "../harness/browser.mjs";
import { NADIA, startFurnished } from "../harness/furnished.mjs";
import { ADMIN_PAGES, PAGES, REFUSALS } from "../harness/pages.mjs";
import { openWindow, whenAlive } from "../harness/window.mjs";

/** Widths in CSS pixels: a window of 1280 enlarged to 200 and to 400 per cent. */
const ENLARGED = [640, 320];
const SIGNED_OUT = ["/sign-in"];

let browser, furnished, origin, paths;
before(async () => {
  browser = await launchBrowser();
  furnished = await startFurnished(browser);
  origin = furnished.portal.url;
  const window = await furnished.window(NADIA, { scripts: false });
  await furnished.connect(window, NADIA);
  await window.close();
  paths = [
    ...Object.values({ ...PAGES, ...ADMIN_PAGES }),
    ...Object.keys(REFUSALS),
    "/settings/general/confirm?change=cimd",
    "/me/agents/confirm",
    furnished.consentAddress().slice(origin.length),
  ];
});
after(async () => {
  await browser.close();
  await furnished.stop();
});

/** Goes over every page, those of people who are not signed in included. */
async function visitAll({ browser: other = browser, ...options }, look) {
  const signedIn = await furnished.window(NADIA, { browser: other, ...options });
  for (const path of paths) await look(signedIn, path);
  await signedIn.close();
  const stranger = await openWindow(other, options);
  for (const path of SIGNED_OUT) await look(stranger, path);
  await stranger.close();
}

/** What the main part says; times move on between two looks. */
const mainWords = (page) =>
  page.locator("main").evaluate((main) => {
    const copy = main.cloneNode(true);
    for (const time of copy.querySelectorAll("time")) time.remove();
    return copy.textContent.replace(/\s+/g, " ").trim();
  });

describe("without scripts", () => {
  test("one answer holds the whole page: the same words as with scripts, when nothing else is loaded", async () => {
    const scripted = await furnished.window(NADIA);
    const plain = await furnished.window(NADIA, { scripts: false });
    const asked = [];
    await plain.context.route("**/*", (route) => {
      if (route.request().resourceType() === "document") return route.continue();
      asked.push(route.request().url());
      return route.abort();
    });
    for (const path of Object.values({ ...PAGES, ...ADMIN_PAGES })) {
      await plain.page.goto(origin + path);
      await scripted.page.goto(origin + path);
      await whenAlive(scripted.page);
      const words = await mainWords(plain.page);
      assert.ok(words.length > 40, `${path}: ${words}`);
      assert.equal(words, await mainWords(scripted.page), path);
    }
    assert.ok(asked.length > 0, "the stylesheet at least was asked for, and refused");
    await scripted.close();
    await plain.context.close();
  });

  test("every control works: in a form with action and method, or a link; nothing shown that needs a script", async () => {
    let controls = 0;
    const idle = [];
    await visitAll({ scripts: false }, async ({ page }, path) => {
      await page.goto(origin + path);
      const { found, faults } = await page.evaluate(idleControls);
      controls += found;
      idle.push(...faults.map((fault) => `${path} ${fault}`));
    });
    assert.deepEqual(idle, []);
    assert.ok(controls > 100, `${controls} controls were looked at`);
  });

  test("nothing is loaded from elsewhere, and every picture has words or says that it needs none", async () => {
    const elsewhere = new Set();
    await visitAll({}, async ({ page, context }, path) => {
      if (context.listenerCount("request") === 0) {
        context.on("request", (request) => request.url().startsWith(origin) || elsewhere.add(request.url()));
      }
      await page.goto(origin + path);
      if ((await page.locator("script[type=module]").count()) > 0) await whenAlive(page);
      assert.deepEqual(await page.locator("img:not([alt])").count(), 0, path);
    });
    assert.deepEqual([...elsewhere], []);
  });
});

/** In the page: what is there to be pressed or filled in, and what of it would do nothing without scripts. */
function idleControls() {
  const shown = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest("[inert]");
  const name = (element) => `${element.outerHTML.slice(0, 120)}`;
  const faults = [];
  const all = [...document.querySelectorAll("button, input:not([type=hidden]), select, textarea, a, summary, form")].filter(shown);
  for (const element of all) {
    const tag = element.localName;
    if (tag === "a" && !element.getAttribute("href")) faults.push(`leads nowhere: ${name(element)}`);
    if (tag === "a" && /^(#|javascript:)/.test(element.getAttribute("href")) && !document.querySelector(element.getAttribute("href"))) {
      faults.push(`leads to nothing on the page: ${name(element)}`);
    }
    if (tag === "summary" && element.parentElement.localName !== "details") faults.push(`opens nothing: ${name(element)}`);
    if (tag === "form") {
      if (!element.getAttribute("action")) faults.push(`no action: ${name(element)}`);
      if (!["get", "post"].includes(element.getAttribute("method")?.toLowerCase())) faults.push(`no method: ${name(element)}`);
      const buttons = [...element.elements].filter((each) => each.type === "submit" && shown(each));
      const lines = [...element.elements].filter((each) => ["text", "search", "email", "password", "number"].includes(each.type));
      // A single line is sent by the Enter key.
      if (buttons.length === 0 && !(lines.length === 1 && shown(lines[0]))) faults.push(`cannot be sent: ${name(element)}`);
    }
    const field = ["input", "select", "textarea"].includes(tag);
    // What is only there to be read and copied needs no form.
    if ((tag === "button" || (field && !element.readOnly)) && !element.form) faults.push(`in no form: ${name(element)}`);
    if (tag === "button" && element.type === "button") faults.push(`does nothing without scripts: ${name(element)}`);
    if (element.matches(".needs-js, .needs-js *")) faults.push(`needs scripts and is shown: ${name(element)}`);
  }
  return { found: all.length, faults };
}

describe("small windows and large text", () => {
  for (const width of ENLARGED) {
    test(`at ${width} pixels every page reads without scrolling sideways, and no control is cut off`, async () => {
      await visitAll({ context: { viewport: { width, height: 640 } } }, async ({ page }, path) => {
        await page.goto(origin + path);
        assert.deepEqual(await page.evaluate(overflow), [], `${path} at ${width}`);
      });
    });
  }

  test("with letters of twice the size, as the browser's settings have them, nothing scrolls sideways and no control is cut off", async () => {
    const large = await launchBrowser({ args: ["--blink-settings=defaultFontSize=32"] });
    await visitAll({ browser: large, context: { viewport: { width: 1280, height: 900 } } }, async ({ page }, path) => {
      await page.goto(origin + path);
      assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).fontSize), "32px");
      assert.deepEqual(await page.evaluate(overflow), [], path);
    });
    await large.close();
  });
});

/** In the page: what is wider than the window, and controls that reach out of it and cannot be scrolled to. */
function overflow() {
  const width = document.documentElement.clientWidth;
  const found = [];
  const wider = document.scrollingElement.scrollWidth - width;
  const scrolls = (element) => element && (/auto|scroll/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  for (const element of document.querySelectorAll("a, button, input, select, textarea, summary, h1, h2, h3, p, td, th, code, li")) {
    if (!element.checkVisibility({ visibilityProperty: true }) || element.closest(".sr, .skip")) continue;
    const { left, right, width: own } = element.getBoundingClientRect();
    if (own > 1 && (left < -1 || right > width + 1) && !scrolls(element.parentElement)) {
      found.push(`${Math.round(left)}…${Math.round(right)} of ${width}: ${element.outerHTML.slice(0, 120)}`);
    }
  }
  if (wider > 0) found.unshift(`the page is ${wider} pixels wider than the window`);
  return found.slice(0, 8);
}

describe("what people have set in their system", () => {
  /** In the page: elements that would move. */
  const moving = () => {
    const still = (durations) => durations.split(",").every((each) => parseFloat(each) === 0);
    const moves = (element) => ["", "::before", "::after"].some((part) => {
      const { transitionDuration, animationName, animationDuration } = getComputedStyle(element, part);
      return !still(transitionDuration) || (animationName !== "none" && !still(animationDuration));
    });
    return [...document.querySelectorAll("body *")].filter(moves).length;
  };

  test("reduced motion: nothing moves on any page; without it some things do", async () => {
    let otherwise = 0;
    await visitAll({}, async ({ page }, path) => {
      await page.goto(origin + path);
      assert.equal(await page.evaluate(moving), 0, path);
      assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior), "auto", path);
      await page.emulateMedia({ reducedMotion: "no-preference" });
      otherwise += await page.evaluate(moving);
      await page.emulateMedia({ reducedMotion: "reduce" });
    });
    assert.ok(otherwise > 0, "the check can see motion");
  });

  test("forced colours: switches and choices still show their state, and the focus is seen", async () => {
    const window = await furnished.window(NADIA);
    const { page } = window;
    await page.emulateMedia({ forcedColors: "active" });
    await page.goto(`${origin}/settings/general`);
    await whenAlive(page);
    for (const kind of ["switch", "radio"]) {
      const control = page.getByRole(kind).first();
      await control.scrollIntoViewIfNeeded();
      const pictures = [];
      for (const checked of [true, false]) {
        // Only how it looks is asked: nothing is sent.
        await control.evaluate((element, checked) => (element.checked = checked), checked);
        pictures.push(await control.screenshot({ animations: "disabled" }));
      }
      assert.ok(!pictures[0].equals(pictures[1]), `a ${kind} that is on looks like one that is off`);
    }
    const control = page.getByRole("switch").first();
    await page.keyboard.press("Tab");
    await control.focus();
    const { style, width, color, ground } = await control.evaluate((element) => {
      const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element);
      return { style: outlineStyle, width: parseFloat(outlineWidth), color: outlineColor, ground: getComputedStyle(document.body).backgroundColor };
    });
    assert.ok(style !== "none" && width >= 2 && color !== ground, JSON.stringify({ style, width, color, ground }));
    await window.close();
  });
});
