import { type Invocation, UsageError } from "../command.ts";
import { bashCompletion } from "./bash.ts";
import { fishCompletion } from "./fish.ts";
import { type Outline, outlineOf } from "./outline.ts";
import { zshCompletion } from "./zsh.ts";

const shells: Readonly<Record<string, (outline: readonly Outline[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** `waybill completion` */
export async function run({ positionals: [shell = ""], context }: Invocation): Promise<number> {
  const write = Object.hasOwn(shells, shell) ? shells[shell] : undefined;
  if (!write) throw new UsageError(`no completion for ${JSON.stringify(shell)}`, "one of: bash, zsh, fish");
  // The table of commands has this one in it.
  const { root } = await import("../commands.ts");
  context.stdout(write(await outlineOf(root)));
  return 0;
}
