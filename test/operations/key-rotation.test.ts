import { expect, test } from "bun:test";
import type { KeyFile } from "../../src/identity/key-file.ts";
import { startAdministeredServer } from "../cli/administered-server.ts";
import { assertionOf, jwtBearer } from "../jwt.ts";
import { basic, bearer } from "../server.ts";

/** Signing keys are rotated under load, on a real server: no request is refused, whatever token it bears. */
const rotations = 4;
const workers = 6;
/** So many requests are answered between two rotations, and after the last. */
const requestsBetween = 60;

test("a rotation refuses no request", async () => {
  await using server = await startAdministeredServer();
  const key = (await Bun.file(server.adminKey).json()) as KeyFile;
  const ask = (path: string, init: RequestInit = {}) => fetch(`${server.origin}${path}`, init);
  const grant = async () => {
    const body = new URLSearchParams({ grant_type: jwtBearer, assertion: assertionOf(key, Date.now()) });
    return ((await (await ask("/token", { method: "POST", body })).json()) as { access_token: string }).access_token;
  };
  const exchange = async (token: string) => {
    const response = await ask("/v2/token", { headers: basic("oauth2accesstoken", token) });
    return ((await response.json()) as { token: string }).token;
  };
  // Signed before all rotations, and believed after each of them.
  const oldAccess = await grant();
  const oldRegistry = await exchange(oldAccess);
  const statuses = new Map<string, number>();
  let answered = 0;
  let done = false;
  const count = (what: string, { status }: Response) => {
    answered++;
    statuses.set(`${what} ${status}`, (statuses.get(`${what} ${status}`) ?? 0) + 1);
  };
  const work = async () => {
    while (!done) {
      const access = await grant();
      count("new access token", await ask("/v1/projects", { headers: bearer(access) }));
      count("new registry token", await ask("/v2/", { headers: bearer(await exchange(access)) }));
      count("old access token", await ask("/v1/projects", { headers: bearer(oldAccess) }));
      count("old registry token", await ask("/v2/", { headers: bearer(oldRegistry) }));
    }
  };
  const answers = async (more: number) => {
    const until = answered + more;
    while (answered < until) await Bun.sleep(5);
  };
  const working = Promise.all(Array.from({ length: workers }, work));
  const signers = new Set<string>();
  for (let rotation = 0; rotation < rotations; rotation++) {
    await answers(requestsBetween);
    const { exitCode, stdout } = await server.waybill([
      "server",
      "rotate-keys",
      "--data",
      server.home.path("data"),
      "--format=json",
    ]);
    expect(exitCode).toBe(0);
    for (const { use, key: id } of JSON.parse(stdout)) if (use !== "id") signers.add(id);
  }
  await answers(requestsBetween);
  done = true;
  await working;
  expect(signers.size).toBe(3 * rotations);
  expect([...statuses.keys()].filter((line) => !line.endsWith(" 200"))).toEqual([]);

  // And where a key may have been stolen, what it signed is worth nothing; nobody has to do anything about it.
  const revoked = await server.waybill(["server", "rotate-keys", "--revoke-old", "--data", server.home.path("data")]);
  expect(revoked.stdout).toMatch(/^access: [0-9a-f]{32} signs now$/m);
  expect((await ask("/v1/projects", { headers: bearer(oldAccess) })).status).toBe(401);
  expect((await ask("/v1/projects", { headers: bearer(await grant()) })).status).toBe(200);
}, 120_000);
