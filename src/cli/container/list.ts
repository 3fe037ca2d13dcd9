import type { RegistryClient } from "../../client/registry/registry-client.ts";
import { listCatalog, listRemoteChildren } from "../../client/registry/remote-listing.ts";
import { parseRegistryHost } from "../../sources/registry-host.ts";
import { type AdministrationInvocation, show } from "../administration.ts";
import { UsageError } from "../command.ts";
import { parseLimit } from "./limit.ts";
import { openRegistry, serverHost } from "./open-registry.ts";

/** `waybill container images list` */
export async function list(invocation: AdministrationInvocation<"repository" | "limit">): Promise<number> {
  const { repository, limit } = invocation.values;
  const most = parseLimit(limit);
  const [host, path] = repository === undefined ? [serverHost(invocation), ""] : parseRepository(repository);
  const client = openRegistry(host, invocation);
  const names: string[] = [];
  for await (const name of path === "" ? listCatalog(client) : below(client, path)) {
    if (names.length === most) break;
    names.push(`${client.host}/${name}`);
  }
  const images = names.map((name) => ({ name }));
  show(invocation, images, { headings: ["NAME"], rows: names.map((name) => [name]) });
  return 0;
}

/** `HOST`, `HOST/PROJECT` or a path below that. */
function parseRepository(text: string) {
  const slash = text.indexOf("/");
  const host = parseRegistryHost(slash < 0 ? text : text.slice(0, slash));
  const path = slash < 0 ? "" : text.slice(slash + 1);
  if (host !== undefined && /^[a-z0-9/._-]*$/.test(path)) return [host, path.replace(/\/+$/, "")] as const;
  throw new UsageError(`--repository cannot be ${JSON.stringify(text)}`, "like --repository=gcr.io/my-project");
}

/** What lies next below a path. A registry that does not tell has a catalog, in which these names stand together. */
async function* below(client: RegistryClient, path: string): AsyncGenerator<string> {
  const children = await listRemoteChildren(client, path);
  if (children !== undefined) return yield* children.map((child) => `${path}/${child}`);
  const seen = new Set<string>();
  for await (const name of listCatalog(client, `${path}/`)) {
    if (!name.startsWith(`${path}/`)) return;
    const child = name.slice(path.length + 1).split("/", 1)[0] ?? "";
    if (!seen.has(child)) yield `${path}/${child}`;
    seen.add(child);
  }
}
