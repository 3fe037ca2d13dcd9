/** The harness fails when a page does not tell the truth. Each case is a page with one thing wrong with it, or the same page right. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { type Block, parsePage } from "./blocks.ts";
import { type Machine, prepareMachine, visit } from "./page-world.ts";
import { programsOf } from "./programs.ts";

let machine: Machine;
beforeAll(async () => {
  machine = await prepareMachine([]);
}, 60_000);
afterAll(() => machine[Symbol.asyncDispose]());

/** A page that begins with nothing: these cases are about the harness and need no registry. */
const page = (...lines: string[]) => parsePage("page.md", ["<!-- before: nothing -->", ...lines].join("\n"));
const console_ = (...lines: string[]) => page("```console", ...lines, "```");

const right: readonly [string, string[]][] = [
  ["a command whose output is shown", ["$ echo one; echo two", "one", "two"]],
  ["a command whose output is not shown", ["$ echo one"]],
  ["text that varies", ["$ echo id-42 is made", "id-… is made"]],
  ["lines that vary", ["$ printf '1\\n2\\n3\\n'", "1", "...", "3"]],
  ["no line where lines vary", ["$ printf '1\\n3\\n'", "1", "...", "3"]],
  ["what goes to standard error", ["$ echo talk >&2", "talk"]],
  ["a command of two lines", ["$ echo one \\", "    two", "one two"]],
  ["a pipe that goes on", ["$ echo one |", "    tr o u", "une"]],
  ["a loop with the shell's second prompt", ["$ for n in 1 2; do", ">   echo $n", "> done", "1", "2"]],
  ["a variable of the command before", ["$ export NAME=ada", '$ echo "$NAME"', "ada"]],
  ["the folder of the command before", ["$ mkdir sub && cd sub", "$ pwd", "…/sub"]],
  ["a comment behind a command", ["$ echo one   # says it", "one"]],
  ["our own program", ["$ waybill version", "waybill …"]],
];

const wrong: readonly [string, string[], RegExp][] = [
  ["a command that fails", ["$ true", "$ false"], /page\.md:4: \$ false\nexit 1, and the page says 0/],
  ["a command that does not exist", ["$ no-such-program"], /exit 127/],
  ["a subcommand that was renamed", ["$ waybill projects make my-project"], /exit 2/],
  ["another output", ["$ echo one", "two"], /the page shows\n {4}two\nand it prints\n {4}one/],
  ["more output than is shown", ["$ printf '1\\n2\\n'", "1"], /and it prints/],
  ["less output than is shown", ["$ echo 1", "1", "2"], /and it prints/],
  ["a pattern's characters, which are characters", ["$ echo axb", "a.b"], /and it prints/],
  ["the first command of a pipe that fails", ["$ false | cat"], /exit 1/],
];

describe("a page passes with", () => {
  for (const [name, lines] of right) test.concurrent(name, () => visit(console_(...lines), machine), 60_000);
});

describe("a page fails for", () => {
  for (const [name, lines, reason] of wrong) {
    test.concurrent(name, () => expect(visit(console_(...lines), machine)).rejects.toThrow(reason), 60_000);
  }
});

test("a command that ends otherwise than its block says fails the page, also when it succeeds", async () => {
  await visit(page("```console exit=1", "$ echo no; false", "no", "```"), machine);
  const succeeds = page("```console exit=1", "$ true", "```");
  expect(visit(succeeds, machine)).rejects.toThrow("exit 0, and the page says 1");
});

test("a script stops at its first failure", () => {
  expect(visit(page("```sh", "false", "true", "```"), machine)).rejects.toThrow("exit 1");
});

test("a hidden block runs, a block of another language does not, and a block with a reason does not", async () => {
  await visit(
    page(
      "<!-- console",
      "$ echo made > hidden",
      "-->",
      "```yaml",
      "$ false",
      "```",
      '```console skip="there is no cloud"',
      "$ false",
      "```",
      "```console",
      "$ cat hidden",
      "made",
      "```",
    ),
    machine,
  );
});

test("a file of the page lies beside its commands", () =>
  visit(page("```yaml file=rules.yaml", "a: 1", "```", "```console", "$ cat rules.yaml", "a: 1", "```"), machine));

test("a command that stays must say what is shown, goes on, and ends with the page", async () => {
  const marker = `/tmp/waybill-docs-${process.pid}`;
  const stays = (shown: string) =>
    page(
      "```console stays",
      `$ trap 'rm ${marker}' TERM; touch ${marker}; echo ready; sleep 600 & wait`,
      shown,
      "```",
      "```console",
      `$ test -e ${marker}`,
      "```",
    );
  await visit(stays("ready"), machine);
  expect(existsSync(marker)).toBe(false);
  const ends = page("```console stays", "$ echo something else", "ready", "```");
  expect(visit(ends, machine)).rejects.toThrow("ended with 0");
});

test("a page has the registry that it begins with, under the page's own names", async () => {
  const text = [
    "<!-- before: a new registry -->",
    "```console",
    "$ waybill auth activate-service-account --key-file=owner.json",
    "Activated owner@… for localhost:5000, 127.0.0.1:5000, to pull.",
    "...",
    "$ waybill projects list --server=https://registry.example.com --format=json",
    "[",
    "...",
    "]",
    "```",
  ];
  await visit(parsePage("page.md", text.join("\n")), machine);
}, 60_000);

test.each([
  ["a word that means nothing", "```console quiet\n$ true\n```", /what does quiet mean/],
  ["a reason of one word", '```console skip="no"\n$ true\n```', /what does skip="no" mean/],
  ["output before any command", "```console\nout\n```", /a command begins with/],
  ["no command", "```console\n```", /without a command/],
  ["no end", "```console\n$ true", /has no end/],
  ["a beginning that nobody knows", "<!-- before: breakfast -->", /a page begins with one of/],
])("a page is refused for %s", (_, text, reason) => {
  expect(() => parsePage("page.md", text)).toThrow(reason);
});

test("which clients a block needs is read from its commands, launched ones included", () => {
  const needs = (text: string) => programsOf(commandsOf(page("```console", `$ ${text}`, "```").blocks));
  expect(needs("echo docker")).toEqual([]);
  expect(needs("docker push localhost:5000/a/b")).toEqual(["docker"]);
  expect(needs("waybill auth print-access-token | podman login")).toEqual(["podman"]);
  expect(needs("TOKEN=$(gcloud auth print-access-token)")).toEqual(["gcloud"]);
  expect(needs("waybill docker -- push x")).toEqual(["docker"]);
  expect(needs("A=1 skopeo copy a b && crane ls c")).toEqual(["skopeo", "crane"]);
});

function commandsOf([block]: readonly Block[]) {
  if (block?.kind !== "commands") throw new Error("no commands");
  return block;
}
