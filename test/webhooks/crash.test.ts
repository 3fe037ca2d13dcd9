import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../../src/cli/run.ts";
import { context } from "../cli/context.ts";
import { startServerProcess } from "../faults/server-process.ts";
import { temporaryFolder, until } from "../system/running-server.ts";
import { pushManifest } from "../system/stored-blob.ts";
import { secret, startReceiver } from "./receiver.ts";

test("a push that was accepted is told of, though the server was killed before it could, and a deletion, too", async () => {
  using folder = temporaryFolder();
  const data = join(folder.path, "data");
  let status = 503;
  using receiver = startReceiver(secret, () => status);
  writeFileSync(join(folder.path, "secret"), secret);
  const list = join(folder.path, "webhooks.yaml");
  writeFileSync(list, `- {name: ci, url: "${receiver.url}", secret-file: secret}\n`);
  const settings = [`--webhooks=${list}`, `--private-webhooks=${receiver.host}`];

  const first = await startServerProcess(data, [], settings);
  const place = { origin: first.origin, key: `${data}.owner.json` };
  const { digest } = await pushManifest(place);
  await first.kill();
  const waiting = await webhooks("list", `--data=${data}`, "--format=json");
  expect(waiting).toMatchObject([{ receiver: "ci", waiting: 1, dead: 0 }]);

  status = 410;
  const second = await startServerProcess(data, [], settings);
  const dead = await until(async () => (await webhooks("dead-letters", `--data=${data}`, "--format=json"))[0]);
  expect(dead).toMatchObject({ receiver: "ci", type: "waybill.artifact.pushed", subject: `project/image@${digest}` });

  status = 204;
  const told = receiver.told.length;
  expect(await webhooks("retry", `--data=${data}`, "--format=json")).toEqual({ count: 1 } as never);
  await until(() => receiver.told[told]);
  expect(receiver.told[told]).toMatchObject({
    isSigned: true,
    id: dead?.["event"],
    event: { data: { digest, tags: ["1"] } },
  });

  const { headers } = await pushManifest({ ...place, origin: second.origin }, false);
  const url = `${second.origin}/v2/project/image/manifests/1`;
  expect((await fetch(url, { method: "DELETE", headers })).status).toBe(202);
  const deleted = await until(() => receiver.told.find(({ event }) => event.type === "waybill.artifact.deleted"));
  expect(deleted).toMatchObject({ isSigned: true, event: { subject: "project/image:1", data: { tag: "1" } } });
  const { code, stderr } = await second.stop();
  expect(code).toBe(0);
  expect(stderr).not.toContain(secret);
}, 90_000);

async function webhooks(...argv: string[]): Promise<Record<string, unknown>[]> {
  const { it, said } = context({ env: { HOME: "/nonexistent" } });
  const exitCode = await runCli(["server", "webhooks", ...argv], it);
  if (exitCode !== 0) throw new Error(said.stderr);
  return JSON.parse(said.stdout);
}
