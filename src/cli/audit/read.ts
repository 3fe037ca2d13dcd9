import { oneLine } from "../../sources/failure.ts";
import type { AdministrationInvocation } from "../administration.ts";
import { openAdministration, show, type Table } from "../administration.ts";
import { type Invocation, UsageError } from "../command.ts";
import { askEntries, type EntriesPage, type Entry, withSince } from "./entries.ts";

type ReadInvocation = AdministrationInvocation<"project" | "filter" | "since" | "limit"> &
  Invocation<"project" | "filter" | "since" | "limit", "follow">;

const limitDefault = 50;
const limitMax = 10_000;
const pageMax = 500;
const waitSeconds = "20";

/** `waybill audit read` */
export async function run(invocation: ReadInvocation): Promise<number> {
  const { values, context } = invocation;
  const limit = Number(values.limit ?? limitDefault);
  if (!Number.isInteger(limit) || limit < 0 || limit > limitMax) {
    throw new UsageError(`--limit is a number up to ${limitMax}`, "for more: waybill audit export");
  }
  const administration = openAdministration(invocation);
  const which = withSince(values, context.now());
  const ask = (query: Record<string, string>) => askEntries(administration, which, query);
  const { entries, followToken } = await latest(ask, limit);
  if (!values.follow) {
    show(invocation, entries, tableOf(entries));
    return 0;
  }
  const print = (some: readonly Entry[]) => context.stdout(some.map((each) => lineOf(each, values.format)).join(""));
  print(entries);
  for (let token = followToken; ; ) {
    const page = await ask({ orderBy: "timestamp", waitSeconds, pageToken: token });
    print(page.entries ?? []);
    token = page.nextPageToken ?? page.followToken ?? token;
  }
}

/** The last entries, the oldest of them first, and where to go on from. */
async function latest(ask: (query: Record<string, string>) => Promise<EntriesPage>, limit: number) {
  const entries: Entry[] = [];
  let followToken: string | undefined;
  for (let token: string | undefined = ""; token !== undefined; ) {
    const pageSize = String(Math.max(1, Math.min(pageMax, limit - entries.length)));
    const page: EntriesPage = await ask({ pageSize, ...(token !== "" && { pageToken: token }) });
    // The newest that the first page looked at is what comes before all that is new.
    followToken ??= page.followToken;
    entries.push(...(page.entries ?? []));
    token = entries.length < limit ? page.nextPageToken : undefined;
  }
  return { entries: entries.slice(0, limit).reverse(), followToken: followToken ?? "" };
}

function lineOf(entry: Entry, format: string | undefined): string {
  return format === "json" ? `${JSON.stringify(entry)}\n` : `${rowOf(entry).map(oneLine).join("  ")}\n`;
}

function tableOf(entries: readonly Entry[]): Table {
  return { headings: ["TIME", "KIND", "PRINCIPAL", "FROM", "WHAT"], rows: entries.map(rowOf) };
}

function rowOf(entry: Entry): string[] {
  return [entry.timestamp, entry.kind, entry.who.principal || "-", entry.from.address || "-", whatOf(entry)];
}

/** What an entry is about, in a few words. */
function whatOf(entry: Entry): string {
  const fields = [
    "outcome",
    "method",
    "token",
    "grant",
    "permission",
    "of",
    "times",
    "repository",
    "resource",
    "reference",
  ];
  const rest = ["subject", "tags", "digest", "access", "action", "reason", "dropped"];
  return [...fields, ...rest]
    .map((name) => entry[name])
    .filter((value) => value !== undefined && value !== "" && value !== "done")
    .map((value) => (typeof value === "object" ? Object.values(value as object).join(" ") : String(value)))
    .join(" ");
}
