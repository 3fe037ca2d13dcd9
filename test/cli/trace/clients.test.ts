// Recordings of real clients: docker, whose engine makes the connections, and podman's family, by the way that each needs.
import { afterAll, beforeAll, expect } from "bun:test";
import type { Trace } from "../../../src/cli/trace/exchange.ts";
import { clientTest } from "../../clients/client-test.ts";
import { makeImage } from "../../clients/image.ts";
import { docker, podman, skopeo } from "../../clients/image-client.ts";
import type { Sandbox } from "../../clients/sandbox.ts";
import { pushAs } from "../../clients/ways.ts";
import { createWorld, PROJECT, type World } from "../../clients/world.ts";
import { secretsIn } from "../doctor/report.ts";

let world: World;
let reference: string;
beforeAll(async () => {
  world = await createWorld();
  reference = `${world.server.host}/${PROJECT}/traced:1`;
  await pushAs(world.writer, world, reference, makeImage({ largeLayerBytes: 100_000 }));
}, 60_000);
afterAll(() => world?.[Symbol.asyncDispose](), 60_000);

async function enter(): Promise<Sandbox> {
  const sandbox = await world.enter();
  await sandbox.succeed(["waybill", "auth", "activate-service-account", `--key-file=${world.reader.keyFile}`]);
  await sandbox.succeed(["waybill", "auth", "configure-docker", world.server.host]);
  return sandbox;
}

async function traced(sandbox: Sandbox, command: readonly string[]) {
  const { exitCode, stdout, stderr } = await sandbox.run(["waybill", "trace", "--format=json", "--", ...command]);
  expect(secretsIn(stdout + stderr)).toEqual([]);
  return { exitCode, stderr, exchanges: (JSON.parse(stdout) as Trace).exchanges };
}

const pulls: [string, Parameters<typeof clientTest>[1], () => string[]][] = [
  ["docker", docker().needs, () => ["docker", "pull", reference]],
  ["podman", podman.needs, () => ["podman", "pull", "--tls-verify=false", reference]],
  ["skopeo", skopeo.needs, () => ["skopeo", "inspect", "--tls-verify=false", `docker://${reference}`]],
];
for (const [name, needs, command] of pulls)
  clientTest(`${name}'s pull with our helper is recorded, from the challenge to the image`, needs, async () => {
    await using sandbox = await enter();
    const { exitCode, stderr, exchanges } = await traced(sandbox, command());
    expect(exitCode, stderr).toBe(0);
    const told = exchanges.map(({ method, url, status }) => `${method} ${new URL(url).pathname} ${status}`);
    expect(told[0]).toBe("GET /v2/ 401");
    expect(told).toContain("GET /v2/token 200");
    expect(told.some((line) => /^(?:GET|HEAD) \/v2\/.+\/traced\/manifests\/1 200$/.test(line))).toBe(true);
    expect(exchanges.find(({ url }) => url.includes("/token"))?.requestHeaders.authorization).toBe(
      "Basic _token:[redacted]",
    );
  });

clientTest("skopeo trusts the authority of a recording inside TLS", skopeo.needs, async () => {
  await using sandbox = await enter();
  const { exitCode, stderr, exchanges } = await traced(sandbox, ["skopeo", "inspect", "docker://registry.invalid/a/b"]);
  expect(exitCode).not.toBe(0);
  expect(stderr).not.toContain("x509");
  expect(exchanges[0]).toMatchObject({ url: "https://registry.invalid/v2/", status: 0 });
});
