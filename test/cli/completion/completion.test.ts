import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "../../../src/cli/run.ts";
import { clientTest } from "../../clients/client-test.ts";
import { context } from "../context.ts";

// Other programs on a busy machine take their time.
setDefaultTimeout(60_000);

// Real shells are asked what they would offer.

const folder = mkdtempSync(join(tmpdir(), "waybill-completion-"));
const script = (shell: string) => join(folder, shell);
beforeAll(async () => {
  for (const shell of ["bash", "zsh", "fish"]) writeFileSync(script(shell), (await waybill(shell)).stdout);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function waybill(shell: string) {
  const { it, said } = context({ env: { HOME: "/nonexistent" } });
  const exitCode = await runCli(["completion", shell], it);
  return { exitCode, stdout: said.stdout, stderr: said.stderr };
}

/** What is typed, and some of what is offered for its last word; an empty list where nothing of ours may be. */
const rows: [typed: string, offered: string[], never: string[]][] = [
  ["waybill ser", ["serve", "server"], ["setup"]],
  ["waybill auth pri", ["print-access-token"], ["list"]],
  ["waybill auth ", ["login", "configure-docker"], ["serve"]],
  ["waybill container images list", ["list", "list-tags"], ["describe"]],
  ["waybill auth list --for", ["--format"], ["--push"]],
  ["waybill projects create --default", ["--default-accounts"], []],
  ["waybill serve --tls-", ["--tls-cert", "--tls-key"], ["--data"]],
  ["waybill auth list --format json --q", [], ["--push"]],
  ["waybill docker -- auth lo", [], ["login", "logout"]],
];

/** The words, without the ends that shells put behind flags that take a value. */
async function offered(command: string[]): Promise<{ words: string[]; stderr: string }> {
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe", stdin: "ignore", cwd: folder });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { words: stdout.split("\n").map((line) => (line.split("\t")[0] ?? "").replace(/=$/, "")), stderr };
}

/** Sets bash's variables for completion as bash does: it breaks words at `=`. */
function askBash(typed: string) {
  const program = `source "$1"; set -f
    compopt() { :; }
    COMP_WORDS=($(sed 's/=/ = /g' <<<"$2")); [[ $2 == *[\\ =] ]] && COMP_WORDS+=('')
    [[ $2 == *= ]] && unset 'COMP_WORDS[-1]'
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _waybill; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return offered(["bash", "--norc", "-c", program, "bash", script("bash"), typed]);
}

function askFish(typed: string) {
  return offered(["fish", "--no-config", "--command", `source ${script("fish")}; complete -C '${typed}'`]);
}

describe("waybill completion bash", () => {
  test.each(rows)("offers for %j", async (typed, wanted, never) => {
    const { words, stderr } = await askBash(typed);
    expect(stderr).toBe("");
    for (const word of wanted) expect(words).toContain(word);
    for (const word of never) expect(words).not.toContain(word);
  });

  test("offers the words that a flag takes, however it is spelled", async () => {
    for (const typed of ["waybill auth list --format=j", "waybill auth list --format j"])
      expect((await askBash(typed)).words.filter(Boolean)).toEqual(["json"]);
    expect((await askBash("waybill auth list --format=")).words.filter(Boolean).sort()).toEqual(["json", "table"]);
  });

  clientTest("completes what is typed on a terminal", [], async () => {
    expect(await typeInto("bash --norc -i", `source ${script("bash")}`)).toContain("waybill auth print-access-token");
  });
});

describe("waybill completion zsh", () => {
  clientTest("completes what is typed on a terminal", ["zsh"], async () => {
    const setUp = `autoload -Uz compinit; compinit -u -D; source ${script("zsh")}`;
    expect(await typeInto("zsh -f -i", setUp)).toContain("waybill auth print-access-token");
  });

  clientTest("completes the value of a flag, and a flag", ["zsh"], async () => {
    const setUp = `autoload -Uz compinit; compinit -u -D; source ${script("zsh")}`;
    const said = await typeInto("zsh -f -i", setUp, [
      ["waybill auth list --form\t", /at=/],
      ["j\t", /son/],
    ]);
    expect(said).toContain("waybill auth list --format=json");
  });
});

describe("waybill completion fish", () => {
  clientTest("offers what the definitions have", ["fish"], async () => {
    for (const [typed, wanted, never] of rows) {
      const { words, stderr } = await askFish(typed);
      expect({ typed, stderr }).toEqual({ typed, stderr: "" });
      for (const word of wanted) expect(words).toContain(word);
      for (const word of never) expect(words).not.toContain(word);
    }
    expect((await askFish("waybill auth list --format=j")).words).toContain("--format=json");
  });
});

test("waybill completion refuses other shells", async () => {
  const { exitCode, stderr } = await waybill("tcsh");
  expect(exitCode).toBe(2);
  expect(stderr).toContain("hint: one of: bash, zsh, fish");
});

const patienceMilliseconds = 45_000;
const oneWord = [["waybill auth print-acc\t", /ess-token/]] as const;

/**
 * Types a line into a shell on a pseudo-terminal, and then makes the shell print the line.
 *
 * @param steps what is typed, up to a tab, and what the shell adds to it; only then somebody goes on typing: a shell that is still
 *   looking for words may throw away what is typed meanwhile
 */
async function typeInto(
  shell: string,
  setUp: string,
  steps: readonly (readonly [string, RegExp])[] = oneWord,
): Promise<string> {
  // EDITOR, which npm sets to vi, would make zsh another keyboard.
  const child = Bun.spawn(
    [
      "script",
      "--quiet",
      "--command",
      `env -u EDITOR -u VISUAL HOME=${folder} TERM=dumb PS1='ready> ' ${shell}`,
      "/dev/null",
    ],
    {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
      cwd: folder,
    },
  );
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  // A shell that says nothing more is ended, so that what it said is told.
  const patience = setTimeout(() => child.kill("SIGKILL"), patienceMilliseconds);
  const until = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = pattern.exec(said);
      if (found) {
        said = said.slice(found.index + found[0].length);
        return found[0];
      }
      const { value, done } = await reader.read();
      if (done) throw new Error(`${shell} ended, awaited ${pattern} after ${JSON.stringify(said)}`);
      said += value;
    }
  };
  const type = (text: string) => {
    child.stdin.write(text);
    return child.stdin.flush();
  };
  // What is typed before the shell asks may be thrown away.
  await until(/ready> /);
  await type(`${setUp}\n`);
  await until(/\n[^\n]*ready> /);
  for (const [typed, added] of steps) {
    await type(typed);
    await until(added);
  }
  // Control-A is the beginning of the line: what stands there becomes the argument of echo.
  await type('\u0001echo "said: \u0005"\n');
  const printed = await until(/\nsaid: [^\n]*\n/);
  await type("exit\n");
  child.stdin.end();
  while (!(await reader.read()).done);
  await child.exited;
  clearTimeout(patience);
  return printed;
}
