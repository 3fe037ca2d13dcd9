/** Runs a page of the documentation as a reader would who types every command of it, in a home of their own. */
import { join } from "node:path";
import type { Block, Command, CommandBlock, Page } from "./blocks.ts";
import { difference, hasPrinted } from "./output.ts";
import { lackOf } from "./programs.ts";
import type { Shell } from "./shell.ts";

/** Throws an Error with the place and the reason of the first command that does not do what the page says. */
export async function runPage({ blocks }: Pick<Page, "blocks">, shell: Shell): Promise<void> {
  for (const block of blocks) await runBlock(block, shell);
}

/** The blocks that this machine, or any, does not run. */
export function isRun(block: Block): boolean {
  return block.kind === "file" || (block.skip === undefined && lackOf(block) === undefined);
}

async function runBlock(block: Block, shell: Shell): Promise<void> {
  if (!isRun(block)) return;
  if (block.kind === "file") {
    await Bun.write(join(shell.folder, block.name), shell.names.toMachine(block.text));
    return;
  }
  for (const [index, command] of block.commands.entries()) {
    const stays = block.stays && index === block.commands.length - 1;
    await (stays ? startCommand(command, shell) : runCommand(command, shell)).catch((error: Error) => {
      throw new Error(`${command.place}: $ ${command.text}\n${error.message}`);
    });
  }
}

async function runCommand({ text, output, exitCode }: Command, shell: Shell): Promise<void> {
  const printed = await shell.run(text);
  if (printed.exitCode !== exitCode) {
    throw new Error(`exit ${printed.exitCode}, and the page says ${exitCode}\n${printed.text}`);
  }
  const unlike = output && difference(shownBy(output, shell), printed.text);
  if (unlike) throw new Error(unlike);
}

async function startCommand({ text, output = [] }: Command, shell: Shell): Promise<void> {
  const shown = shownBy(output, shell);
  await shell.start(text, (printed) => hasPrinted(shown, printed));
}

function shownBy(output: readonly string[], { names }: Shell): string[] {
  return output.map((line) => names.canonical(line));
}

export function commandBlocks({ blocks }: Pick<Page, "blocks">): CommandBlock[] {
  return blocks.filter((block) => block.kind === "commands");
}
