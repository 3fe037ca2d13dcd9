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

/** A contender that runs a command once per sample, for each of `hosts` in turn, after `prepare`, which is not timed. */
export function program(
  name: string,
  command: readonly string[],
  { env, folder }: Place,
  hosts: readonly string[],
  { prepare = () => {}, roundsMax }: { prepare?: () => void; roundsMax?: number } = {},
): Contender {
  const inputs = hosts.map((host) => Buffer.from(host));
  let residentMax = 0;
  return {
    name,
    ...(roundsMax !== undefined && { roundsMax }),
    async sample() {
      prepare();
      const started = performance.now();
      const runs = inputs.map((stdin) => Bun.spawnSync([...command], { cwd: folder, env, stdin }));
      const elapsed = performance.now() - started;
      for (const { exitCode, stdout, stderr, resourceUsage } of runs) {
        if (exitCode !== 0 || !stdout.includes("Secret")) throw new Error(`${name}: ${exitCode}: ${stdout}${stderr}`);
        residentMax = Math.max(residentMax, resourceUsage.maxRSS);
      }
      return elapsed;
    },
    facts: () => ({ residentMebibytes: Math.round(residentMax / 1024 / 102.4) / 10 }),
  };
}

/** What nothing that answers docker can beat: reads its input and prints a line. */
export async function compileTrivialProgram(place: Place): Promise<string | undefined> {
  const compiler = ["gcc", "cc", "tcc"].find((name) => Bun.which(name));
  if (!compiler) return skipped("a C compiler (gcc, cc or tcc)");
  const [source, path] = [`${place.folder}/trivial.c`, `${place.folder}/trivial`];
  await Bun.write(source, C_PROGRAM);
  const built = Bun.spawnSync([compiler, "-O2", "-o", path, source]);
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
