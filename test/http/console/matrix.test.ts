import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { ConsoleRoute } from "../../../src/http/console/console-route.ts";
import { consoleRoutes } from "../../../src/http/console/console-routes.ts";
import { csrfToken } from "../../../src/http/console/csrf.ts";
import type { ResourceKey } from "../../../src/storage/metadata/schema.ts";
import { startTestServer, type TestServer } from "../../server.ts";
import { fillShop, signIn } from "./shop.ts";

/**
 * Who may see and do what in the console. Every route of its table is asked by every visitor; the rows were written by
 * hand and are to be read in review. A route that stands in no row fails the test.
 */
const project = "/console/projects/{project}";
const image = "{location}/{repository+}@{reference}";
const account = `${project}/accounts/{account}`;

const verbs = {
  "see images": [`GET ${project}/images/{location}/{repository+}`, `GET ${project}/images/${image}`],
  tag: [`POST ${project}/tags/${image}`],
  untag: [`POST ${project}/untag/${image}`],
  "delete images": [`GET ${project}/delete/${image}`, `POST ${project}/delete/${image}`],
  "see something of the project": [`GET ${project}`, `GET ${project}/connect`, `GET ${project}/why`],
  "read policy": [`GET ${project}/access`],
  "write policy": [`POST ${project}/access/preview`, `POST ${project}/access/change`],
  "see accounts": [`GET ${project}/accounts`, `GET ${account}`],
  "change accounts": [
    `POST ${project}/accounts`,
    `POST ${account}/disable`,
    `POST ${account}/enable`,
    `POST ${account}/delete`,
  ],
  "change keys": [
    `POST ${account}/keys`,
    `POST ${account}/keys/{key}/disable`,
    `POST ${account}/keys/{key}/enable`,
    `POST ${account}/keys/{key}/delete`,
  ],
  "see federation": [
    `GET ${project}/federation`,
    `GET ${project}/federation/{pool}/{provider}`,
    `POST ${project}/federation/{pool}/{provider}`,
  ],
  "read the project's log": [`GET ${project}/activity`],
  "read the server's log": ["GET /console/activity"],
  "make projects": ["POST /console/projects"],
} as const;
type Verb = keyof typeof verbs;

/** They show each visitor what that visitor may know. */
const open = ["GET /console/"];

const everything = Object.keys(verbs) as Verb[];
const ofServer: readonly Verb[] = ["read the server's log", "make projects"];
const inProject = everything.filter((verb) => !ofServer.includes(verb));
const reading: readonly Verb[] = ["see images", "see something of the project"];
type Row = readonly [
  who: string,
  role: string,
  on: "installation" | "project" | "other" | "repository",
  can: readonly Verb[],
];

const rows: readonly Row[] = [
  ["somebody without a role", "", "project", []],
  ["an owner of the server", "roles/owner", "installation", everything],
  ["an owner", "roles/owner", "project", inProject],
  ["an owner of another project", "roles/owner", "other", []],
  ["a viewer", "roles/viewer", "project", [...reading, "read policy", "see accounts", "see federation"]],
  ["a reader of images", "roles/artifactregistry.reader", "project", reading],
  ["a reader of one repository", "roles/artifactregistry.reader", "repository", reading],
  ["a pusher tags and deletes nothing", "roles/artifactregistry.writer", "project", [...reading, "tag"]],
  ["a deleter", "roles/artifactregistry.repoAdmin", "project", [...reading, "tag", "untag", "delete images"]],
  [
    "an editor makes no keys and no policy",
    "roles/editor",
    "project",
    [...reading, "tag", "untag", "delete images", "read policy", "see accounts", "change accounts", "see federation"],
  ],
  [
    "a policy administrator",
    "roles/resourcemanager.projectIamAdmin",
    "project",
    ["see something of the project", "read policy", "write policy"],
  ],
  [
    "a key administrator",
    "roles/iam.serviceAccountKeyAdmin",
    "project",
    ["see something of the project", "see accounts", "change keys"],
  ],
];

let server: TestServer;
let things: Record<string, string>;
let places: Record<Row[2], ResourceKey>;

beforeAll(async () => {
  server = await startTestServer();
  const shop = await fillShop(server);
  const other = await server.project("other");
  const repositoryId = await server.metadata.hot.repositoryId("default", shop.project.id, "app");
  things = {
    "{project}": "shop",
    "{location}": "default",
    "{repository+}": "app",
    "{reference}": shop.index,
    "{account}": encodeURIComponent(shop.account.email),
    "{pool}": "ci-pool",
    "{provider}": "github",
    "{key}": shop.key.private_key_id,
  };
  places = {
    installation: "installation",
    project: `project/${shop.project.id}`,
    other: `project/${other.id}`,
    repository: `repository/${repositoryId}`,
  };
});
afterAll(() => server.close());

/** What the form of a route would send, as far as it must be sent; it changes as little as can be. */
const forms: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [`POST ${project}/tags/${image}`]: { tag: "2.3.1" },
  [`POST ${project}/untag/${image}`]: { tag: "nowhere" },
  [`POST ${project}/access/preview`]: { act: "add", kind: "user", name: "x@example.com", role: "roles/viewer" },
  [`POST ${project}/access/change`]: {
    act: "add",
    kind: "user",
    name: "x@example.com",
    role: "roles/viewer",
    etag: "old",
  },
  [`POST ${project}/federation/{pool}/{provider}`]: { token: "x.y.z" },
  [`POST ${project}/accounts`]: { name: "Not A Name" },
  "POST /console/projects": { name: "Not A Name" },
};

/** Those that would take away what the next question needs are asked about what is not there. */
const missing: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [`POST ${account}/delete`]: { "{account}": encodeURIComponent("nobody@shop.iam.waybill.internal") },
  [`POST ${account}/disable`]: { "{account}": encodeURIComponent("nobody@shop.iam.waybill.internal") },
  [`POST ${account}/keys`]: { "{account}": encodeURIComponent("nobody@shop.iam.waybill.internal") },
  [`POST ${account}/keys/{key}/disable`]: { "{key}": "0".repeat(40) },
  [`POST ${account}/keys/{key}/delete`]: { "{key}": "0".repeat(40) },
  [`POST ${project}/delete/${image}`]: { "{reference}": "nowhere" },
};

function nameOf({ method, pattern }: ConsoleRoute): string {
  return `${method} ${pattern}`;
}

async function ask(route: ConsoleRoute, cookie: string, csrf = csrfToken(cookie)): Promise<Response> {
  const name = nameOf(route);
  const names = { ...things, ...missing[name] };
  const path = Object.entries(names).reduce((text, [place, thing]) => text.replaceAll(place, thing), route.pattern);
  if (path.includes("{")) throw new Error(`nothing stands for a part of ${path}`);
  const body = new URLSearchParams({ ...forms[name], csrf });
  return await server.fetch(path, {
    method: route.method,
    headers: { cookie: `waybill=${cookie}` },
    ...(route.method === "POST" && { body }),
  });
}

test("every route of the console stands in the matrix, once", () => {
  const listed = [...Object.values(verbs).flat(), ...open];
  expect(listed.toSorted()).toEqual(consoleRoutes.map(nameOf).toSorted());
});

describe("the console lets", () => {
  test.each(rows.map((row) => [...row] as const))("%s (%s on %s)", async (who, role, on, can) => {
    const roles: [ResourceKey, string][] = role === "" ? [] : [[places[on], role]];
    const { value } = await signIn(server, `${who.replaceAll(/[^a-z]/g, "-")}@example.com`, roles);
    const allowed = new Set(can.flatMap((verb) => verbs[verb] as readonly string[]).concat(open));
    for (const route of consoleRoutes) {
      const answer = await ask(route, value);
      const text = await answer.text();
      const name = nameOf(route);
      expect({ name, refused: answer.status === 403 }).toEqual({ name, refused: !allowed.has(name) });
      expect(answer.status).toBeLessThan(500);
      // Who may see nothing of the project learns nothing from the page that says so.
      if (can.length === 0 && answer.status === 403) expect(text).not.toContain("The shop");
    }
    expect(server.logged).toEqual([]);
  });
});

describe("somebody who has not signed in", () => {
  test.each(consoleRoutes.map((route) => [nameOf(route), route] as const))("sees nothing: %s", async (_name, route) => {
    const answer = await ask(route, "");
    expect(answer.status).toBe(route.method === "GET" ? 303 : 401);
    expect(await answer.text()).not.toContain("shop");
  });
});

describe("a form without the session's token is refused, whoever sends it", () => {
  const posts = consoleRoutes.filter(({ method }) => method === "POST");
  test.each(posts.map((route) => [nameOf(route), route] as const))("%s", async (_name, route) => {
    const { value } = await signIn(server, `forged-${Bun.hash(nameOf(route))}@example.com`, [
      ["installation", "roles/owner"],
    ]);
    for (const csrf of ["", "x", csrfToken("another session")]) {
      const answer = await ask(route, value, csrf);
      expect(answer.status).toBe(403);
      expect(await answer.text()).toContain("did not come from this page");
    }
  });
});

test("a form that the browser says is another site's is refused, whatever it holds", async () => {
  const { value } = await signIn(server, "lured@example.com", [["installation", "roles/owner"]]);
  for (const headers of [
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "https://evil.example" },
  ]) {
    const answer = await server.fetch("/console/projects", {
      method: "POST",
      headers: { ...headers, cookie: `waybill=${value}` },
      body: new URLSearchParams({ name: "lured", csrf: csrfToken(value) }),
    });
    expect(answer.status).toBe(403);
  }
  expect(await server.projects.find("lured")).toBeUndefined();
});

test("a missing project and a forbidden one read alike", async () => {
  const { headers } = await signIn(server, "curious@example.com");
  const read = async (name: string) =>
    (await (await server.fetch(`/console/projects/${name}`, { headers })).text()).replaceAll(name, "NAME");
  expect(await read("shop")).toBe(await read("nowhere"));
});
