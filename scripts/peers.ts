/**
 * `npm run ci:peers [NAME…]`: registry clients that no distribution has, built by Go from their published modules and run against
 * our server, each with a token that it logged in with and with docker-credential-waybill.
 */
import { buildGoProgram, goMissing } from "../test/clients/go-program.ts";
import { checkChart } from "../test/clients/peers/chart.ts";
import { cosign } from "../test/clients/peers/cosign.ts";
import { crane } from "../test/clients/peers/crane.ts";
import { gcrane } from "../test/clients/peers/gcrane.ts";
import { helm } from "../test/clients/peers/helm.ts";
import { oras } from "../test/clients/peers/oras.ts";
import { enter, type Peer, ways } from "../test/clients/peers/peer.ts";
import { regctl } from "../test/clients/peers/regctl.ts";
import { createWorld, type World } from "../test/clients/world.ts";

const wanted = process.argv.slice(2);
const peers = [crane, gcrane, oras, regctl, helm, cosign].filter(
  ({ name }) => wanted.length === 0 || wanted.includes(name),
);
const tally = { passed: 0, failed: 0 };
const skipped = goMissing();
if (skipped !== undefined) {
  console.log(`${skipped}\n0 passed, 0 failed, ${2 * peers.length} skipped`);
  process.exit(0);
}
if (peers.length > 0) await run();
if (wanted.length === 0 || wanted.includes("chart"))
  await count("our chart with helm", async () => checkChart(await buildGoProgram(helm)));
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed > 0 ? 1 : 0);

async function run(): Promise<void> {
  await using world = await createWorld({ engine: false });
  for (const peer of peers)
    for (const way of ["a token", "docker-credential-waybill"] as const) await row(peer, way, world);
}

async function row(peer: Peer, way: keyof typeof ways, world: World): Promise<void> {
  await count(`${peer.name} with ${way}`, async () => {
    const visit = await enter(peer, await buildGoProgram(peer), world, way);
    await using _ = visit.sandbox;
    await ways[way](peer, visit);
    await peer.tour(visit);
  });
}

async function count(name: string, check: () => Promise<void>): Promise<void> {
  try {
    await check();
    tally.passed += 1;
    console.log(`passed  ${name}`);
  } catch (error) {
    tally.failed += 1;
    console.log(`failed  ${name}\n${(error as Error).message}`);
  }
}
