import { replaceFile } from "../../sources/replace-file.ts";
import { parseServer } from "../../sources/server.ts";
import { type Invocation, UsageError } from "../command.ts";
import { formatExchanges } from "./exchange-table.ts";
import { record } from "./record.ts";
import { type Replayed, replay } from "./replay.ts";
import { readTrace } from "./trace-file.ts";
import { type Way, wayFor } from "./way.ts";

type TraceInvocation = Invocation<"format" | "output" | "way" | "server", "bodies" | "writes">;

/** `waybill trace` */
export async function run(invocation: TraceInvocation): Promise<number> {
  const { argv, positionals } = invocation;
  const dashes = argv.indexOf("--");
  if (dashes < 0 && positionals[0] === "replay") return await runReplay(invocation);
  const command = dashes < 0 ? [] : argv.slice(dashes + 1);
  if (command.length === 0 || command.length !== positionals.length)
    throw new UsageError("the command stands after --", "waybill trace -- docker pull gcr.io/my-project/my-image");
  return await runRecord(invocation, command);
}

async function runRecord({ values, context }: TraceInvocation, command: string[]): Promise<number> {
  if (values.server !== undefined) throw new UsageError("--server is for replay");
  if (values.writes) throw new UsageError("--writes is for replay");
  const isJson = values.format === "json";
  const way = (values.way as Way | undefined) ?? wayFor(command);
  const options = { way, toStderr: isJson && values.output === undefined, keepsBodies: values.bodies === true };
  const { exitCode, trace } = await record(command, options, context);
  const json = `${JSON.stringify(trace, undefined, 2)}\n`;
  if (values.output !== undefined) replaceFile(values.output, json);
  else if (isJson) context.stdout(json);
  if (!isJson) context.stderr(`\n${formatExchanges(trace)}`);
  return exitCode;
}

async function runReplay({ values, positionals, context }: TraceInvocation): Promise<number> {
  const [, path, ...more] = positionals;
  if (path === undefined || more.length > 0) throw new UsageError("replay takes one FILE");
  if (values.server === undefined) throw new UsageError("--server is missing", "like --server=http://localhost:5000");
  if (values.bodies) throw new UsageError("--bodies is for recording");
  const server = parseServer(values.server);
  const replayed = await replay(readTrace(path), server, context, { mayWrite: values.writes === true });
  if (values.format === "json") context.stdout(`${JSON.stringify(replayed.map(dataOf), undefined, 2)}\n`);
  else context.stdout(replayed.map(lineOf).join(""));
  return replayed.some(({ differences }) => differences.length > 0) ? 1 : 0;
}

function dataOf({ exchange: { method, url, status }, differences, skipped }: Replayed): object {
  return { method, url, status, differences, ...(skipped !== undefined && { skipped }) };
}

function lineOf({ exchange: { method, url, status }, differences, skipped }: Replayed): string {
  const { pathname, search } = new URL(url);
  const mark = skipped !== undefined ? "-" : differences.length === 0 ? "✓" : "✗";
  const notes = [...(skipped === undefined ? [] : [`not replayed: ${skipped}`]), ...differences];
  return `${mark} ${method} ${pathname}${search} ${status}\n${notes.map((note) => `    ${note}\n`).join("")}`;
}
