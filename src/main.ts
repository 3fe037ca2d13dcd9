// Which program am I? Called as docker-credential-* it is Docker's credential helper, else the waybill command. A
// compiled executable finds the name of its link in argv0; from source the name comes as the first argument.
import { processContext } from "./sources/context.ts";

const helperName = /(?:^|[/\\])(docker-credential-[^/\\]+?)(?:\.exe)?$/i;

const [linkName, firstArgument] = [process.argv0, process.argv[2] ?? ""].map((text) => helperName.exec(text)?.[1]);
const program = linkName ?? firstArgument;
const argv = process.argv.slice(linkName === undefined && firstArgument !== undefined ? 3 : 2);

process.exitCode = program === undefined ? await cli(argv) : await helper(program, argv);

async function cli(argv: string[]): Promise<number> {
  const { runCli } = await import("./cli/run.ts");
  return await runCli(argv, processContext());
}

async function helper(program: string, argv: string[]): Promise<number> {
  const { runHelper } = await import("./helper/run.ts");
  return await runHelper(program, argv, processContext(), cli);
}
