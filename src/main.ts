// Which program am I? Called as docker-credential-* it is Docker's credential helper, as waybill-kubelet or waybill-bazel
// another program's, else the waybill command. A compiled executable finds the name of its link in argv0; from source the
// name comes as the first argument.
import { runHelper } from "./helper/run.ts";
import { standardInput } from "./helper/standard-input.ts";
import { processContext } from "./sources/context.ts";

const programName = /(?:^|[/\\])(docker-credential-[^/\\]+?|waybill-kubelet|waybill-bazel)(?:\.exe)?$/i;

/** Names that stand for a command. */
const commands: Readonly<Record<string, string>> = {
  "waybill-kubelet": "kubelet-credential-provider",
  "waybill-bazel": "bazel-credential-helper",
};

const [linkName, firstArgument] = [process.argv0, process.argv[2] ?? ""].map((text) => programName.exec(text));
const called = linkName ?? firstArgument;
const argv = process.argv.slice(!linkName && firstArgument ? 3 : 2);
const command = commands[called?.[1]?.toLowerCase() ?? ""];

if (!called) process.exitCode = await cli(argv);
else process.exitCode = await (command === undefined ? helper(called.input, argv) : cli([command, ...argv]));

async function cli(argv: string[]): Promise<number> {
  const { runCli } = await import("./cli/run.ts");
  return await runCli(argv, processContext());
}

async function helper(invokedAs: string, argv: string[]): Promise<number> {
  return await runHelper(invokedAs, argv, { ...processContext(), stdin: standardInput }, cli);
}
