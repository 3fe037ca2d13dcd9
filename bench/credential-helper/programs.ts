/** Programs whose start is timed, each as docker calls it: the host on standard input, the answer awaited. */
import type { Contender } from "../measure.ts";

/** How a program is run: a sandbox's folder and environment. */
export interface Place {
  readonly folder: string;
  readonly env: Record<string, string>;
}

const C_PROGRAM = `#include <stdio.h>
int main(void) {
  char line[256];
  if (!fgets(line, sizeof line, stdin)) return 1;
  printf("{\\"ServerURL\\":\\"%s\\",\\"Username\\":\\"u\\",\\"Secret\\":\\"s\\"}\\n", line);
  return 0;
}
`;

// What the system says of our own children includes our own memory at their birth; of a small program's it does not.
const METER = `#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv) {
  struct rusage usage;
  int status;
  pid_t child = fork();
  if (child == 0) { execv(argv[1], argv + 1); _exit(127); }
  wait4(child, &status, 0, &usage);
  fprintf(stderr, "resident %ld\\n", usage.ru_maxrss);
  return WEXITSTATUS(status);
}
`;

/** A contender that runs a command once per sample, for each of `hosts` in turn, after `prepare`, which is not timed. */
export function program(
  name: string,
  command: readonly string[],
  { env, folder }: Place,
  hosts: readonly string[],
  { prepare = () => {}, roundsMax, meter }: ProgramOptions = {},
): Contender {
  const inputs = hosts.map((host) => Buffer.from(host));
  return {
    name,
    ...(roundsMax !== undefined && { roundsMax }),
    async sample() {
      prepare();
      const started = performance.now();
      const runs = inputs.map((stdin) => Bun.spawnSync([...command], { cwd: folder, env, stdin }));
      const elapsed = performance.now() - started;
      for (const { exitCode, stdout, stderr } of runs)
        if (exitCode !== 0 || !stdout.includes("Secret")) throw new Error(`${name}: ${exitCode}: ${stdout}${stderr}`);
      return elapsed;
    },
    ...(meter !== undefined && {
      facts: () => ({ residentMebibytes: residentMebibytes(meter, command, { env, folder }, inputs[0]) }),
    }),
  };
}

export interface ProgramOptions {
  readonly prepare?: () => void;
  readonly roundsMax?: number;
  /** The program that tells another one's memory. */
  readonly meter?: string | undefined;
}

/** The most memory that any of a few runs held at a time. */
function residentMebibytes(meter: string, command: readonly string[], { env, folder }: Place, stdin?: Buffer): number {
  const runs = Array.from({ length: 9 }, () => Bun.spawnSync([meter, ...command], { cwd: folder, env, stdin }));
  const kibibytes = runs.map(({ stderr }) => Number(/resident (\d+)/.exec(stderr.toString())?.[1]));
  return Math.round(Math.max(...kibibytes) / 102.4) / 10;
}

/** What nothing that answers docker can beat: reads its input and prints a line. */
export function compileTrivialProgram(place: Place): Promise<string | undefined> {
  return compile("trivial", C_PROGRAM, place);
}

/** The least that a program of this runtime takes, built as ours is: it reads nothing and prints a line. */
export async function compileEmptyProgram({ folder }: Place): Promise<string> {
  const [source, path] = [`${folder}/empty.ts`, `${folder}/empty`];
  await Bun.write(source, 'console.write("Secret\\n");\n');
  const flags = ["--compile", "--minify", "--bytecode", "--format=esm"];
  const off = ["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"];
  const built = Bun.spawnSync([process.execPath, "build", source, ...flags, ...off, "--outfile", path]);
  if (!built.success) throw new Error(built.stderr.toString());
  return path;
}

/** A program that runs another one and tells on standard error how much memory it took. */
export function compileMeter(place: Place): Promise<string | undefined> {
  return compile("meter", METER, place);
}

async function compile(name: string, source: string, { folder }: Place): Promise<string | undefined> {
  const compiler = ["gcc", "cc", "tcc"].find((each) => Bun.which(each));
  if (!compiler) return skipped("a C compiler (gcc, cc or tcc)");
  const path = `${folder}/${name}`;
  await Bun.write(`${path}.c`, source);
  const built = Bun.spawnSync([compiler, "-O2", "-o", path, `${path}.c`]);
  if (!built.success) throw new Error(built.stderr.toString());
  return path;
}

/** A helper of others, where this machine has it. */
export function findHelper(name: string): string | undefined {
  return Bun.which(name) ?? skipped(name);
}

function skipped(need: string): undefined {
  console.error(`skipped: needs ${need}`);
}
