import type { Link } from "./chain.ts";

const marks: Readonly<Record<Link["status"], string>> = { ok: "✓", warning: "!", broken: "✗", skipped: "-" };

/** The chain for a person: a link a line, and under a broken one what mends it. */
export function formatReport(subject: string, links: readonly Link[]): string {
  const width = Math.max(...links.map(({ name }) => name.length));
  const lines = links.flatMap(({ name, status, found, mend }) => [
    `  ${marks[status]} ${name.padEnd(width)}  ${found}`,
    ...(mend === undefined ? [] : [`    ${" ".repeat(width)}  → ${mend}`]),
  ]);
  return `${subject}\n\n${lines.join("\n")}\n\n${summary(links)}\n`;
}

/** The same as data; nothing in it is a secret. */
export function reportData(subject: string, links: readonly Link[]): object {
  return {
    image: subject,
    healthy: links.every(({ status }) => status !== "broken"),
    links: links.map(({ fix, ...link }) => ({ ...link, ...(fix && { fix: fix.what }) })),
  };
}

function summary(links: readonly Link[]): string {
  const broken = links.filter(({ status }) => status === "broken").length;
  const warnings = links.filter(({ status }) => status === "warning").length;
  const fixable = links.filter(({ fix }) => fix !== undefined).length;
  const state =
    broken === 0 ? "All is well" : `${broken} of ${links.length} links ${broken === 1 ? "is" : "are"} broken`;
  const more =
    warnings === 0 ? "" : `${broken === 0 ? ", with" : ","} ${warnings} ${warnings === 1 ? "warning" : "warnings"}`;
  return `${state}${more}.${fixable === 0 ? "" : ` waybill doctor --fix mends ${fixable}.`}`;
}
