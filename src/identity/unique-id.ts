import { randomInt } from "node:crypto";

/** 21 digits that no account or user had before, in the shape of Google's `uniqueId`. */
export function newUniqueId(): string {
  return `1${digits(20)}`;
}

/** 12 digits that no project had before, in the shape of Google's project number. */
export function newProjectNumber(): string {
  return `${randomInt(1, 10)}${digits(11)}`;
}

function digits(count: number): string {
  return Array.from({ length: count }, () => randomInt(10)).join("");
}
