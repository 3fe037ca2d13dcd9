import type { Context } from "../sources/context.ts";
import { Failure } from "../sources/failure.ts";

/** The protocol names no limit; helpers of its own library stop at lines of this, and a registry's name has 255 characters. */
const lineBytesMax = 65_535;
/** Sixteen of the longest lines: nobody writes one. */
const inputBytesMax = 16 * lineBytesMax;

/** What one unit of a string has at most; most lines are too short for their bytes to be counted. */
const utf8BytesMax = 3;

/** Texts that every caller of a helper compares with, byte for byte. Only the first means "go on without credentials". */
export const notFound = "credentials not found in native keychain";
export const noServer = "no credentials server URL";
export const noUsername = "no credentials username";

/** The lines of an action's input, joined without a mark, as everywhere; a line that is too long is refused as everywhere. */
export async function readLines(
  context: Context,
  tooLong = `a line of the input has more than ${lineBytesMax} bytes`,
): Promise<string> {
  const text = await context.readInput(inputBytesMax);
  if (text !== undefined && !text.includes("\n") && !isTooLong(text)) return withoutReturn(text);
  const lines = text?.split("\n");
  if (lines === undefined || lines.some(isTooLong)) throw new Failure(tooLong);
  return lines.map(withoutReturn).join("");
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

function isTooLong(line: string): boolean {
  return line.length * utf8BytesMax > lineBytesMax && Buffer.byteLength(line) > lineBytesMax;
}

/** Reads the server that `get` and `erase` name; undefined when they name none. */
export async function readServerUrl(context: Context): Promise<string | undefined> {
  return trimSpace(await readLines(context)) || undefined;
}

/** Takes the white space off both ends of a text, as Go sees it. No pattern: making one takes longer than all else here. */
export function trimSpace(text: string): string {
  let rest = text.trim();
  while (rest.startsWith(nextLine) || rest.endsWith(nextLine))
    rest = (rest.startsWith(nextLine) ? rest.slice(1) : rest.slice(0, -1)).trim();
  return rest;
}

/** The one white space that `trim` leaves. */
const nextLine = "\u0085";
