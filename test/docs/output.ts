/** Whether a command printed what its page shows. */

/** A line of this stands for any number of lines; `…` within a line for any text. */
const ANY_LINES: readonly string[] = ["…", "..."];

/** Undefined where it does, else both, one above the other. */
export function difference(shown: readonly string[], printed: string): string | undefined {
  if (patternOf(shown).test(normalized(printed))) return undefined;
  return `the page shows\n${indented(shown.join("\n"))}\nand it prints\n${indented(printed)}`;
}

/** Whether it printed all of it so far, of a program that will print more. */
export function hasPrinted(shown: readonly string[], printed: string): boolean {
  return new RegExp(patternOf(shown).source.slice(0, -1), "s").test(normalized(printed));
}

function patternOf(shown: readonly string[]): RegExp {
  const lines = shown.map((line) => {
    if (ANY_LINES.includes(line.trim())) return "(?:[^\\n]*\\n)*?";
    const parts = line.trimEnd().split("…").map(RegExp.escape);
    return `${parts.join("[^\\n]*?")}\\n`;
  });
  return new RegExp(`^${lines.join("")}$`, "s");
}

/** Trailing space and a last empty line are nobody's business. */
function normalized(text: string): string {
  const lines = text.replaceAll("\r", "").trimEnd().split("\n");
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

function indented(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, "    ");
}
