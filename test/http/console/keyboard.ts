import type { Page } from "playwright-core";

/** More stops than any page has. */
const stopsMax = 400;

type Focus = { stop: number; html: string; marked: boolean; inView: boolean };

/**
 * Walks through a page by the Tab key alone, from its top until the focus leaves it.
 *
 * @returns what somebody without a mouse would stumble over: what is never reached, what is reached in another order than it is
 *   read, and what does not show that it has the focus
 */
export async function walkByTab(page: Page): Promise<string[]> {
  const stops = await page.evaluate<string[]>(markStops);
  const faults: string[] = [];
  const reached: number[] = [];
  for (let presses = 0; presses <= stopsMax; presses += 1) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate<Focus | undefined>(describeFocus);
    if (focus === undefined || reached.includes(focus.stop)) break;
    if (!focus.marked) faults.push(`no sign of the focus on ${focus.html}`);
    if (!focus.inView) faults.push(`the focus is out of sight on ${focus.html}`);
    reached.push(focus.stop);
  }
  const missed = stops.filter((_, stop) => !reached.includes(stop));
  const sorted = [...reached].sort((one, other) => one - other);
  if (reached.join() !== sorted.join()) faults.push(`the order is ${reached.join()}`);
  return [...faults, ...missed.map((html) => `never reached: ${html}`)];
}

/** Runs in the page: numbers everything that can be pressed, chosen or typed into, in the order in which it is read. */
const markStops = `(() => {
  const pressable = 'a[href], button, input:not([type="hidden"]), select, textarea, summary, [tabindex="0"]';
  const radios = new Set();
  const seen = [...document.querySelectorAll(pressable)].filter((element) => {
    if (!element.checkVisibility({ visibilityProperty: true }) || element.matches(":disabled")) return false;
    if (element.type !== "radio") return true;
    // A group of radio buttons is one stop: the chosen one, or the first; arrows do the rest.
    const group = [...document.querySelectorAll('input[type="radio"]')].filter(({ name }) => name === element.name);
    if (radios.has(element.name) || element !== (group.find(({ checked }) => checked) ?? group[0])) return false;
    radios.add(element.name);
    return true;
  });
  for (const [stop, element] of seen.entries()) element.dataset.stop = String(stop);
  // The walk begins at the top, wherever the page put the focus.
  const top = document.createElement("span");
  top.tabIndex = -1;
  document.body.prepend(top);
  top.focus();
  return seen.map(({ outerHTML }) => outerHTML.slice(0, 120));
})()`;

/** Runs in the page: what has the focus; nothing when the page has none. */
const describeFocus = `(() => {
  const element = document.activeElement;
  if (!element || element === document.body) return undefined;
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
  const { top, bottom, left, right } = element.getBoundingClientRect();
  return {
    stop: Number(element.dataset.stop ?? -1),
    html: element.outerHTML.slice(0, 120),
    marked: (outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 1) || boxShadow !== "none",
    inView: bottom > 0 && right > 0 && top < innerHeight && left < innerWidth,
  };
})()`;
