import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { type AdministrationInvocation, openAdministration } from "../administration.ts";
import { askEntries, type EntriesPage, withSince } from "./entries.ts";

const pageSize = "1000";

/** `waybill audit export` */
export async function run(invocation: AdministrationInvocation<"project" | "filter" | "since">): Promise<number> {
  const { values, positionals, context } = invocation;
  const [file = ""] = positionals;
  const administration = openAdministration(invocation);
  const which = withSince(values, context.now());
  const pages = async function* (): AsyncGenerator<string> {
    for (let token: string | undefined = ""; token !== undefined; ) {
      const query = { orderBy: "timestamp", pageSize, ...(token !== "" && { pageToken: token }) };
      const page: EntriesPage = await askEntries(administration, which, query);
      yield (page.entries ?? []).map((entry) => `${JSON.stringify(entry)}\n`).join("");
      token = page.nextPageToken;
    }
  };
  if (file === "-") for await (const text of pages()) context.stdout(text);
  else await writeWhole(file, pages());
  return 0;
}

/** A file that appears when it is whole, for its owner only. */
async function writeWhole(file: string, pages: AsyncIterable<string>): Promise<void> {
  const unfinished = `${file}.unfinished`;
  const stream = createWriteStream(unfinished, { mode: 0o600 });
  try {
    for await (const text of pages) if (!stream.write(text)) await once(stream, "drain");
    stream.end();
    await once(stream, "finish");
    await rename(unfinished, file);
  } catch (error) {
    stream.destroy();
    await rm(unfinished, { force: true });
    throw error;
  }
}
