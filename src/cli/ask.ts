import type { Context } from "../sources/context.ts";
import { Failure } from "../sources/failure.ts";

/** Asks somebody at the terminal; Enter alone means yes. Where nobody sits the answer is yes. */
export async function confirm(question: string, context: Context): Promise<void> {
  if (!context.isInteractive()) return;
  const answer = await ask(`${question} (Y/n) `, context);
  if (answer !== "" && answer !== "y" && answer !== "yes") throw new Failure("nothing was changed");
}

/** What somebody at the terminal types, in lower case; undefined when nobody does. Standard input can be asked only once. */
export async function ask(question: string, context: Context): Promise<string | undefined> {
  context.stderr(question);
  const line = await readLine(context);
  // Without its end: somebody closed the terminal, which is no consent.
  return line.endsWith("\n") ? line.trim().toLowerCase() : undefined;
}

async function readLine(context: Context): Promise<string> {
  const decoder = new TextDecoder();
  let line = "";
  for await (const chunk of context.stdin()) {
    line += decoder.decode(chunk, { stream: true });
    if (line.includes("\n")) return line.slice(0, line.indexOf("\n") + 1);
  }
  return line;
}
