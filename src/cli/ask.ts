import type { Context } from "../sources/context.ts";
import { Failure } from "../sources/failure.ts";

/** Asks somebody at the terminal; Enter alone means yes. Where nobody sits the answer is yes. */
export async function confirm(question: string, context: Context): Promise<void> {
  if (!context.isInteractive()) return;
  context.stderr(`${question} (Y/n) `);
  if (!/^(?:y|yes|)\s*\n$/i.test(await readLine(context))) throw new Failure("nothing was changed");
}

async function readLine(context: Context): Promise<string> {
  const decoder = new TextDecoder();
  let line = "";
  for await (const chunk of context.stdin()) {
    line += decoder.decode(chunk, { stream: true });
    if (line.includes("\n")) return line.slice(0, line.indexOf("\n") + 1);
  }
  return line; // Without its end: somebody closed the terminal, which is no consent.
}
