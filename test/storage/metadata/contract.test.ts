/** What every database must do for the domains: `Metadata` and the functions beside it, on SQLite and PostgreSQL. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { Glob } from "bun";
import { access } from "./contract/access.ts";
import { accounts } from "./contract/accounts.ts";
import { artifacts } from "./contract/artifacts.ts";
import { audit } from "./contract/audit.ts";
import { blobs } from "./contract/blobs.ts";
import { catalog } from "./contract/catalog.ts";
import { connections } from "./contract/connections.ts";
import { consolePages } from "./contract/console-pages.ts";
import { deletedProjects } from "./contract/deleted-projects.ts";
import { garbage } from "./contract/garbage.ts";
import { hotReads } from "./contract/hot-reads.ts";
import { installation } from "./contract/installation.ts";
import { keys } from "./contract/keys.ts";
import { limits } from "./contract/limits.ts";
import { listings } from "./contract/listings.ts";
import { manifests } from "./contract/manifests.ts";
import { migrations } from "./contract/migrations.ts";
import { moves } from "./contract/moves.ts";
import { nameEnds } from "./contract/name-ends.ts";
import { people } from "./contract/people.ts";
import { policies } from "./contract/policies.ts";
import { projects } from "./contract/projects.ts";
import { randomHistories } from "./contract/random-histories.ts";
import { removals } from "./contract/removals.ts";
import { repositories } from "./contract/repositories.ts";
import { reverseLookUps } from "./contract/reverse-look-ups.ts";
import { reviews } from "./contract/reviews.ts";
import { rules } from "./contract/rules.ts";
import { scrub } from "./contract/scrub.ts";
import { sessions } from "./contract/sessions.ts";
import { spentAssertions } from "./contract/spent-assertions.ts";
import { tags } from "./contract/tags.ts";
import { transactions } from "./contract/transactions.ts";
import { uploads } from "./contract/uploads.ts";
import { upstreams } from "./contract/upstreams.ts";
import { versions } from "./contract/versions.ts";
import { webhooks } from "./contract/webhooks.ts";
import { workloadIdentity } from "./contract/workload-identity.ts";
import { onEveryDatabase } from "./databases.ts";

onEveryDatabase({
  projects,
  accounts,
  access,
  keys,
  "spent assertions": spentAssertions,
  repositories,
  installation,
  policies,
  "hot reads": hotReads,
  blobs,
  uploads,
  manifests,
  tags,
  catalog,
  "console pages": consolePages,
  listings,
  artifacts,
  "reverse look-ups": reverseLookUps,
  reviews,
  garbage,
  "deleted projects": deletedProjects,
  "name ends": nameEnds,
  scrub,
  rules,
  limits,
  versions,
  sessions,
  people,
  removals,
  upstreams,
  webhooks,
  "workload identity": workloadIdentity,
  audit,
  transactions,
  moves,
  migrations,
  "random histories": randomHistories,
  connections,
});

test("every function beside the metadata is asked something by the contract", async () => {
  const source = join(import.meta.dir, "../../../src/storage/metadata");
  const exported: string[] = [];
  for (const file of new Glob("*.ts").scanSync(source)) {
    const text = await Bun.file(join(source, file)).text();
    exported.push(
      ...[...text.matchAll(/^export async function (\w+)\(\s*(?:read|write):/gm)].map((match) => match[1] as string),
    );
  }
  let contract = "";
  for (const file of new Glob("contract/*.ts").scanSync(import.meta.dir))
    contract += await Bun.file(join(import.meta.dir, file)).text();
  expect(exported.length).toBeGreaterThan(30);
  expect(exported.filter((name) => !contract.includes(`${name}(`) && !contract.includes(`(${name})`))).toEqual([]);
});
