import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { doorsOf, type Faces } from "../../../src/http/app.ts";
import { consoleRoutes } from "../../../src/http/console/console-routes.ts";
import { peopleRoutes } from "../../../src/http/console/people/people-routes.ts";
import { parseRoute, type Route as RegistryRoute } from "../../../src/http/distribution/route.ts";
import { googleRoutes } from "../../../src/http/google/routes.ts";
import { type Identity, identities, startWorld, type World } from "./identities.ts";
import { type Outcome, type Row, rows } from "./rows.ts";
import { type Sent, ways } from "./ways.ts";

setDefaultTimeout(60_000);

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

test("every door of the server is in the matrix", () => {
  const doors = doorsOf({} as Faces).map(({ path }) => path);
  expect([...new Set(rows.map(({ door }) => door))].sort()).toEqual(doors.sort());
});

test("what a row asks is behind the door that it names", () => {
  const doors = doorsOf({} as Faces).map(({ path }) => path);
  for (const { door, line } of rows) {
    const [, path = ""] = / (\/[^?]*)/.exec(line) ?? [];
    const wide = doors.find((each) => each.endsWith("*") && path.startsWith(each.slice(0, -1)));
    expect({ line, door }).toEqual({ line, door: doors.includes(path) ? path : (wide ?? "") });
  }
});

/** A kind that is added to the registry's paths stands here, or this file does not compile. */
const registryKinds: Readonly<Record<RegistryRoute["kind"], true>> = {
  base: true,
  blob: true,
  uploads: true,
  upload: true,
  manifest: true,
  tags: true,
  referrers: true,
  project: true,
  catalog: true,
  ping: true,
  search: true,
};

test("every kind of path of the registry is in the matrix", () => {
  const paths = rows.map(({ line }) => / (\/[^?]*)/.exec(line)?.[1] ?? "").filter((path) => path !== "/v2/token");
  const kinds = paths.filter((path) => !path.includes("%")).map((path) => parseRoute(path, "default")?.kind);
  expect([...new Set(kinds.filter((kind) => kind !== undefined))].sort()).toEqual(
    (Object.keys(registryKinds) as RegistryRoute["kind"][]).sort(),
  );
});

const titled = rows.map((row) => [`${row.line.replace(/0{9,}/, "0…")} by ${row.how}`, row] as const);

/** A path of a route table; what it names is there or not, since nobody of these gets so far. */
function lineOf({ method, pattern }: { method: string; pattern: string }): string {
  const names: Record<string, string> = {
    "{project}": "shop",
    "{attachment}": "cloudresourcemanager.googleapis.com%2Fprojects%2Fshop",
  };
  return `${method} ${pattern.replaceAll(/\{\w+\+?\}/g, (name) => names[name] ?? "something")}`;
}

async function statuses(line: string, who: readonly Identity[]) {
  const send = async (each: Identity) => (await sendAs(line, each)).status;
  return Object.fromEntries(await Promise.all(who.map(async (each) => [each, await send(each)] as const)));
}

/** Who is nobody wherever an access token is asked for. */
const strangers = ["nobody", "bad", "expired", "disabled", "person", "elsewhere", "registry"] as const;
const known = identities.filter((who) => !(strangers as readonly Identity[]).includes(who));

/** What the others may do is in test/http/google/matrix.test.ts, by role. */
describe("a route of the API is closed to all but those with an access token that holds here and now", () => {
  test.each(googleRoutes.map((route) => [lineOf(route)] as const))("%s", async (line) => {
    expect(await statuses(line, strangers)).toEqual(Object.fromEntries(strangers.map((who) => [who, 401])));
    expect(Object.values(await statuses(`${line}?no=1`, known))).not.toContain(401);
  });
});

/** What the others may do is in test/http/console/matrix.test.ts, by role. */
describe("a page or form of the console is closed to all but those who are somebody", () => {
  const closed = strangers.filter((who) => who !== "person");
  test.each(consoleRoutes.map((route) => [lineOf(route)] as const))("%s", async (line) => {
    const asked = {
      ...Object.fromEntries(closed.map((who) => [who, 401])),
      ...(line.startsWith("GET") && { nobody: 303 }),
    };
    expect(await statuses(line, closed)).toEqual(asked);
    const answers = Object.values(await statuses(line, [...known, "person"]));
    for (const status of [303, 401, 500]) expect(answers).not.toContain(status);
  });
});

describe("a page of people's own is for the browser that is signed in, and no token opens it", () => {
  const own = peopleRoutes.filter(({ who }) => who === "signed in");
  const others = identities.filter((who) => who !== "person");
  test.each(own.map((route) => [lineOf(route)] as const))("%s", async (line) => {
    const status = line.startsWith("GET") ? 303 : 401;
    expect(await statuses(line, others)).toEqual(Object.fromEntries(others.map((who) => [who, status])));
    // A form without its token changes nothing, so that nothing is ended here.
    expect((await sendAs(line, "person")).status).not.toBe(status);
  });
});

describe("a page for those who want to sign in is the same for everybody", () => {
  const open = peopleRoutes.filter(({ who }) => who === "anybody");
  test.each(open.map((route) => [lineOf(route)] as const))("%s", async (line) => {
    const answers = await statuses(line, identities);
    expect(new Set(Object.values(answers)).size).toBe(1);
    expect(answers.nobody).toBeLessThan(500);
  });
});

describe("whoever comes", () => {
  test.each(titled)("%s", async (_title, row) => {
    const answers: Partial<Record<Identity, Outcome>> = {};
    for (const who of identities) answers[who] = await ask(row, who);
    expect(answers).toEqual(row.answers);
    expect(world.server.logged).toEqual([]);
  });
});

async function sendAs(line: string, who: Identity): Promise<Response> {
  return await send(line, ways.header(world.shown[who]));
}

async function ask({ line, how, tells = [] }: Row, who: Identity): Promise<Outcome> {
  const sent: Sent = await ways[how](world.shown[who], world);
  const answer = await send(line, sent);
  if (tells.length === 0) return answer.status;
  const body = (await answer.json()) as Record<string, unknown>;
  if (answer.status === 401) return answer.status;
  return `${answer.status} ${tells.map((name) => body[name] ?? "").join("")}`;
}

async function send(line: string, { form, headers = {} }: Sent): Promise<Response> {
  const [method = "", path = ""] = line.split(" ");
  const body = form && { body: new URLSearchParams(form) };
  return await world.server.fetch(path, { method, headers, redirect: "manual", ...body });
}
