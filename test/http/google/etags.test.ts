import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startWorld, type World } from "./exchange.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
  await world.owner("POST /v1/projects/shop/serviceAccounts", { accountId: "robot" });
  await world.owner("POST /v1/projects/shop/roles", { roleId: "puller", role: { title: "Puller" } });
});
afterAll(() => world.server.close());

type Body = { readonly etag: string };
const robot = "/v1/projects/shop/serviceAccounts/robot@shop.iam.waybill.internal";

/** How each thing is changed with an etag, and without. */
const things: readonly (readonly [what: string, change: (etag?: string) => Promise<{ status: number; body: Body }>])[] =
  [
    ["an account", (etag) => world.owner(`PATCH ${robot}`, { serviceAccount: { displayName: "Rob", etag } })],
    ["a role", (etag) => world.owner("PATCH /v1/projects/shop/roles/puller", { title: "Puller", etag })],
    [
      "a policy",
      (etag) => world.owner(`POST ${robot}:setIamPolicy`, { policy: { bindings: [], ...(etag && { etag }) } }),
    ],
  ];

describe("an etag", () => {
  test.each([...things])(
    "of %s may come back in either alphabet of base64, and only the current one counts",
    async (_, change) => {
      let etag = "";
      while (!/[+/]/.test(etag)) etag = (await change()).body.etag;
      const urlSafe = etag.replaceAll("+", "-").replaceAll("/", "_");
      expect((await change(urlSafe)).status).toBe(200);
      expect(await change(urlSafe)).toMatchObject({ status: 409, body: { error: { status: "ABORTED" } } });
      expect((await change(etag)).status).toBe(409);
    },
  );
});
