import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../../../src/registry/digest.ts";
import { findStrayFiles, findWrong } from "../../faults/inspect.ts";
import { Gone, pushRandomImage, pushUntilGone, send } from "../../faults/pusher.ts";
import { seeded } from "../../faults/random.ts";
import { runCommand, startServerProcess } from "../../faults/server-process.ts";
import { damageOneBlob, type InstallationFolder, query, startInstallation } from "../installation-folder.ts";
import { type MoveTarget, onEveryTarget } from "./targets.ts";

/** Starts servers, also on a machine that is busy with others. */
setDefaultTimeout(120_000);

const main = join(import.meta.dir, "../../../src/main.ts");
/** `npm run test:faults` kills more often. */
const killsMax = Number(process.env.WAYBILL_MOVE_KILLS ?? 5);
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const installation of open.splice(0)) await installation.close();
});

async function installed(images: number): Promise<InstallationFolder> {
  const it = await startInstallation(images);
  open.push(it);
  return it;
}

/** Runs the command; answers its exit code and what it said. */
async function move(...flags: string[]) {
  return await moveWith({}, ...flags);
}

async function moveWith(env: Readonly<Record<string, string>>, ...flags: string[]) {
  const child = startMove(env, ["--format=json", ...flags]);
  const [code, stdout, stderr] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { code, stdout, stderr };
}

function startMove(env: Readonly<Record<string, string>>, flags: readonly string[]) {
  const command = [process.execPath, main, "migrate", "installation", ...flags];
  return Bun.spawn(command, { stdout: "pipe", stderr: "pipe", env: { PATH: process.env.PATH ?? "", ...env } });
}

/** Every row of the tables that move, as text. */
function contentOf(data: string): Record<string, string> {
  const tables = query(data, "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'");
  const names = (tables as { name: string }[]).map(({ name }) => name);
  const moving = names.filter((name) => !name.startsWith("kysely_") && !name.startsWith("move"));
  return Object.fromEntries(
    moving.map((name) => {
      const rows = query(data, `select * from "${name}"`) as Record<string, unknown>[];
      return [
        name,
        rows
          .map((row) => JSON.stringify(row))
          .sort()
          .join("\n"),
      ];
    }),
  );
}

/** Serves from a folder and reads all that was acknowledged elsewhere, with a token that was given out elsewhere. */
async function wrongAfter(it: InstallationFolder, data: string): Promise<string[]> {
  writeFileSync(`${data}.owner.json`, readFileSync(`${it.data}.owner.json`));
  const server = await startServerProcess(data);
  try {
    const { authorization } = it.connection;
    const audit = await runCommand("audit", "verify", "--server", server.origin, "--key-file", `${data}.owner.json`);
    expect(audit).toMatchObject({ code: 0 });
    return await findWrong({ origin: server.origin, authorization }, it.ledger);
  } finally {
    await server.stop();
  }
}

describe("an installation that moves from a folder to a folder", () => {
  test("serves pulls and pushes meanwhile, and has everything at the other place under the same ids", async () => {
    const it = await installed(5);
    const target = join(it.folder, "target");
    const pushing = pushUntilGone(it.connection, "waybill-admin/image", seeded(1), it.ledger);
    const moved = await move("--data", it.data, "--to-data", target);
    expect(moved).toMatchObject({ code: 0 });
    await pushing;
    const report = JSON.parse(moved.stdout);
    const [{ objects }] = query(target, "select count(*) as objects from objects") as [{ objects: number }];
    expect(report).toMatchObject({ finished: true, blobs: objects, to: target });
    const [path = ""] = it.ledger.acknowledged;
    expect((await send(it.connection, path)).status).toBe(200);
    const refused = await send(it.connection, "/v2/waybill-admin/image/blobs/uploads/", { method: "POST" });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, expect.any(String)]);
    const newProject = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ projectId: "late-project", name: "late" }),
    };
    expect((await send(it.connection, "/v1/projects", newProject)).status).toBe(503);
    const { origin, authorization } = it.connection;
    const basic = Buffer.from(`oauth2accesstoken:${authorization.slice("Bearer ".length)}`).toString("base64");
    const exchange = `/v2/token?service=${new URL(origin).host}&scope=repository:waybill-admin/image:pull`;
    expect((await send({ origin, authorization: `Basic ${basic}` }, exchange)).status).toBe(200);
    await it.server.kill();
    expect(contentOf(target)).toEqual(contentOf(it.data));
    expect(findStrayFiles(target).missing).toEqual([]);
    await expect(startServerProcess(it.data)).rejects.toThrow(`was moved to ${target}`);
    expect(await wrongAfter(it, target)).toEqual([]);
  });

  test("takes an upload along in its middle, and refuses a damaged blob at both places", async () => {
    const it = await installed(2);
    const digest = damageOneBlob(it.data);
    const content = Buffer.from("half of it, and the other half");
    const opened = await send(it.connection, "/v2/waybill-admin/image/blobs/uploads/", { method: "POST" });
    const location = opened.headers.get("location") ?? "";
    await send(it.connection, location, { method: "PATCH", body: content.subarray(0, 11) });
    const target = join(it.folder, "target");
    const moved = await move("--data", it.data, "--to-data", target);
    expect(JSON.parse(moved.stdout)).toMatchObject({ finished: true, uploads: 1 });
    for (const data of [it.data, target]) {
      expect(query(data, "select digest from blobs where quarantined_at is not null")).toEqual([{ digest }]);
    }
    await it.server.kill();
    writeFileSync(`${target}.owner.json`, readFileSync(`${it.data}.owner.json`));
    const server = await startServerProcess(target);
    try {
      const there = { origin: server.origin, authorization: it.connection.authorization };
      const rest = { method: "PATCH", body: content.subarray(11) };
      expect((await send(there, location, rest)).status).toBe(202);
      const end = await send(there, `${location}?digest=${digestOf(content)}`, { method: "PUT" });
      expect(end.status).toBe(201);
    } finally {
      await server.kill();
    }
  });

  test("stops before it is closed to writes where that was asked, and takes what came later with the finish", async () => {
    const it = await installed(2);
    const target = join(it.folder, "target");
    const flags = ["--data", it.data, "--to-data", target];
    expect(JSON.parse((await move(...flags, "--prepare")).stdout)).toMatchObject({ finished: false });
    await expect(startServerProcess(target)).rejects.toThrow("is not whole yet");
    const later = await send(
      it.connection,
      `/v2/waybill-admin/image/blobs/uploads/?digest=${digestOf(Buffer.from("x"))}`,
      {
        method: "POST",
        body: "x",
      },
    );
    expect(later.status).toBe(201);
    expect(JSON.parse((await move(...flags)).stdout)).toMatchObject({ finished: true });
    expect(contentOf(target)).toEqual(contentOf(it.data));
    // Asked again, it says so again.
    expect(JSON.parse((await move(...flags)).stdout)).toMatchObject({ finished: true });
  });

  test("goes on as before when the move is given up, and is refused a second place until then", async () => {
    const it = await installed(1);
    const flags = ["--data", it.data];
    await move(...flags, "--to-data", join(it.folder, "first"), "--prepare");
    const second = await move(...flags, "--to-data", join(it.folder, "second"));
    expect(second.code).toBe(1);
    expect(second.stderr).toContain("--give-up");
    expect((await move(...flags, "--give-up")).code).toBe(0);
    expect(query(it.data, "select * from sqlite_master where type = 'trigger'")).toEqual([]);
    expect(query(it.data, "select * from move_changes")).toEqual([]);
    expect((await move(...flags, "--to-data", join(it.folder, "second"))).code).toBe(0);
    const late = await move(...flags, "--give-up");
    expect(late.code).toBe(1);
    expect(late.stderr).toContain("was moved to");
  });

  test("moves its database only, where the blobs stay", async () => {
    const it = await installed(1);
    const target = join(it.folder, "target");
    const blobs = join(it.data, "objects");
    expect((await move("--data", it.data, "--to-data", target, "--to-blobs", blobs)).code).toBe(0);
    expect(contentOf(target)).toEqual(contentOf(it.data));
    expect(findStrayFiles(it.data)).toEqual({ orphans: [], missing: [] });
  });

  test("is refused in one line and a hint where it cannot be, and nothing is touched", async () => {
    const it = await installed(1);
    const [from, to] = [["--data", it.data], join(it.folder, "target")];
    const elsewhere = "postgres://somebody:secret@127.0.0.1:1/waybill";
    for (const [flags, code, says] of [
      [[...from, "--to-data", it.data], 1, "another server runs"],
      [["--data", join(it.folder, "none"), "--to-data", to], 1, "holds no installation"],
      [[...from, "--to-data", to, "--to-database", elsewhere], 1, "cannot be used"],
      [[...from, "--to-database", elsewhere], 2, "where is it to go?"],
    ] as const) {
      const refused = await move(...flags);
      expect(refused).toMatchObject({ code, stdout: "" });
      expect(refused.stderr).toContain(says);
      expect(refused.stderr).toMatch(/^waybill: error: .*\nwaybill: hint: .*\n$/);
      expect(refused.stderr).not.toContain("secret");
    }
    const path = "/v2/waybill-admin/image/blobs/uploads/";
    expect((await send(it.connection, path, { method: "POST" })).status).toBe(202);
  });
});

/** Resolves as soon as the source knows that it moves. */
async function untilUnderWay(data: string): Promise<void> {
  while (query(data, "select side from moves").length === 0) await Bun.sleep(5);
}

/** As a registry that people use, and not as one that is filled. */
async function pushNowAndThen({ connection, ledger }: InstallationFolder): Promise<void> {
  const random = seeded(2);
  try {
    for (;;) {
      await pushRandomImage(connection, "waybill-admin/image", random, ledger);
      await Bun.sleep(150);
    }
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
  }
}

onEveryTarget((makeTarget: (it: InstallationFolder) => Promise<MoveTarget>) => {
  test("an installation arrives whole, however often the move is killed, and comes back the same", async () => {
    const it = await installed(8);
    const target = await makeTarget(it);
    const random = seeded(7);
    const there = ["--data", it.data, ...target.to];
    const pushing = pushNowAndThen(it);
    let kills = 0;
    for (; kills < killsMax; kills++) {
      const child = startMove(target.env, there);
      if (kills === 0) await untilUnderWay(it.data);
      const ended = await Promise.race([child.exited, Bun.sleep(random.below(1500) * kills).then(() => undefined)]);
      child.kill("SIGKILL");
      await child.exited;
      if (ended === 0) break;
    }
    const moved = await moveWith(target.env, ...there);
    expect(moved).toMatchObject({ code: 0 });
    expect(kills).toBeGreaterThan(0);
    await pushing;
    await it.server.kill();
    const back = join(it.folder, "back");
    const returned = await moveWith(target.env, ...target.from, "--to-data", back);
    expect(returned).toMatchObject({ code: 0 });
    expect(contentOf(back)).toEqual(contentOf(it.data));
    expect(findStrayFiles(back).missing).toEqual([]);
    expect(await wrongAfter(it, back)).toEqual([]);
  });

  test("an installation that has arrived is served there, and tokens that it gave out before are good", async () => {
    const it = await installed(2);
    const target = await makeTarget(it);
    expect(await moveWith(target.env, "--data", it.data, ...target.to)).toMatchObject({ code: 0 });
    await it.server.kill();
    const variables = Object.entries(target.env).map(([name, value]) => `${name}=${value}`);
    const [data = "", ...places] = target.from[0] === "--data" ? target.from.slice(1) : [join(it.folder, "node")];
    const more = target.from[0] === "--data" ? places : target.from;
    writeFileSync(`${data}.owner.json`, readFileSync(`${it.data}.owner.json`));
    const server = await startServerProcess(data, ["env", ...variables], more);
    try {
      const there = { origin: server.origin, authorization: it.connection.authorization };
      expect(await findWrong(there, it.ledger)).toEqual([]);
      await pushRandomImage(there, "waybill-admin/image", seeded(3), it.ledger);
      expect(await findWrong(there, it.ledger)).toEqual([]);
      const verified = await runCommand(
        "audit",
        "verify",
        "--server",
        server.origin,
        "--key-file",
        `${data}.owner.json`,
      );
      expect(verified).toMatchObject({ code: 0 });
    } finally {
      await server.kill();
    }
  });
});
