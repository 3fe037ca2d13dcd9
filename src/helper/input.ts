import { type Context, readBounded } from "../sources/context.ts";
import { Failure } from "../sources/failure.ts";

/** The protocol names no limit; helpers of its own library stop at lines of this, and a registry's name has 255 characters. */
const lineBytesMax = 65_535;
/** Sixteen of the longest lines: nobody writes one. */
const inputBytesMax = 16 * lineBytesMax;

/** Texts that every caller of a helper compares with, byte for byte. Only the first means "go on without credentials". */
export const notFound = "credentials not found in native keychain";
export const noServer = "no credentials server URL";
export const noUsername = "no credentials username";

/** The lines of an action's input, joined without a mark, as everywhere; a line that is too long is refused as everywhere. */
export async function readLines(
  context: Context,
  tooLong = `a line of the input has more than ${lineBytesMax} bytes`,
): Promise<string> {
  const text = await readBounded(context.stdin(), inputBytesMax);
  const lines = text?.split("\n");
  if (lines === undefined || lines.some((line) => Buffer.byteLength(line) > lineBytesMax)) throw new Failure(tooLong);
  return lines.map((line) => line.replace(/\r$/, "")).join("");
}

/** Reads the server that `get` and `erase` name; undefined when they name none. */
export async function readServerUrl(context: Context): Promise<string | undefined> {
  return trimSpace(await readLines(context)) || undefined;
}

/** Takes the white space off both ends of a text. */
export function trimSpace(text: string): string {
  return text.replace(/^[\s\u0085]+|[\s\u0085]+$/g, "");
}
