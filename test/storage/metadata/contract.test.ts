/** What every database must do for the domains: `Metadata` and the functions beside it, on SQLite and PostgreSQL. */
import { accounts } from "./contract/accounts.ts";
import { blobs } from "./contract/blobs.ts";
import { connections } from "./contract/connections.ts";
import { hotReads } from "./contract/hot-reads.ts";
import { installation } from "./contract/installation.ts";
import { keys } from "./contract/keys.ts";
import { manifests } from "./contract/manifests.ts";
import { migrations } from "./contract/migrations.ts";
import { policies } from "./contract/policies.ts";
import { projects } from "./contract/projects.ts";
import { randomHistories } from "./contract/random-histories.ts";
import { repositories } from "./contract/repositories.ts";
import { tags } from "./contract/tags.ts";
import { transactions } from "./contract/transactions.ts";
import { uploads } from "./contract/uploads.ts";
import { onEveryDatabase } from "./databases.ts";

onEveryDatabase({
  projects,
  accounts,
  keys,
  repositories,
  installation,
  policies,
  "hot reads": hotReads,
  blobs,
  uploads,
  manifests,
  tags,
  transactions,
  migrations,
  "random histories": randomHistories,
  connections,
});
