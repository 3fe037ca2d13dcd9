import { readOptions } from "../src/cli/option-help.ts";

/** Where a page belongs. */
export interface PageFrame {
  /** `waybill 0.1.0` */
  readonly version: string;
  /** `2026-11-25` */
  readonly date: string;
}

/** The sections whose lines are kept as they are. */
const literal: readonly string[] = ["EXAMPLES", "FILES", "EXIT CODES", "SYNOPSIS", "COMMANDS"];

/**
 * A manual page in man(7) of a help text, which is laid out like one already: headings at the left, bodies four spaces in.
 *
 * @param name of the page, without its section: `waybill-auth-login`
 * @param seeAlso names of other pages in section 1
 */
export function manPage(name: string, help: string, seeAlso: readonly string[], { version, date }: PageFrame): string {
  const sections = help.split(/^(?=\S)/m).map((text) => {
    const [heading = "", ...lines] = text.trimEnd().split("\n");
    return section(heading, lines, text);
  });
  const also = seeAlso.map((page) => `.BR ${roff(page)} (1)`).join(" ,\n");
  return [
    `.TH ${name.toUpperCase().replaceAll("-", "\\-")} 1 ${date} "${version}" "Waybill"`,
    ...sections,
    ...(also === "" ? [] : [`.SH "SEE ALSO"\n${also}`]),
    "",
  ].join("\n");
}

function section(heading: string, lines: readonly string[], text: string): string {
  const title = `.SH ${/\s/.test(heading) ? `"${heading}"` : heading}`;
  const body = lines.map((line) => line.slice(4)).join("\n");
  if (heading === "NAME") {
    const [, name = "", summary = ""] = /^(.*?) - (.*)$/s.exec(body.trim()) ?? [];
    return `${title}\n${roff(name.replaceAll(" ", "-"))} \\- ${roff(summary)}`;
  }
  if (heading === "OPTIONS") return `${title}\n${optionsOf(text)}`;
  if (literal.includes(heading)) return `${title}\n${asItIs(body)}`;
  return `${title}\n${body.split("\n\n").map(paragraph).join("\n.PP\n")}`;
}

function optionsOf(text: string): string {
  return readOptions(text)
    .map(({ term, text: meaning }) => `.TP\n.B ${quoted(term)}\n${roff(meaning)}`)
    .join("\n");
}

/** A table or a list would lose its shape in a filled paragraph. */
function paragraph(text: string): string {
  return /^ | {2,}\S/m.test(text) ? asItIs(text) : text.split("\n").map(roff).join("\n");
}

function asItIs(text: string): string {
  return `.nf\n${text
    .split("\n")
    .map((line) => (line === "" ? ".sp" : roff(line)))
    .join("\n")}\n.fi`;
}

/** roff's own signs: a backslash anywhere, a dot or an apostrophe at the beginning, a hyphen that is to be copied. */
function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("`", "\\(ga")
    .replace(/^(?=[.'])/, "\\&");
}

function quoted(text: string): string {
  return `"${roff(text).replaceAll('"', "\\(dq")}"`;
}
