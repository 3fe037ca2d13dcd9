// The real docker command with our helper, against a stub of a registry. No engine is needed: docker logs in by itself.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { dirname } from "node:path";
import { claimsOf, email, Home } from "./home.ts";

const docker = Bun.which("docker");
const it = docker ? test : test.skip;
if (!docker) console.warn("test/helper/docker.test.ts skipped: needs docker");

let registry: Bun.Server<undefined>;
let passwords: string[] = [];
beforeAll(() => {
  registry = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const [, encoded] = request.headers.get("authorization")?.split(" ") ?? [];
      if (!encoded) return new Response("", { status: 401, headers: { "www-authenticate": 'Basic realm="stub"' } });
      passwords.push(Buffer.from(encoded, "base64").toString());
      return Response.json({});
    },
  });
});
afterAll(() => registry.stop(true));

/** A home where docker is configured for the registry and finds the helper, run from source. */
async function prepared(): Promise<Home> {
  passwords = [];
  const home = new Home();
  const main = new URL("../../src/main.ts", import.meta.url).pathname;
  home.program("docker-credential-waybill", `exec '${process.execPath}' '${main}' docker-credential-waybill "$@"`);
  Object.assign(home.env, {
    PATH: `${home.path("bin")}:${dirname(docker ?? "")}:/usr/bin:/bin`,
    DOCKER_HOST: `unix://${home.path("no-engine.sock")}`,
  });
  await home.activate({ token_uri: `http://127.0.0.1:${registry.port}/token` });
  await home.waybill(["auth", "configure-docker"]);
  return home;
}

const host = () => `127.0.0.1:${registry.port}`;

it("docker presents the helper's token to the registry", async () => {
  using home = await prepared();
  await home.run(["docker", "manifest", "inspect", "--insecure", `${host()}/my-project/my-image`]);
  const [username, token = ""] = passwords[0]?.split(":") ?? [];
  expect(username).toBe("_token");
  expect(claimsOf(token).claims.iss).toBe(email);
});

it("docker login with other credentials succeeds and tells whose will be used", async () => {
  using home = await prepared();
  const command = ["docker", "login", "-u", "me", "--password-stdin", host()];
  const { exitCode, stderr } = await home.run(command, { input: "hush" });
  expect(exitCode, stderr).toBe(0);
  expect(passwords.at(-1)).toBe("me:hush");
  expect(stderr).toContain(`${host()} is used as ${email}`);
  expect(home.read(".docker/config.json")).not.toContain(Buffer.from("me:hush").toString("base64"));
});

it("docker logout succeeds", async () => {
  using home = await prepared();
  const { exitCode, stderr } = await home.run(["docker", "logout", host()]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
});
