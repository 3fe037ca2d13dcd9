/**
 * Secrets are shown at every door of a real server, in the right places and in the wrong ones, and none of them may be found
 * in anything that the server writes: its log, its answers' audit log, its database, temporary files.
 */
import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { doorsOf, type Faces } from "../../src/http/app.ts";
import { consoleRoutes } from "../../src/http/console/console-routes.ts";
import { peopleRoutes } from "../../src/http/console/people/people-routes.ts";
import { googleRoutes } from "../../src/http/google/routes.ts";
import type { KeyFile } from "../../src/identity/key-file.ts";
import { Home } from "../helper/home.ts";
import { assertionOf, jwtBearer } from "../jwt.ts";
import { basic, bearer } from "../server.ts";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const password = "Correct-Horse-8f2b71c4-Battery";

/** What is shown, and a part of it that is to be found nowhere. */
interface Secret {
  readonly name: string;
  readonly text: string;
  readonly mark: string;
}

async function startServer(home: Home) {
  const temporary = home.path("temporary");
  mkdirSync(temporary);
  const [data, owner, log] = [home.path("data"), home.path("owner.json"), home.path("server.log")];
  const argv = ["serve", "--listen=127.0.0.1:0", `--data=${data}`, `--admin-key=${owner}`];
  const rates = ["--anonymous-rate=1000000", "--principal-rate=1000000"];
  const child = Bun.spawn([process.execPath, main, ...argv, ...rates], {
    env: { ...home.env, TMPDIR: temporary },
    stdout: "pipe",
    stderr: Bun.file(log),
  });
  let text = "";
  for await (const chunk of child.stdout) {
    text += new TextDecoder().decode(chunk);
    if (text.includes("\n")) break;
  }
  const stop = async () => {
    child.kill("SIGTERM");
    await child.exited;
  };
  return { origin: /ready: (\S+)/.exec(text)?.[1] ?? "", owner, places: [data, temporary], log, stop };
}

/** Every kind of secret, each one that works. */
async function secretsOf(send: Send, key: KeyFile): Promise<Secret[]> {
  const json = async (answer: Response) => (await answer.json()) as Record<string, string>;
  const assertion = assertionOf(key, Date.now());
  const form = new URLSearchParams({ grant_type: jwtBearer, assertion });
  const { access_token: access = "" } = await json(await send("/token", { method: "POST", body: form }));
  const scope = "/v2/token?scope=repository:shop/app:pull,push";
  const { token: registry = "" } = await json(await send(scope, { headers: basic("oauth2accesstoken", access) }));
  const login = `${scope}&offline_token=true&client_id=docker`;
  const file = JSON.stringify(key);
  const { refresh_token: refresh = "" } = await json(await send(login, { headers: basic("_json_key", file) }));
  const ending = (name: string, text: string): Secret => ({ name, text, mark: text.slice(-40) });
  const pemLine = key.private_key.split("\n")[5] ?? "";
  return [
    ending("access token", access),
    ending("registry token", registry),
    ending("assertion", assertion),
    ending("refresh token", refresh),
    { name: "key file", text: file, mark: pemLine },
    { name: "private key", text: key.private_key, mark: pemLine },
    {
      name: "key file in base64",
      text: Buffer.from(file).toString("base64"),
      mark: Buffer.from(file).toString("base64").slice(900, 960),
    },
    { name: "password", text: password, mark: password },
  ];
}

type Send = (path: string, init?: RequestInit) => Promise<Response>;

/** Every path of the server, with names in it that exist or not. */
function doors(): string[] {
  const names: Record<string, string> = { project: "shop", location: "default", role: "viewer", key: "0" };
  const google = googleRoutes.map(({ method, pattern }) => {
    return `${method} ${pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? "app")}`;
  });
  const pages = [...peopleRoutes, ...consoleRoutes].map(
    ({ method, pattern }) =>
      `${method} ${pattern.replaceAll(/\{(\w+)\+?\}/g, (_, name: string) => names[name] ?? "app")}`,
  );
  const whole = doorsOf({} as Faces).filter(({ path }) => !path.endsWith("*"));
  return [
    "GET /v2/",
    "GET /v2/token",
    "POST /v2/token",
    "GET /v2/shop/app/manifests/1",
    "PUT /v2/shop/app/manifests/1",
    "DELETE /v2/shop/app/manifests/1",
    "POST /v2/shop/app/blobs/uploads/",
    "GET /v2/_catalog",
    "GET /v1/search",
    "POST /token",
    "POST /v1/token",
    "POST /v1/introspect",
    "POST /device/code",
    "POST /revoke",
    "GET /tokeninfo",
    "POST /tokeninfo",
    "GET /userinfo",
    "GET /jwks",
    "GET /console/",
    "GET /console/sign-in",
    "POST /console/sign-in",
    "POST /console/setup",
    "GET /healthz",
    "GET /no-such-path",
    ...whole.flatMap(({ path }) => [`GET ${path}`, `POST ${path}`]),
    ...pages.filter((line) => !line.startsWith("POST /console/sign-out")),
    ...google.filter((line) => !line.startsWith("DELETE /v1/projects/shop") && !line.includes(":import")),
  ];
}

/** A secret at a door, in every place where a client, a person or a tool could put it. */
function shown(door: string, { text }: Secret): [string, RequestInit][] {
  const [method = "", path = ""] = door.split(" ");
  const header = encodeURIComponent(text) === text ? text : Buffer.from(text).toString("base64");
  const mark = encodeURIComponent(text);
  const withQuery = `${path}${path.includes("?") ? "&" : "?"}`;
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const fields = [
    "access_token",
    "token",
    "password",
    "refresh_token",
    "assertion",
    "subject_token",
    "code",
    "client_secret",
  ];
  const places: [string, RequestInit][] = [
    [path, { headers: bearer(header) }],
    [path, { headers: basic("_json_key", text) }],
    [path, { headers: basic("oauth2accesstoken", text) }],
    [path, { headers: basic(`somebody`, text) }],
    [path, { headers: { authorization: header } }],
    [path, { headers: { "user-agent": `curl/8.5 ${header}`, referer: `https://elsewhere.test/?token=${header}` } }],
    [
      path,
      { headers: { cookie: `session=${header}; token=${header}`, "x-api-key": header, "x-forwarded-for": header } },
    ],
    [`${withQuery}access_token=${mark}&token=${mark}&key=${mark}&scope=${mark}&filter=${mark}&pageToken=${mark}`, {}],
  ];
  if (method === "GET" || method === "DELETE") return places;
  const body = fields.map((name) => `${name}=${mark}`).join("&");
  const object = JSON.stringify(Object.fromEntries(fields.map((name) => [name, text])));
  return [
    ...places,
    [path, { headers: form, body: `grant_type=refresh_token&${body}` }],
    [path, { headers: form, body: `grant_type=password&username=oauth2accesstoken&${body}` }],
    [path, { headers: form, body: `grant_type=${mark}&${body}` }],
    [path, { headers: { "content-type": "application/json" }, body: object }],
  ];
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

test("no secret that is shown at any door is written anywhere", async () => {
  using home = new Home();
  const server = await startServer(home);
  const send: Send = (path, init) => fetch(`${server.origin}${path}`, { redirect: "manual", ...init });
  const key = JSON.parse(readFileSync(server.owner, "utf8")) as KeyFile;
  const owner = { WAYBILL_SERVER: server.origin, WAYBILL_KEY_FILE: server.owner };
  await home.waybill(["projects", "create", "shop"], { env: owner });
  const secrets = await secretsOf(send, key);
  const [access] = secrets as [Secret];
  let requests = 0;
  const show = async (door: string) => {
    const [method = ""] = door.split(" ");
    for (const secret of secrets) {
      for (const [path, init] of shown(door, secret)) {
        await (await send(path, { method, ...init })).arrayBuffer();
        // Whoever is known is logged more: the same, beside a credential that is good.
        const headers = { ...(init.headers as Record<string, string>), ...bearer(access.text) };
        if (init.body !== undefined || path.includes("?"))
          await (await send(path, { method, ...init, headers })).arrayBuffer();
        requests++;
      }
    }
  };
  // Whoever shows a token there has ended it.
  const isLast = (door: string) => door.endsWith(" /revoke");
  for (const door of doors().filter((each) => !isLast(each))) await show(door);
  // In the place of a repository, a tag and an id.
  for (const { text } of secrets) {
    const part = encodeURIComponent(text);
    for (const path of [
      `/v2/shop/${part}/manifests/1`,
      `/v2/shop/app/manifests/${part}`,
      `/v2/shop/app/blobs/${part}`,
    ]) {
      for (const headers of [{}, bearer(access.text)]) await (await send(path, { headers })).arrayBuffer();
    }
    // A name is a name, and whoever asks for one that is a password has said it: tokens and keys are recognised.
    if (text === password) continue;
    for (const path of [`/v1/projects/${part}`, `/v1/projects/shop/serviceAccounts/${part}`, `/v1/roles/${part}`]) {
      for (const method of ["GET", "DELETE", "PATCH"]) {
        await (await send(path, { method, headers: bearer(access.text) })).arrayBuffer();
      }
    }
  }
  expect((await send("/userinfo", { headers: bearer(access.text) })).status).toBe(200);
  for (const door of doors().filter(isLast)) await show(door);
  const log = await home.waybill(["audit", "export", "-"], { env: owner });
  await server.stop();
  expect(log.stdout.split("\n").length).toBeGreaterThan(20);
  expect(requests).toBeGreaterThan(1000);
  const written = [server.log, ...server.places.flatMap(filesIn)].map((file) => ({
    file,
    text: readFileSync(file, "latin1"),
  }));
  const found = secrets.flatMap(({ name, mark }) => {
    expect(mark.length).toBeGreaterThan(20);
    const files = written.filter(({ text }) => text.includes(mark)).map(({ file }) => `${name} in ${file}`);
    return log.stdout.includes(mark) ? [...files, `${name} in the audit log`] : files;
  });
  expect(found).toEqual([]);
  // The check itself sees what is there.
  expect(written.some(({ text }) => text.includes("decision.refused"))).toBe(true);
}, 180_000);
