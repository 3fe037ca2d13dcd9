import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { type AdministeredServer, startAdministeredServer } from "./administered-server.ts";

let server: AdministeredServer;
beforeAll(async () => {
  server = await startAdministeredServer();
  for (const project of ["shop", "bakery"]) await run(`projects create ${project}`);
  await run("iam service-accounts create robot --project=shop");
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

const run = (line: string, env?: Record<string, string>) => server.waybill(line.split(" "), env);

describe("waybill audit", () => {
  test("read shows the latest, the oldest of them first", async () => {
    const { stdout, exitCode } = await run("audit read --filter=kind=administration");
    expect(exitCode).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^TIME +KIND +PRINCIPAL +FROM +WHAT$/);
    // The owner's key was made first, then three things.
    expect(lines).toHaveLength(5);
    expect(lines[1]).toMatch(/administration +server +- +waybill setup/);
    expect(lines.at(-1)).toMatch(
      /administration +serviceAccount:\S+ +127\.0\.0\.1 +POST .*serviceAccounts project shop$/,
    );
  });

  test("read shows a project what lies in it, and takes a filter, a limit and a time", async () => {
    const read = async (line: string) => JSON.parse((await run(`audit read --format=json ${line}`)).stdout);
    const inShop = await read("--project=shop");
    expect(inShop).toHaveLength(1);
    expect(inShop[0]).toMatchObject({ kind: "administration", method: "POST /v1/projects/{project}/serviceAccounts" });
    expect(await read("--project=bakery")).toEqual([]);
    expect(await read("--limit=1")).toHaveLength(1);
    expect(await read("--since=1h --filter=method:/v1/")).toHaveLength(3);
    expect(await read("--since=2100-01-01")).toEqual([]);
  });

  test("read --follow goes on with what happens", async () => {
    const { home, origin, adminKey } = server;
    const argv = ["audit", "read", "--follow", "--limit=0", "--filter=kind=administration", "--format=json"];
    const env = { ...home.env, WAYBILL_SERVER: origin, WAYBILL_KEY_FILE: adminKey };
    const child = Bun.spawn(home.command(argv), { env, stdout: "pipe", stderr: "ignore" });
    const lines: string[] = [];
    const told = (async () => {
      for await (const chunk of child.stdout) {
        lines.push(new TextDecoder().decode(chunk));
        if (lines.join("").includes("brewery")) return;
      }
    })();
    // It may begin to follow after the first of them.
    for (let each = 0; lines.length === 0 && each < 50; each++) {
      await run(`projects create brewery-${each}`);
    }
    await told;
    child.kill();
    await child.exited;
    const [first = ""] = lines.join("").split("\n");
    expect(JSON.parse(first)).toMatchObject({ method: "POST /v1/projects", outcome: "done" });
  }, 60_000);

  test("export writes lines whose hashes anybody can make again", async () => {
    const file = server.home.path("log.jsonl");
    expect((await run(`audit export ${file}`)).exitCode).toBe(0);
    let previous = "";
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    for (const line of lines) {
      const { insertId: _, timestamp: __, hash, ...entry } = JSON.parse(line);
      previous = new Bun.CryptoHasher("sha256").update(`${previous}\n${JSON.stringify(entry)}`).digest("hex");
      expect(hash).toBe(previous);
    }
    expect(lines.length).toBeGreaterThan(3);
    expect(existsSync(`${file}.unfinished`)).toBe(false);
    expect((await run("audit export - --filter=method:serviceAccounts")).stdout.split("\n")).toHaveLength(2);
  });

  test("verify says that all is whole", async () => {
    const { stdout, exitCode } = await run("audit verify");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^\w{16} +1 +whole /m);
  });

  test("says in a line what is wrong with a filter", async () => {
    const { stderr, exitCode } = await run("audit read --filter=password=x");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("there is no field password");
    expect((await run("audit read --since=yesterday")).exitCode).toBe(2);
  });
});

test("waybill iam what-if says who would be cut off, and what nobody used", async () => {
  const file = server.home.write("policy.yaml", "bindings: [{role: roles/viewer, members: [allAuthenticatedUsers]}]");
  const { exitCode, stderr } = await run(`iam what-if ${file} --project=shop`);
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining("not for everybody") });
  const robot = "serviceAccount:robot@shop.iam.waybill.internal";
  server.home.write("policy.yaml", `bindings: [{role: roles/viewer, members: ["${robot}"]}]`);
  const done = await run(`iam what-if ${file} --project=shop`);
  expect(done.exitCode).toBe(0);
  expect(done.stdout).toMatch(/^UNUSED +serviceAccount:robot@\S+ +roles\/viewer/m);
  const json = JSON.parse((await run(`iam what-if ${file} --project=shop --format=json`)).stdout);
  expect(json).toMatchObject({ cutOff: [], unusedBindings: [{ role: "roles/viewer", members: [robot] }] });
});
