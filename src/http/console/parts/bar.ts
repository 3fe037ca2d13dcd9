import { html } from "hono/html";
import type { Html } from "../page.ts";

/** A bar that is filled to a fraction. The number stands beside it in words. */
export function bar(fraction: number): Html {
  const width = `${(Math.max(0, Math.min(fraction, 1)) * 100).toFixed(2)}%`;
  return html`<svg class="bar" aria-hidden="true"><rect class="track" width="100%" height="100%"/><rect class="fill" width="${width}" height="100%" rx="4"/></svg>`;
}

/** A bar of several parts, each as wide as its share. */
export function stackedBar(sizes: readonly number[]): Html {
  const total = sizes.reduce((sum, size) => sum + size, 0) || 1;
  let start = 0;
  const part = (size: number) => {
    const [x, width] = [start, (size / total) * 100];
    start += width;
    return html`<rect class="part" x="${x.toFixed(3)}%" width="${width.toFixed(3)}%" height="100%"/>`;
  };
  return html`<svg class="bar" aria-hidden="true">${sizes.map(part)}</svg>`;
}
