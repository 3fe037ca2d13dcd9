/**
 * Pages name addresses that many readers have: localhost:5000, registry.example.com. Each run of a page gets ports of its own for
 * them, so that pages can run side by side, and its commands and their output are translated.
 */
import { freePort } from "../free-port.ts";
import type { Page } from "./blocks.ts";

/** An address of this machine, or of its network for containers, with a port that a page chose. */
const ADDRESS = /\b(?:localhost|127\.0\.0\.1|172\.17\.0\.1):\d{4,5}\b/g;

/** Where pages have their registry. */
export const SERVER = "localhost:5000";

/** The server that pages about more than one machine speak of. */
const ELSEWHERE: readonly (readonly [string, string])[] = [["registry.example.com", SERVER]];

export class Names {
  /** Port of the page to port of this machine. */
  readonly #ports: ReadonlyMap<string, string>;
  readonly #aliases: readonly (readonly [RegExp, string])[];

  private constructor(ports: ReadonlyMap<string, string>, aliases: readonly (readonly [RegExp, string])[]) {
    this.#ports = ports;
    this.#aliases = aliases;
  }

  /** Gives every address in a page's commands a port that was free a moment ago. */
  static async for(text: string, aliases: Page["aliases"]): Promise<Names> {
    const all = [...ELSEWHERE, ...aliases];
    const addresses = [SERVER, ...all.map(([, address]) => address), ...(text.match(ADDRESS) ?? [])];
    const ports = new Map<string, string>();
    for (const port of new Set(addresses.map(portOf))) ports.set(port, String(await freePort()));
    return new Names(
      ports,
      all.map(([name, address]) => [nameAlone(name), address]),
    );
  }

  /** The same, where `address` of the page is at `HOST:PORT` of this machine. */
  with(address: string, real: string): Names {
    return new Names(new Map(this.#ports).set(portOf(address), portOf(real)), this.#aliases);
  }

  /** `HOST:PORT` of every server that a page may have. */
  get servers(): readonly string[] {
    return [...this.#ports.values()].map((port) => `localhost:${port}`);
  }

  toMachine(text: string): string {
    let local = text;
    for (const [name, address] of this.#aliases) {
      local = local.replaceAll(name, (found) => `${found.startsWith("https:") ? "http://" : ""}${address}`);
    }
    return local.replaceAll(ADDRESS, (address) => {
      const host = address.startsWith("172.") ? "127.0.0.1" : address.split(":")[0];
      return `${host}:${this.#ports.get(portOf(address)) ?? portOf(address)}`;
    });
  }

  /** What a command printed, in the page's words. */
  toPage(text: string): string {
    let page = text;
    for (const [shown, real] of this.#ports) page = page.replaceAll(`:${real}`, `:${shown}`);
    return page;
  }

  /** What a page shows, as `toPage` would have it: names of other servers have become addresses of this machine. */
  canonical(line: string): string {
    return this.toPage(this.toMachine(line));
  }
}

/** gcr.io, and neither eu.gcr.io nor gcr.io.example. */
function nameAlone(name: string): RegExp {
  return new RegExp(`(?:https://)?(?<![\\w.-])${RegExp.escape(name)}(?![\\w-]|\\.\\w|:\\d)`, "g");
}

function portOf(address: string): string {
  return address.slice(address.lastIndexOf(":") + 1);
}
