import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { z } from "zod";
import type { Route } from "../../src/http/google/route.ts";
import { googleRoutes } from "../../src/http/google/routes.ts";
import { scope } from "../../src/identity/scopes.ts";
import { type Send, sender, startWorld, type World } from "../http/google/exchange.ts";
import { pushImage, smallImage } from "../registry/small-image.ts";
import { basic, bearer } from "../server.ts";

// Made from the route table: a route that is added is attacked from its first day on.

let world: World;
let intruder: Send;
/** What stands for the names in a pattern: all of it belongs to `shop`. */
let things: Record<string, string>;

beforeAll(async () => {
  world = await startWorld();
  const { server, shop, other } = world;
  const { account, key } = await server.account(shop, "pusher", [[`project/${shop.id}`, "roles/owner"]]);
  const image = smallImage("a");
  await pushImage(server, "shop/app", "latest", image, server.accessToken(account, key));
  const role = await server.customRoles.create(shop, "pusher", {});
  const group = await server.groups.create("team@example.com", {});
  const { key: member } = await server.groups.addMember(group, "user:somebody@example.com");
  await world.owner("POST /v1/projects/shop/locations/global/workloadIdentityPools?workloadIdentityPoolId=ci-pool", {});
  await world.owner(
    "POST /v1/projects/shop/locations/global/workloadIdentityPools/ci-pool/providers?workloadIdentityPoolProviderId=ci-provider",
    { oidc: { issuerUri: "https://issuer.example" }, attributeMapping: { "google.subject": "assertion.sub" } },
  );
  things = {
    "{project}": "shop",
    "{account}": account.email,
    "{key}": key.private_key_id,
    "{customRole}": role.id.slice(role.id.lastIndexOf("/") + 1),
    "{pool}": "ci-pool",
    "{provider}": "ci-provider",
    "{group}": group.id,
    "{membership}": Buffer.from(member).toString("base64url"),
    "{organization}": "1",
    "{attachment}": "cloudresourcemanager.googleapis.com%2Fprojects%2Fshop",
    "{denyPolicy}": "nothing",
    "{location}": "default",
    "{region}": "default",
    "{repository}": "app",
    "{prefix}": "team",
    "{artifactRepository}": "default",
    "{package}": "app",
    "{version}": image.digest,
    "{tag}": "latest",
    "{image}": `app@${image.digest}`,
  };
  intruder = await world.as([[`project/${other.id}`, "roles/owner"]]);
});
afterAll(() => world.server.close());

const lineOf = ({ method, pattern }: Route) => `${method} ${pattern}`;
/** @param changed takes the place of what is of `shop` */
const filled = (line: string, changed: Record<string, string> = {}) =>
  Object.entries({ ...things, ...changed })
    .reduce((text, [name, value]) => text.replaceAll(name, value), line)
    .replaceAll(/\{\w+\}/g, "something");
const isOpen = ({ permission }: Route) => permission === undefined;

/** Ids that belong to a project: by another project's path there is no such thing. */
const owned = ["{account}", "{key}", "{customRole}", "{pool}", "{provider}", "{package}", "{image}", "{repository}"];
const withId = googleRoutes.filter((each) => owned.some((name) => each.pattern.includes(name)));
const closed = withId.filter((each) => !isOpen(each));

describe("an id of another project is nothing to the owner of this one", () => {
  test("there are such routes", () => {
    expect(closed.length).toBeGreaterThan(40);
  });

  test.each(closed.map((each) => [lineOf(each)] as const))("%s", async (line) => {
    const query = /^\S+ .*\/tags$/.test(line) ? "?tagId=x" : "";
    const body = /^(?:POST|PATCH|PUT)/.test(line) ? {} : undefined;
    const at = async (project: string, more: Record<string, string> = {}) =>
      (await intruder(`${filled(line, { "{project}": project, ...more })}${query}`, body)).status;
    expect(await at("other")).toBe(404);
    expect(await at(world.other.id)).toBe(404);
    expect([await at("shop"), await at(world.shop.id)]).toEqual([403, 403]);
    if (line.includes("{account}")) expect(await at("-")).toBe(403);
  });

  test.each(
    withId
      .filter((each) => isOpen(each) && each.pattern.endsWith(":testIamPermissions"))
      .map((each) => [lineOf(each)] as const),
  )("%s tells nothing", async (line) => {
    const permissions = ["artifactregistry.repositories.get", "iam.serviceAccounts.get", "iam.roles.get"];
    for (const project of ["other", "shop"]) {
      const { status, body } = await intruder(filled(line, { "{project}": project }), { permissions });
      // What is asked of a thing that is not in one's own project comes out as of the project.
      if (project === "shop") expect([status, body]).toEqual([200, {}]);
      else expect(status).toBe(200);
    }
  });
});

describe("a body has the fields that its route knows, and no others", () => {
  const withBody = googleRoutes.filter(({ body }) => body !== undefined);

  test.each(withBody.map((each) => [lineOf(each), each] as const))("%s: at every depth", (_line, { body }) => {
    expect(looseObjects(body as z.ZodType)).toEqual([]);
  });

  test.each(withBody.map((each) => [lineOf(each), each] as const))("%s: over the wire", async (line, { body }) => {
    const issues = (body as z.ZodType).safeParse({ isOwner: true }).error?.issues ?? [];
    expect(issues.filter((issue) => issue.code === "unrecognized_keys")).toMatchObject([{ keys: ["isOwner"] }]);
    expect([400, 404]).toContain((await world.owner(filled(line), { isOwner: true })).status);
  });

  test.each(googleRoutes.map((each) => [lineOf(each)] as const))("%s: in its query, too", async (line) => {
    const body = /^(?:POST|PATCH|PUT)/.test(line) ? {} : undefined;
    expect([400, 404]).toContain((await world.owner(`${filled(line)}?isOwner=true`, body)).status);
  });
});

describe("a narrow token is not widened", () => {
  /** The registry token that a pull of one image gets. */
  async function registryToken(): Promise<string> {
    const { server, shop } = world;
    const { account, key } = await server.account(shop, `narrow-${Bun.randomUUIDv7().slice(-8)}`, [
      [`project/${shop.id}`, "roles/owner"],
    ]);
    const headers = basic("oauth2accesstoken", server.accessToken(account, key));
    const answer = await server.fetch("/v2/token?scope=repository:shop/app:pull", { headers });
    return ((await answer.json()) as { token: string }).token;
  }

  test("a registry token is no credential of any administration route", async () => {
    const send = sender(world.server, await registryToken());
    for (const each of googleRoutes) {
      const body = each.body ? {} : undefined;
      const { status } = await send(filled(lineOf(each)), body);
      expect({ line: lineOf(each), status }).toEqual({ line: lineOf(each), status: 401 });
    }
  });

  test("a registry token buys no other token", async () => {
    const token = await registryToken();
    const scopes = "scope=repository:shop/app:pull,push,delete";
    for (const headers of [basic("oauth2accesstoken", token), basic("_token", token), bearer(token)]) {
      expect((await world.server.fetch(`/v2/token?${scopes}`, { headers })).status).toBe(401);
    }
    for (const path of ["/token", "/v1/token"]) {
      const form = new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        subject_token: token,
        subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
        requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
        scope: scope.cloudPlatform,
      });
      const answer = await world.server.fetch(path, { method: "POST", body: form });
      expect(answer.ok).toBe(false);
      expect(await answer.text()).not.toContain('access_token":');
    }
  });

  test.each([
    ["read-only", [scope.storageReadOnly]],
    ["read-write", [scope.storageReadWrite]],
    ["for image policies", [scope.storageFullControl]],
    ["read-only of everything", [scope.cloudPlatformReadOnly]],
    ["without scopes", []],
  ] as [string, string[]][])(
    "a token that is %s becomes nobody else, and changes no policy of a project",
    async (_what, scopes) => {
      const send = await world.as([["installation", "roles/owner"]], scopes);
      for (const verb of ["generateAccessToken", "generateIdToken", "signJwt", "signBlob"]) {
        const line = `POST /v1/projects/{project}/serviceAccounts/{account}:${verb}`;
        if (!googleRoutes.some((each) => lineOf(each) === line)) continue;
        const body: Record<string, object> = {
          generateAccessToken: { scope: [scope.cloudPlatform] },
          generateIdToken: { audience: "https://example.com" },
          signJwt: { payload: "{}" },
          signBlob: { payload: "eA==" },
        };
        expect((await send(filled(line), body[verb])).status).toBe(403);
      }
      for (const each of googleRoutes.filter(({ permission }) =>
        /setIamPolicy$|orgpolicy\.policy\.set|denypolicies\.(?:create|update|delete)|roles\.(?:create|update)|serviceAccountKeys\.create|groups\.(?:create|update)/.test(
          permission ?? "",
        ),
      )) {
        const reaches =
          scopes.includes(scope.storageFullControl) && each.permission === "artifactregistry.repositories.setIamPolicy";
        const { status } = await send(filled(lineOf(each)), each.body ? {} : undefined);
        expect({ line: lineOf(each), refused: status === 403 }).toEqual({ line: lineOf(each), refused: !reaches });
      }
    },
  );

  test("a read-only token's registry token does not push, whatever is asked", async () => {
    const { server, shop } = world;
    const { account, key } = await server.account(shop, "reading", [[`project/${shop.id}`, "roles/owner"]]);
    const headers = basic("oauth2accesstoken", server.accessToken(account, key, [scope.storageReadOnly]));
    const answer = await server.fetch("/v2/token?scope=repository:shop/app:pull,push,delete,*", { headers });
    const { token, scope: granted } = (await answer.json()) as { token: string; scope: string };
    expect(granted).toBe("repository:shop/app:pull");
    const push = await server.fetch("/v2/shop/app/blobs/uploads/", { method: "POST", headers: bearer(token) });
    expect([401, 403]).toContain(push.status);
  });
});

/** Where a schema takes fields that it does not name, as paths; a record is one by intent. */
function looseObjects(schema: z.ZodType, path = "body", seen = new Set<unknown>()): string[] {
  if (seen.has(schema)) return [];
  seen.add(schema);
  const def = (schema as unknown as { def: Definition }).def;
  const inner = [def.element, def.innerType, def.in, def.out, ...(def.options ?? [])].filter(
    (each) => each !== undefined,
  );
  const below = inner.flatMap((each) => looseObjects(each, path, seen));
  if (def.type !== "object") return below;
  const fields = Object.entries(def.shape ?? {}).flatMap(([name, field]) =>
    looseObjects(field, `${path}.${name}`, seen),
  );
  const isStrict = (def.catchall as unknown as { def: Definition } | undefined)?.def.type === "never";
  return [...(isStrict ? [] : [path]), ...below, ...fields];
}

interface Definition {
  readonly type: string;
  readonly shape?: Record<string, z.ZodType>;
  readonly catchall?: z.ZodType;
  readonly element?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
  readonly options?: z.ZodType[];
}
