import { afterAll, beforeAll, describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { clientTest } from "../clients/client-test.ts";
import { startFederatedWorld } from "../clients/federated-world.ts";
import { Sandbox } from "../clients/sandbox.ts";

// The scripts as CI systems run them, with tokens shaped like theirs, against our server.

const deploy = join(import.meta.dir, "../../deploy");
let world: Awaited<ReturnType<typeof startFederatedWorld>>;
let github: ReturnType<typeof Bun.serve>;
beforeAll(async () => {
  world = await startFederatedWorld();
  // GitHub's own endpoint, as docs.github.com has it: a bearer token, the audience in the query, the token as `value`.
  github = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const isAsked =
        new URL(request.url).searchParams.get("audience") === `https://iam.googleapis.com/${world.provider}`;
      if (request.headers.get("authorization") !== "Bearer job" || !isAsked) return new Response(null, { status: 403 });
      return Response.json({ value: await world.subjectToken() });
    },
  });
}, 120_000);
afterAll(async () => {
  await github.stop(true);
  await world[Symbol.asyncDispose]();
});

/** podman, that may speak to our server in the clear. */
async function sandboxOf(): Promise<Sandbox> {
  const sandbox = await Sandbox.create();
  const { host } = world.server;
  await Bun.write(sandbox.path("containers/registries.conf"), `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
  return sandbox;
}

async function isLoggedIn(sandbox: Sandbox): Promise<string> {
  const { stdout, exitCode } = await sandbox.run(["podman", "login", "--get-login", world.server.host]);
  return exitCode === 0 ? stdout.trim() : "";
}

const node = (sandbox: Sandbox, script: string, env: Record<string, string>) =>
  sandbox.run(["node", join(deploy, "github-action", script)], { env });

const githubEnv = (sandbox: Sandbox, inputs: Record<string, string>) => ({
  ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${github.port}/token?api-version=2.0`,
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "job",
  GITHUB_STATE: sandbox.path("state"),
  GITHUB_OUTPUT: sandbox.path("output"),
  INPUT_REGISTRY: world.server.origin,
  INPUT_PROVIDER: world.provider,
  INPUT_SCOPES: "devstorage.read_only",
  INPUT_CLIENT: "podman",
  ...inputs,
});

describe("the GitHub Action", () => {
  for (const [who, inputs] of [
    ["itself", {}],
    ["a service account", { "INPUT_SERVICE-ACCOUNT": "robot@book-shop.iam.waybill.internal" }],
  ] as const) {
    clientTest(`logs podman in as ${who}, masks every token, and logs out again`, ["podman", "root"], async () => {
      await using sandbox = await sandboxOf();
      const { exitCode, stdout } = await node(sandbox, "login.js", githubEnv(sandbox, inputs));
      expect({ exitCode, stdout: stdout.replaceAll(/::add-mask::.*/g, "") }).toMatchObject({ exitCode: 0 });
      expect(await isLoggedIn(sandbox)).toBe("oauth2accesstoken");
      const [, token = ""] = /^access-token=(.*)$/m.exec(readFileSync(sandbox.path("output"), "utf8")) ?? [];
      expect(await world.whoIs(token)).toBe(who === "itself" ? world.workload : world.email);
      // What the log shows after the masks is free of them.
      const masks = [...stdout.matchAll(/^::add-mask::(.*)$/gm)].map(([, secret = ""]) => secret);
      expect(masks).toContain(token);
      const rest = stdout.replaceAll(/^::add-mask::.*$/gm, "");
      for (const secret of masks) expect(rest).not.toContain(secret);
      const state = Object.fromEntries(
        readFileSync(sandbox.path("state"), "utf8")
          .trim()
          .split("\n")
          .map((line) => {
            const [name = "", value = ""] = line.split("=");
            return [`STATE_${name}`, value];
          }),
      );
      await node(sandbox, "logout.js", state);
      expect(await isLoggedIn(sandbox)).toBe("");
    });
  }

  clientTest("says what is wrong, in one line", [], async () => {
    await using sandbox = await sandboxOf();
    for (const [inputs, message] of [
      [{ INPUT_REGISTRY: "http://registry.example.com" }, "registry: http://registry.example.com is not a URL"],
      [{ INPUT_PROVIDER: "github" }, "provider: github is not projects/"],
      [{ INPUT_CLIENT: "sh" }, "client: sh is not one of"],
      [{ ACTIONS_ID_TOKEN_REQUEST_TOKEN: "" }, "permissions: id-token: write"],
      [{ INPUT_PROVIDER: world.provider.replace(/[^/]+$/, "other") }, "answered with status 403"],
      [{ "INPUT_SERVICE-ACCOUNT": "nobody@book-shop.iam.waybill.internal" }, "answered with status 40"],
    ] as const) {
      const { exitCode, stdout } = await node(sandbox, "login.js", githubEnv(sandbox, inputs));
      const errors = stdout.split("\n").filter((line) => line.startsWith("::error"));
      expect({ inputs, exitCode, errors: errors.length }).toEqual({ inputs, exitCode: 1, errors: 1 });
      expect(errors[0]).toContain(message);
    }
  });
});

describe("the GitLab template", () => {
  const template = Bun.YAML.parse(readFileSync(join(deploy, "gitlab/waybill-login.yml"), "utf8")) as {
    ".waybill-login": { id_tokens: object; before_script: string[] };
  };
  const script = template[".waybill-login"].before_script.join("\n");
  const job = async (more: Record<string, string> = {}) => ({
    WAYBILL_REGISTRY: world.server.origin,
    WAYBILL_PROVIDER: world.provider,
    WAYBILL_ID_TOKEN: await world.subjectToken(),
    WAYBILL_CLIENT: "podman",
    ...more,
  });

  clientTest("logs podman in as the job, and as a service account", ["podman", "root"], async () => {
    for (const more of [{}, { WAYBILL_SERVICE_ACCOUNT: world.email }]) {
      await using sandbox = await sandboxOf();
      const { exitCode, stderr, stdout } = await sandbox.run(["sh", "-c", script], { env: await job(more) });
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
      expect(stdout).toContain("Login Succeeded!");
      expect(await isLoggedIn(sandbox)).toBe("oauth2accesstoken");
    }
  });

  clientTest("says what is wrong, and no token", ["podman", "root"], async () => {
    await using sandbox = await sandboxOf();
    const env = await job({ WAYBILL_SERVICE_ACCOUNT: "nobody@book-shop.iam.waybill.internal" });
    const { exitCode, stderr, stdout } = await sandbox.run(["sh", "-c", script], { env });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("waybill: error: ");
    expect(stderr + stdout).not.toContain(env.WAYBILL_ID_TOKEN);
    expect(await isLoggedIn(sandbox)).toBe("");
  });
});
