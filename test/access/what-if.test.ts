import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startWorld, type World } from "../http/google/exchange.ts";
import { pushImage, smallImage } from "../registry/small-image.ts";
import { bearer } from "../server.ts";

let world: World;
let names: Record<"pusher" | "puller" | "idle" | "elsewhere", string>;
const reader = "roles/artifactregistry.reader";
const writer = "roles/artifactregistry.writer";

/** A pusher and a puller who did so, somebody who never came, and one whose role is the server's. */
beforeAll(async () => {
  world = await startWorld();
  const { server, shop, member } = world;
  const project = `project/${shop.id}` as const;
  const pusher = await member([[project, writer]]);
  const puller = await member([[project, reader]]);
  const idle = await member([[project, reader]]);
  const elsewhere = await member([["installation", reader]]);
  const token = (who: typeof pusher) => server.accessToken(who.account, who.key);
  await pushImage(server, "shop/app", "1", smallImage("a"), token(pusher));
  for (const who of [puller, puller, elsewhere]) {
    const answer = await server.fetch("/v2/shop/app/manifests/1", { headers: bearer(token(who)) });
    expect(answer.status).toBe(200);
  }
  const name = ({ account }: typeof pusher) => `serviceAccount:${account.email}`;
  names = { pusher: name(pusher), puller: name(puller), idle: name(idle), elsewhere: name(elsewhere) };
});

afterAll(() => world.server.close());

const replay = async (bindings: readonly object[]) => {
  const { status, body } = await world.owner("POST /v1/projects/shop:testPolicyReplay", { policy: { bindings } });
  expect(status).toBe(200);
  return body;
};
const pull = "artifactregistry.repositories.downloadArtifacts";

describe("a policy that is only proposed", () => {
  test("cuts nobody off when it grants what was used, and shows what was not", async () => {
    const { cutOff, unusedBindings, usesReplayed } = await replay([
      { role: writer, members: [names.pusher] },
      { role: reader, members: [names.puller, names.idle] },
    ]);
    expect(cutOff).toEqual([]);
    expect(unusedBindings).toEqual([{ role: reader, members: [names.idle] }]);
    expect(usesReplayed).toBeGreaterThan(2);
  });

  test("names whom it cuts off, from what, how often that was used and when last", async () => {
    const { cutOff } = await replay([{ role: writer, members: [names.pusher] }]);
    expect(cutOff).toEqual([
      { principal: names.puller, permission: pull, resource: "shop/app", times: 2, lastUseDate: "2026-11-23" },
    ]);
  });

  test("of nothing cuts off all but those whose role is elsewhere", async () => {
    const principals = (await replay([])).cutOff.map(({ principal }: { principal: string }) => principal);
    expect([...new Set(principals)].sort()).toEqual([names.puller, names.pusher].sort());
  });

  test("with a condition is asked for the resource that was used", async () => {
    const binding = (repository: string) => {
      const expression = `resource.name.startsWith("projects/shop/locations/default/repositories/${repository}")`;
      return [
        { role: writer, members: [names.pusher] },
        { role: reader, members: [names.puller], condition: { expression } },
      ];
    };
    expect((await replay(binding("app"))).cutOff).toEqual([]);
    expect((await replay(binding("other"))).cutOff).toMatchObject([{ principal: names.puller }]);
  });

  test("changes nothing, and makes no user", async () => {
    const users = () => world.server.metadata.read.selectFrom("users").selectAll().execute();
    const before = await world.owner("POST /v1/projects/shop:getIamPolicy", {});
    await replay([{ role: reader, members: ["user:somebody-new@example.com"] }]);
    expect(await users()).toEqual([]);
    expect((await world.owner("POST /v1/projects/shop:getIamPolicy", {})).body).toEqual(before.body);
  });

  test("is refused where it could not be set", async () => {
    const policy = { bindings: [{ role: "roles/made.up", members: ["allUsers"] }] };
    const { status } = await world.owner("POST /v1/projects/shop:testPolicyReplay", { policy });
    expect(status).toBe(400);
  });

  test("does not look further back than 30 days", async () => {
    world.server.clock.now += 32 * 24 * 60 * 60 * 1000;
    const late = await world.as([["installation", "roles/owner"]]);
    const { body } = await late("POST /v1/projects/shop:testPolicyReplay", { policy: { bindings: [] } });
    expect(body.cutOff).toEqual([]);
  });
});
