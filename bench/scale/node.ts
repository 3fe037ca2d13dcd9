/**
 * The server as it is, in a process that counts: statements with their last parameters, and requests to the store. Answers
 * each message of its parent with what it has counted since the last one.
 */
import { runServe } from "../../src/serve.ts";
import { countStatements, type Statement, takeStatements } from "./count-statements.ts";

export interface Counted {
  /** Of user and system time, seconds. */
  readonly cpuSeconds: number;
  /** By their text: how often, and with what the last time. */
  readonly statements: readonly Statement[];
  /** By method. */
  readonly store: Readonly<Record<string, number>>;
  readonly storeBytes: { readonly sent: number; readonly received: number };
}

const [endpoint = "", ...argv] = process.argv.slice(2);
let store: Record<string, number> = {};
let storeBytes = { sent: 0, received: 0 };
let cpu = process.cpuUsage();

countStatements();

const ask = globalThis.fetch;
globalThis.fetch = Object.assign(async (input: Parameters<typeof fetch>[0], init?: RequestInit) => {
  const url = input instanceof Request ? input.url : String(input);
  if (!url.startsWith(endpoint)) return await ask(input, init);
  const method = init?.method ?? (input instanceof Request ? input.method : "GET");
  const { pathname, search } = new URL(url);
  const kind =
    method === "GET" && /list-type|uploads/.test(search) && !pathname.includes("/objects/") ? "LIST" : method;
  store[kind] = (store[kind] ?? 0) + 1;
  storeBytes.sent += (init?.body as { byteLength?: number } | undefined)?.byteLength ?? 0;
  const answer = await ask(input, init);
  if (method === "GET") storeBytes.received += Number(answer.headers.get("content-length") ?? 0);
  return answer;
}, ask) as typeof fetch;

process.on("message", () => {
  const used = process.cpuUsage(cpu);
  const counted: Counted = {
    cpuSeconds: (used.user + used.system) / 1e6,
    statements: takeStatements(),
    store,
    storeBytes,
  };
  [store, storeBytes, cpu] = [{}, { sent: 0, received: 0 }, process.cpuUsage()];
  process.send?.(counted);
});

process.exitCode = await runServe(argv);
process.disconnect?.();
