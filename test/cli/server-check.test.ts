import { describe, expect, test } from "bun:test";
import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../../src/cli/run.ts";
import type { Finding } from "../../src/server-check.ts";
import { openSqlite } from "../../src/storage/metadata/sqlite.ts";
import { insertDelivery, listDueDeliveries, postponeDelivery } from "../../src/storage/metadata/webhooks.ts";
import { temporaryFolder } from "../system/running-server.ts";
import { selfSigned } from "../system/self-signed.ts";
import { context } from "./context.ts";

async function check(...argv: string[]) {
  const { it, said } = context({ env: { HOME: "/nonexistent" } });
  const exitCode = await runCli(["server", "check", ...argv], it);
  return { exitCode, ...said };
}

async function findings(...argv: string[]): Promise<{ exitCode: number; of: (check: string) => Finding | undefined }> {
  const { exitCode, stdout } = await check("--format=json", ...argv);
  const all: Finding[] = JSON.parse(stdout);
  return { exitCode, of: (name) => all.find((each) => each.check === name) };
}

/** An installation that nobody runs. */
async function installation() {
  const folder = temporaryFolder();
  mkdirSync(join(folder.path, "objects"));
  await (await openSqlite(join(folder.path, "metadata.sqlite"))).close();
  return folder;
}

describe("waybill server check", () => {
  test("finds nothing wrong with an installation that is well", async () => {
    using folder = await installation();
    const { exitCode, of } = await findings(`--data=${folder.path}`);
    expect(exitCode).toBe(0);
    for (const name of ["clock", "tls", "database", "store", "queue"]) expect(of(name)?.status).toBe("ok");
    expect(of("disk")?.found).toContain("GiB free");
    expect((await check(`--data=${folder.path}`)).stdout).toMatch(/^CHECK +STATUS +FOUND/);
  });

  test("says that there is no installation, and what makes one", async () => {
    using folder = temporaryFolder();
    const { exitCode, of } = await findings(`--data=${folder.path}`);
    expect(exitCode).toBe(1);
    expect(of("database")).toMatchObject({ status: "failed", mend: "waybill serve makes one" });
    expect(of("store")).toMatchObject({ status: "failed" });
  });

  test("says that blobs are gone", async () => {
    using folder = await installation();
    renameSync(join(folder.path, "objects"), join(folder.path, "elsewhere"));
    const { exitCode, of } = await findings(`--data=${folder.path}`);
    expect(exitCode).toBe(1);
    expect(of("store")).toMatchObject({ status: "failed", mend: expect.stringContaining("ls -ld") });
  });

  test("says that a certificate ends soon, or has another key", async () => {
    using folder = await installation();
    const one = await selfSigned(folder.path, "one", ["one.example"]);
    const two = await selfSigned(folder.path, "two", ["two.example"]);
    const soon = await findings(`--data=${folder.path}`, `--tls-cert=${one.certificate}`, `--tls-key=${one.key}`);
    expect(soon.exitCode).toBe(0);
    expect(soon.of("tls")).toMatchObject({
      status: "warning",
      found: expect.stringMatching(/one\.pem is good for \d days/),
    });
    const wrong = await findings(`--data=${folder.path}`, `--tls-cert=${one.certificate}`, `--tls-key=${two.key}`);
    expect(wrong.exitCode).toBe(1);
    expect(wrong.of("tls")).toMatchObject({ status: "failed", mend: "waybill config check" });
  });

  test("says that the clock went back, that events were given up, and that a newer program was here", async () => {
    using folder = await installation();
    const metadata = await openSqlite(join(folder.path, "metadata.sqlite"));
    const future = Date.now() + 3_600_000;
    await metadata.write(async (write) => {
      const chain = { node: "n", segment: 1, sequence: 1, kind: "session", hash: "", entry: "{}" };
      await write
        .insertInto("audit_entries")
        .values({ ...chain, at: future, project_id: "", principal: "" })
        .execute();
      await insertDelivery(write, "e", "ci", '{"type":"t","subject":"s"}', 1);
    });
    const [due] = await listDueDeliveries(metadata.read, 2, 1);
    if (due === undefined) throw new Error("nothing is due");
    await metadata.write((write) => postponeDelivery(write, due, { error: "x", nextAt: undefined, now: 2 }));
    await metadata.close();
    const first = await findings(`--data=${folder.path}`);
    expect(first.exitCode).toBe(1);
    expect(first.of("clock")).toMatchObject({ status: "failed", mend: "timedatectl set-ntp true" });
    expect(first.of("queue")).toMatchObject({ status: "warning", found: "0 events wait, 1 were given up" });

    const { Database } = await import("bun:sqlite");
    const raw = new Database(join(folder.path, "metadata.sqlite"));
    raw.run("insert into kysely_migration (name, timestamp) values ('9999-future', '')");
    raw.close();
    const second = await findings(`--data=${folder.path}`);
    expect(second.of("database")).toMatchObject({ status: "failed", found: expect.stringContaining("9999-future") });
  });

  test("says what is wrong with a database that does not answer, without its password", async () => {
    using folder = temporaryFolder();
    const url = "postgres://waybill:hidden-password@127.0.0.1:1/waybill";
    const { exitCode, stdout, stderr } = await check(`--data=${folder.path}`, `--database=${url}`, "--format=json");
    expect(exitCode).toBe(1);
    expect(stdout).toContain("does not answer");
    expect(stdout + stderr).not.toContain("hidden-password");
  });

  test("refuses settings that cannot be with 2", async () => {
    expect(await check("--lissten=x:1")).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--listen") });
    expect(await check("--format=xml")).toMatchObject({ exitCode: 2 });
  });
});
