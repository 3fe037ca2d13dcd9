/** Key files that prove nobody, on a pull, a push and a token request; nothing is left behind. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import type { KeyFile } from "../../../src/identity/key-file.ts";
import type { ServiceAccountKeyRow } from "../../../src/storage/metadata/service-account-keys.ts";
import { basic, bearer } from "../../server.ts";
import { digestOf, expectRefused, play, pushBlobs, type Registry, remains, startRegistry } from "./exchanges.ts";

let registry: Registry;
let foreign: Registry;
let before: unknown;
beforeAll(async () => {
  registry = await startRegistry();
  foreign = await startRegistry();
  await pushBlobs(registry, "my-project/image", "layer");
});
afterAll(async () => {
  await registry.server.close();
  await foreign.server.close();
});
beforeEach(async () => {
  before = await remains(registry);
});
afterEach(async () => {
  expect(await remains(registry)).toEqual(before as never);
});

describe("a key file is refused", () => {
  const asPassword = (key: object | string) => basic("_json_key", typeof key === "string" ? key : JSON.stringify(key));
  const pem = (bits: number) =>
    generateKeyPairSync("rsa", { modulusLength: bits }).privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const elliptic = () =>
    generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const with_ = (change: Partial<Record<keyof KeyFile, unknown>>) => ({ ...registry.accounts.pusher.key, ...change });
  const rows: [string, () => object | string, RegExp][] = [
    ["with another private key under its id", () => with_({ private_key: pem(2048) }), /not one of this server's/],
    ["of another installation", () => foreign.accounts.pusher.key, /not one of this server's/],
    ["with an id that nobody has", () => with_({ private_key_id: "0".repeat(40) }), /not one of this server's/],
    [
      "with another account's id",
      () => with_({ private_key_id: registry.accounts.reader.key.private_key_id }),
      /not one of this server's/,
    ],
    ["with a key that is too small", () => with_({ private_key: pem(1024) }), /./],
    ["with an elliptic key", () => with_({ private_key: elliptic() }), /./],
    ["with no key", () => with_({ private_key: "" }), /./],
    ["with a number for a key", () => with_({ private_key: 7 }), /./],
    ["of another type", () => with_({ type: "authorized_user" }), /./],
    ["that is not JSON", () => "key.json", /./],
    ["that is null", () => "null", /./],
    ["that is empty", () => "{}", /./],
  ];
  test.each(rows)("%s", async (_, make, message) => {
    const text = typeof make() === "string" ? (make() as string) : JSON.stringify(make());
    await expectRefused(registry, asPassword(text), message);
    await expectRefused(registry, basic("_json_key_base64", Buffer.from(text).toString("base64")), message);
  });

  test.each([
    ["a disabled key", "key", "disable"],
    ["a deleted key", "key", "delete"],
    ["a disabled account", "account", "disable"],
    ["a deleted account", "account", "delete"],
    ["a deleted project", "project", "delete"],
  ] as const)("of %s, and so is every token that came of it, at once", async (_, what, verb) => {
    const { server } = registry;
    const project = await server.project(`${what}-${verb}`);
    const { account, key } = await server.account(project, "doomed", [
      [`project/${registry.project.id}`, "roles/owner"],
    ]);
    const accessToken = server.accessToken(account, key);
    const answer = await server.fetch("/v2/token?scope=repository:my-project/image:pull,push", {
      headers: asPassword(key),
    });
    const { token } = (await answer.json()) as { token: string };
    await play(registry, [{ send: "GET /v2/", as: "nobody", headers: bearer(token), status: 200 }]);

    await end(server, what, verb, project, account, key);
    const refused = {
      as: "nobody",
      status: 401,
      code: "UNAUTHORIZED",
      message: /disabled or deleted|not one of/,
    } as const;
    const push = `POST /v2/my-project/image/blobs/uploads/?digest=${digestOf("x")}`;
    await play(registry, [
      { send: push, headers: asPassword(key), body: "x", ...refused },
      { send: push, headers: bearer(accessToken), body: "x", ...refused },
      { send: push, headers: bearer(token), body: "x", ...refused },
      { send: "GET /v2/token", headers: asPassword(key), ...refused },
      { send: "GET /v2/token", headers: basic("oauth2accesstoken", accessToken), ...refused },
    ]);
  });
});

async function end(
  server: Registry["server"],
  what: "key" | "account" | "project",
  verb: "disable" | "delete",
  project: Parameters<typeof server.projects.delete>[0],
  account: Registry["accounts"]["pusher"]["account"],
  key: KeyFile,
): Promise<void> {
  if (what === "project") return await server.projects.delete(project);
  if (what === "account" && verb === "disable") return await server.serviceAccounts.setDisabled(account, true);
  if (what === "account") return await server.serviceAccounts.delete(account);
  const row = (await server.serviceAccountKeys.find(account, key.private_key_id)) as ServiceAccountKeyRow;
  if (verb === "disable") return await server.serviceAccountKeys.setDisabled(row, true);
  return await server.serviceAccountKeys.delete(row);
}
