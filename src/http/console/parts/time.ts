import { html } from "hono/html";
import type { Html } from "../page.ts";

const second = 1000;
const steps: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, milliseconds: number])[] = [
  ["year", 365 * 86_400 * second],
  ["month", 30 * 86_400 * second],
  ["day", 86_400 * second],
  ["hour", 3600 * second],
  ["minute", 60 * second],
];
const words = new Intl.RelativeTimeFormat("en", { numeric: "always" });

/** `3 days ago`, with the exact time for machines, and for whoever points at it. Milliseconds. */
export function timeAgo(at: number, now: number): Html {
  const iso = isoTime(at);
  return html`<time datetime="${iso}" title="${iso}">${agoText(at, now)}</time>`;
}

/** `in 2 hours`, `3 days ago`, `just now` */
export function agoText(at: number, now: number): string {
  const difference = at - now;
  for (const [unit, milliseconds] of steps) {
    if (Math.abs(difference) >= milliseconds) return words.format(Math.trunc(difference / milliseconds), unit);
  }
  return difference > 0 ? "in a moment" : "just now";
}

/** `2026-11-24 21:42:03 UTC` is for people, this is for machines; an image may claim any year. */
function isoTime(at: number): string {
  return Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : "";
}
