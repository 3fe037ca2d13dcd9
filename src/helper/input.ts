import { type Context, readBounded } from "../sources/context.ts";
import { Failure } from "../sources/failure.ts";

/** The protocol names no limit; helpers of its own library stop at this, and a registry's name has 255 characters. */
const inputBytesMax = 64 * 1024;

/** Texts that every caller of a helper compares with, byte for byte. Only the first means "go on without credentials". */
export const notFound = "credentials not found in native keychain";
export const noServer = "no credentials server URL";
export const noUsername = "no credentials username";

/** Reads an action's input. */
export async function readInput(context: Context): Promise<string> {
  const text = await readBounded(context.stdin(), inputBytesMax);
  if (text === undefined) throw new Failure(`the input has more than ${inputBytesMax} bytes`);
  return text;
}

/** Reads the server that `get` and `erase` name; undefined when they name none. Lines are joined, as everywhere. */
export async function readServerUrl(context: Context): Promise<string | undefined> {
  return (await readInput(context)).replaceAll(/\r?\n/g, "").trim() || undefined;
}
