import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../faults/server-process.ts";
import { type Postgres, postgresMissing, startPostgres } from "../postgres.ts";
import { clientTest } from "./client-test.ts";
import { makeImage } from "./image.ts";
import { skopeo } from "./image-client.ts";
import { keyOf } from "./ways.ts";
import { createWorld, PROJECT, type World } from "./world.ts";

const missing = postgresMissing();
const password = "not-for-anybody-to-read";

let postgres: Postgres;
let folder: string;
let urlFile: string;
let world: World;
beforeAll(async () => {
  if (missing) return;
  folder = mkdtempSync(join(tmpdir(), "waybill-on-postgres-"));
  postgres = await startPostgres();
  urlFile = join(folder, "url");
  writeFileSync(urlFile, `${postgres.url.replace("waybill@", `waybill:${password}@`)}\n`, { mode: 0o600 });
  world = await createWorld({ engine: false, serve: ["--database-file", urlFile] });
}, 120_000);
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await postgres?.stop();
  if (folder) rmSync(folder, { recursive: true });
}, 60_000);

const needs = ["skopeo", "postgresql"] as const;

describe("waybill serve --database-file", () => {
  clientTest("skopeo pushes and pulls over PostgreSQL and a folder", needs, async () => {
    const reference = `${world.server.host}/${PROJECT}/app:1`;
    const image = makeImage();
    await using sandbox = await world.enter();
    await skopeo.login(sandbox, world.server.host, { username: "_json_key", password: await keyOf(world.writer) });
    await skopeo.load(sandbox, image, reference);
    await skopeo.push(sandbox, reference);
    expect(await skopeo.pull(sandbox, reference)).toBe(image.id);
  });

  clientTest("keeps in the data folder what is the node's own, and the password nowhere", needs, async () => {
    const data = world.server.path("data");
    const own = [".gitignore", "control.sock", "database", "lock.sqlite", "lock.sqlite-journal", "objects"];
    expect(readdirSync(data).sort()).toEqual(own);
    expect(readFileSync(join(data, "database"), "utf8")).toBe(`${postgres.url.replace("waybill@", "")}\n`);
    expect(statSync(join(data, "database")).mode & 0o777).toBe(0o600);
    for (const log of ["server.log", "server.log.err"]) {
      expect(readFileSync(world.server.path(log), "utf8")).not.toContain(password);
    }
  });

  clientTest("commands on such a data folder ask for the database, and work when they have it", needs, async () => {
    const place = ["--data", world.server.path("data")];
    const unknown = await runCommand("verify", ...place);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain("give --database-file");
    const where = [...place, "--database-file", urlFile];
    const verified = await runCommand("verify", "--format=json", ...where);
    expect(verified).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(verified.stdout)).toMatchObject({ damaged: [] });
    expect(JSON.parse((await runCommand("gc", "--format=json", ...where)).stdout)).toMatchObject({ dryRun: false });
    const rotated = await runCommand("server", "rotate-keys", ...where);
    expect(rotated).toMatchObject({ code: 0, stdout: expect.stringContaining("signs now") });
    const refused = await runCommand("backup", join(folder, "backup.tar"), ...where);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("pg_dump") });
    expect(await Bun.file(join(folder, "backup.tar")).exists()).toBe(false);
  });

  clientTest("a data folder goes on with the kind of database that it began with", needs, async () => {
    const without = await runCommand("serve", "--data", world.server.path("data"), "--listen", "127.0.0.1:0");
    expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining("give --database") });
  });
});

describe("a database that cannot be", () => {
  const refusals: [string, string[], number, string][] = [
    ["an URL of something else", ["--database", `mysql://u:${password}@h/d`], 2, "is not postgres://"],
    ["no URL", ["--database", password], 2, "is not postgres://"],
    ["an URL without a database", ["--database", `postgres://u:${password}@h`], 2, "is not postgres://"],
    ["a file that is not there", ["--database-file", "/nonexistent"], 2, "/nonexistent"],
    ["both settings", ["--database", "postgres://h/d", "--database-file", "/nonexistent"], 2, "one of them"],
    ["a server that is not there", ["--database", `postgres://u:${password}@127.0.0.1:1/d`], 1, "127.0.0.1:1/d"],
  ];
  test.each(refusals)(
    "is refused in one line without its password: %s",
    async (_, argv, code, text) => {
      const data = mkdtempSync(join(tmpdir(), "waybill-no-database-"));
      const ended = await runCommand("serve", "--data", join(data, "data"), "--listen", "127.0.0.1:0", ...argv);
      rmSync(data, { recursive: true });
      expect(ended).toMatchObject({ code, stdout: "" });
      expect(ended.stderr).toContain(text);
      expect(ended.stderr).not.toContain(password);
      expect(ended.stderr.trim().split("\n")).toHaveLength(2);
    },
    60_000,
  );
});
