// A person with a keyboard and nothing else. Wherever the focus goes, it must be seen: with a ring, in view, not covered.
import assert from "node:assert/strict";

/** More stops than any page has. */
const STOPS_MAX = 250;
/** The thinnest ring that is seen. */
const RING_PIXELS_MIN = 2;

/** Hands on the keyboard of one page. */
export class Keyboard {
  /** @param {import("playwright-core").Page} page */
  constructor(page) {
    this.page = page;
    /** Stops that were looked at. */
    this.stops = 0;
  }

  async press(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  type(text) {
    return this.page.keyboard.type(text);
  }

  /** Whether the focus is on this. */
  isAt(locator) {
    return locator.evaluateAll((elements) => elements.includes(document.activeElement));
  }

  /** Tabs until the focus is on this; each stop on the way is looked at. */
  async tabTo(locator, { key = "Tab" } = {}) {
    await locator.first().waitFor({ state: "attached" });
    // A page without its stylesheet has no rings.
    await this.page.waitForLoadState();
    for (let stops = 0; stops < STOPS_MAX; stops += 1) {
      if (await this.isAt(locator)) return;
      await this.press(key);
      await this.look();
    }
    assert.fail(`${key} never leads to ${locator}`);
  }

  /** Goes there and presses a key. */
  async use(locator, key = "Enter") {
    await this.tabTo(locator);
    await this.press(key);
  }

  /** Looks at what has the focus. */
  async look() {
    this.stops += 1;
    const fault = await this.page.evaluate(focusFault, RING_PIXELS_MIN);
    assert.equal(fault, undefined, `${new URL(this.page.url()).pathname}: ${fault}`);
  }

  /**
   * Tabs once around the page, from its top: every control is reached, in view and with a ring, and the way leads out again.
   * @returns {Promise<string[]>} what the stops are called
   */
  async walk() {
    await this.page.evaluate(() => {
      document.activeElement?.blur();
      window.scrollTo(0, 0);
      window.visited = new Set();
      window.latest = undefined;
    });
    const names = [];
    for (let stops = 0; stops < STOPS_MAX; stops += 1) {
      await this.press("Tab");
      const name = await this.page.evaluate(() => {
        const { activeElement: at } = document;
        // A date has several stops of its own.
        const again = at === window.latest && at.type === "date";
        if (at === document.body || (window.visited.has(at) && !again)) return null;
        window.visited.add(at);
        window.latest = at;
        return at.getAttribute("aria-label") ?? (at.textContent.trim() || at.labels?.[0]?.textContent.trim() || at.outerHTML.slice(0, 80));
      });
      if (name === null) {
        const missed = await this.page.evaluate(notVisited);
        assert.deepEqual(missed, [], `${this.page.url()}: not reached by Tab`);
        return names;
      }
      if (name !== names.at(-1)) names.push(name);
      await this.look();
    }
    return assert.fail(`${this.page.url()}: Tab leads nowhere out`);
  }
}

/** In the page: what is wrong with how the focus shows; `undefined` when it is seen. */
function focusFault(ringMin) {
  const at = document.activeElement;
  if (at === document.body || at === document.documentElement) return undefined;
  const name = at.outerHTML.slice(0, 120);
  // The ring of a choice may be drawn around its whole row.
  const ringed = [at, at.closest("label"), at.parentElement].some((element) => {
    if (!element) return false;
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= ringMin && !/^rgba\(.*, 0\)$|\/ 0\)$/.test(outlineColor);
  });
  if (!ringed) return `no focus ring: ${name}`;
  const shown = at.getBoundingClientRect().width > 1 ? at : (at.closest("label") ?? at);
  const { left, right, top, bottom } = shown.getBoundingClientRect();
  if (bottom <= 0 || top >= innerHeight || right <= 0 || left >= innerWidth) return `out of view (${Math.round(top)}…${Math.round(bottom)}): ${name}`;
  const middle = [Math.min(Math.max((left + right) / 2, 0), innerWidth - 1), Math.min(Math.max((top + bottom) / 2, 0), innerHeight - 1)];
  const above = document.elementFromPoint(...middle);
  const belongs = above && (shown.contains(above) || above.contains(shown) || above.closest("label")?.contains(shown));
  return belongs ? undefined : `covered by ${above?.outerHTML.slice(0, 80)}: ${name}`;
}

/** In the page: controls that a Tab key should reach and did not. */
function notVisited() {
  const choices = new Set([...window.visited].filter((each) => each.type === "radio").map((each) => each.name));
  return [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
    .filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.disabled && !each.closest("[inert]"))
    .filter((each) => each.type !== "hidden" && each.tabIndex >= 0 && !window.visited.has(each))
    // One of a group of choices is reached by Tab, the others by arrow keys.
    .filter((each) => !(each.type === "radio" && choices.has(each.name)))
    .map((each) => each.outerHTML.slice(0, 120));
}
