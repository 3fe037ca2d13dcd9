// Which program am I? Called as docker-credential-* it is Docker's credential helper, as waybill-kubelet or waybill-bazel
// another program's, else the waybill command. A compiled executable finds the name of its link in argv0; from source the
// name comes as the first argument.
import { programOf, runHelper } from "./helper/run.ts";
import { standardOutput } from "./helper/standard-output.ts";
import { processContext } from "./sources/context.ts";

/** Names that stand for a command. */
const commands: Readonly<Record<string, string>> = {
  "waybill-kubelet": "kubelet-credential-provider",
  "waybill-bazel": "bazel-credential-helper",
};

const linkName = calledName(process.argv0);
const called = linkName ?? calledName(process.argv[2] ?? "");
const argv = process.argv.slice(!linkName && called ? 3 : 2);
const command = called && commands[programOf(called).toLowerCase()];

if (!called) process.exitCode = await cli(argv);
else process.exitCode = await (command === undefined ? helper(called, argv) : cli([command, ...argv]));

/** The path or name that another program calls us by; undefined when that is not one of ours. */
function calledName(text: string): string | undefined {
  const program = programOf(text).toLowerCase();
  const isHelper = program.startsWith("docker-credential-") && program !== "docker-credential-";
  return isHelper || Object.hasOwn(commands, program) ? text : undefined;
}

async function cli(argv: string[]): Promise<number> {
  const { runCli } = await import("./cli/run.ts");
  return await runCli(argv, processContext());
}

async function helper(invokedAs: string, argv: string[]): Promise<number> {
  const output = standardOutput();
  const context = { ...processContext(), stdout: output.write };
  const exitCode = await runHelper(invokedAs, argv, context, cli);
  try {
    await output.written();
    return exitCode;
  } catch (error) {
    context.stderr(`waybill: error: ${(error as Error).message}\n`);
    return 1;
  }
}
