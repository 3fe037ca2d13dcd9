import type { Context } from "../sources/context.ts";

/** Runs `docker-credential-… ARGV` and returns its exit code. */
export async function runHelper(
  _program: string,
  _argv: readonly string[],
  context: Context,
  _cli: (argv: string[]) => Promise<number>,
): Promise<number> {
  context.stdout("credentials not found in native keychain\n");
  return 1;
}
