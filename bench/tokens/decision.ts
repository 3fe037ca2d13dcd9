/** What believing a token and deciding a request cost, in this process, with few and many bindings in the database. */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { pull } from "../../src/access/permissions.ts";
import { repositoryResource } from "../../src/access/resource.ts";
import type { RequestContext } from "../../src/http/names.ts";
import { anonymous } from "../../src/identity/principal.ts";
import { scope } from "../../src/identity/scopes.ts";
import { openInstallation } from "../../src/installation.ts";
import { openSqlite } from "../../src/storage/metadata/sqlite.ts";
import { machine } from "../measure.ts";
import { median, rounded } from "../registry/comparison.ts";

const sizes = [10, 1000, 100_000] as const;
/** The most that may be added to a request, in microseconds. */
const goalMicroseconds = 60;
/** How much dearer a decision may be over the largest policy than over the smallest. */
const growthMax = 2;
const bindingsAtOnce = 500;

/** @param quick few repetitions, and the smaller sizes only */
export async function* decisionLines(quick: boolean): AsyncGenerator<object> {
  const [repetitions, rounds] = quick ? [500, 3] : [5000, 15];
  const first: number[] = [];
  for (const bindings of quick ? sizes.slice(0, 2) : sizes) {
    const figures = await measureWith(bindings, repetitions, rounds);
    first.push(figures.decide);
    const growth = figures.decide / (first[0] ?? Number.NaN);
    const common = { unit: "µs CPU", bindings, rounds, loadAverage: rounded(loadavg()[0]), machine: machine() };
    const both = figures.verify + figures.decide;
    yield { what: "verification of a token seen before", median: rounded(figures.verify), ...common };
    yield {
      what: "decision, from the database",
      median: rounded(figures.decide),
      growth: rounded(growth),
      ...common,
      goal: growthMax,
      reached: growth <= growthMax,
    };
    yield {
      what: "verification and decision together",
      median: rounded(both),
      ...common,
      goal: goalMicroseconds,
      reached: both < goalMicroseconds,
    };
  }
}

async function measureWith(bindings: number, repetitions: number, rounds: number) {
  const folder = mkdtempSync(join(tmpdir(), "waybill-bench-"));
  const metadata = await openSqlite(join(folder, "metadata.sqlite"));
  const installation = await openInstallation({
    metadata,
    store: {} as never,
    accountDomain: "iam.waybill.internal",
    rates: { anonymousPerSecond: 1e9, principalPerSecond: 1e9 },
    isOurAudience: () => true,
    now: Date.now,
    log: console.error,
  });
  const { projects, serviceAccounts, serviceAccountKeys, policies, tokens, doorkeeper, access } = installation;
  const project = await projects.create("bench", "", anonymous);
  const account = await serviceAccounts.create(project, "robot", {});
  const { row: key } = await serviceAccountKeys.generate(account, project.name, "http://localhost");
  const resource = `project/${project.id}` as const;
  const role = "roles/artifactregistry.reader";
  const member = `serviceAccount:${account.id}` as const;
  await metadata.write((write) => policies.grant(write, resource, { member, role, condition: "" }));
  for (let start = 0; start < bindings; start += bindingsAtOnce) {
    const rows = Array.from({ length: Math.min(bindingsAtOnce, bindings - start) }, (_, index) => {
      return { resource, member: `user:${start + index}` as const, role, condition: "" };
    });
    await metadata.write((write) => write.insertInto("bindings").values(rows).execute());
  }
  const iat = Math.floor(Date.now() / 1000);
  const claims = { sub: member, iat, exp: iat + 3600, scope: scope.cloudPlatform, key: key.id };
  const names = { location: "default", project: "bench", image: "app", path: "bench/app" };
  const needed = { type: "repository", name: "bench/app", action: "pull" };
  const token = tokens.sign("registry", {
    ...claims,
    access: [{ type: "repository", name: "bench/app", actions: ["pull"] }],
  });
  const context = { secure: true, address: "127.0.0.1", agent: "" } as RequestContext;
  const identify = () => doorkeeper.identify({ kind: "bearer", token }, context, { registryTokens: true });
  const caller = await identify();
  const target = repositoryResource(names, { projectId: project.id, repositoryId: "1" });
  const decide = async () => {
    const decision = await access.decide(caller, pull, target, needed);
    if (!decision.allowed) throw new Error(decision.message);
  };
  const figures = {
    verify: await costOf(identify, repetitions, rounds),
    decide: await costOf(decide, repetitions, rounds),
  };
  await installation.metadata.close();
  rmSync(folder, { recursive: true });
  return figures;
}

/** Microseconds of CPU: on a busy machine the time that passes says little. */
async function costOf(run: () => Promise<unknown>, repetitions: number, rounds: number): Promise<number> {
  const samples: number[] = [];
  for (let round = -2; round < rounds; round++) {
    const before = process.cpuUsage();
    for (let each = 0; each < repetitions; each++) await run();
    const { user, system } = process.cpuUsage(before);
    if (round >= 0) samples.push((user + system) / repetitions);
  }
  return median(samples);
}
