import { UsageError } from "../command.ts";

/** Reads `--limit`: how many items are shown; all without it. */
export function parseLimit(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`--limit cannot be ${JSON.stringify(text)}`, "a whole number from 1 on");
}
