import type { Context } from "../../sources/context.ts";
import { trimSpace } from "../input.ts";
import { removeGcrConfig, supportedSources, writeTokenSources } from "./config-file.ts";
import { parseGoCsv } from "./go-csv.ts";
import type { ParsedFlags } from "./go-flags.ts";

/** `config`: sets where tokens come from, or forgets what was set. Without a flag it does nothing. */
export async function configure({ texts, switches }: ParsedFlags, context: Context): Promise<number> {
  const sources = texts["token-source"];
  if (switches["unset-all"] === true)
    return await report("unset-all", "Success: Config reset.", context, () => removeGcrConfig(context.env));
  if (sources === undefined) return 0;
  return await report("token-source", "Success: Token source(s) set.", context, () =>
    writeTokenSources(context.env, parseSources(sources)),
  );
}

function parseSources(text: string): string[] {
  const sources = parseGoCsv(text).map(trimSpace);
  const unknown = sources.find((source) => !(supportedSources as readonly string[]).includes(source));
  if (unknown !== undefined) throw new Error(`Unsupported token source: ${unknown}`);
  return sources;
}

async function report(flag: string, success: string, context: Context, work: () => Promise<void>): Promise<number> {
  try {
    await work();
    context.stdout(`${success}\n`);
    return 0;
  } catch (error) {
    context.stderr(`Failure: ${flag}: ${(error as Error).message}\n`);
    return 1;
  }
}
