/**
 * What others need for the same: Debian's registry with a password file, and distribution with cesanta/docker_auth, which is the
 * token server that people run beside it.
 */
import { createHash, X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { buildGoProgram, type GoProgram, goMissing } from "../../test/clients/go-program.ts";
import type { Sandbox } from "../../test/clients/sandbox.ts";
import { basic, bearer } from "../../test/server.ts";
import { imageOf, pushImage } from "../registry/client.ts";
import { ContentMaker } from "../registry/content.ts";
import { answering, freePort, repository, startDistribution } from "../registry/servers.ts";
import { Wire } from "../registry/wire.ts";
import type { Question } from "./question.ts";

/** htpasswd's own; a careful operator takes more, and each more doubles what a request costs. */
const bcryptCost = 5;
const [username, password] = ["robot", "password"];
const issuer = "bench auth";
const scopes = `service=bench&scope=repository:${repository}:pull,push`;
const manifestGet = "manifest GET with a registry token";
const exchange = `a registry token for a password: bcrypt, cost ${bcryptCost}`;

const distribution: GoProgram = {
  name: "registry",
  module: "github.com/distribution/distribution/v3/cmd/registry@v3.1.2",
};
/** Its module is called auth_server. Where Go's proxy does not give it, build it from a clone and put it where `dockerAuth` looks. */
const dockerAuthVersion = "v0.0.0-20260303230752-c67e1750ff5e";
const dockerAuthModule: GoProgram = {
  name: "auth_server",
  module: `github.com/cesanta/docker_auth/auth_server@${dockerAuthVersion}`,
};

/** A peer that cannot run here, and why. */
export class NotMeasured extends Error {}

/** Debian's registry with a password file: no tokens, so every request pays for the password. Throws NotMeasured. */
export async function* passwordFile(sandbox: Sandbox): AsyncGenerator<Question> {
  const program = Bun.which("docker-registry");
  if (!program) throw new NotMeasured("docker-registry is not installed (apt-get install docker-registry)");
  await Bun.write(sandbox.path("htpasswd"), `${username}:${await passwordHash()}\n`);
  sandbox.env.REGISTRY_AUTH_HTPASSWD_REALM = "bench";
  sandbox.env.REGISTRY_AUTH_HTPASSWD_PATH = sandbox.path("htpasswd");
  const { origin, pid } = await startDistribution(sandbox, "", "docker-registry", [program]);
  const what = `checked request: htpasswd with bcrypt, cost ${bcryptCost}`;
  const headers = basic(username, password);
  yield { what, contender: "docker-registry", pid, url: `${origin}/v2/`, method: "GET", headers, body: "" };
}

/** distribution 3 that believes docker_auth's tokens. Throws NotMeasured. */
export async function* tokenServer(sandbox: Sandbox): AsyncGenerator<Question> {
  const [authProgram, registryProgram] = [await dockerAuth(), await built(distribution)];
  const auth = await startDockerAuth(sandbox, authProgram);
  const ask = {
    url: `${auth.origin}/auth?${scopes}`,
    method: "GET",
    headers: basic(username, password),
    body: "",
  } as const;
  yield { what: exchange, contender: "docker_auth", pid: auth.pid, ...ask };

  Object.assign(sandbox.env, {
    REGISTRY_AUTH_TOKEN_REALM: `${auth.origin}/auth`,
    REGISTRY_AUTH_TOKEN_SERVICE: "bench",
    REGISTRY_AUTH_TOKEN_ISSUER: issuer,
    REGISTRY_AUTH_TOKEN_JWKS: await writeKeySet(sandbox),
  });
  const registry = await startDistribution(sandbox, "", "distribution", [registryProgram]);
  const answer = await fetch(ask.url, { headers: ask.headers });
  const { token } = (await answer.json()) as { token: string };
  // Without it distribution says that there is no such manifest.
  const headers = { ...bearer(token), accept: "application/vnd.oci.image.manifest.v1+json" };
  const wire = await Wire.open(registry.origin, headers);
  await pushImage(wire, imageOf(repository, "1", new ContentMaker(8192).repeated()), "monolithic");
  wire.close();
  const url = `${registry.origin}/v2/${repository}/manifests/1`;
  yield {
    what: manifestGet,
    contender: "distribution with docker_auth",
    pid: registry.pid,
    url,
    method: "GET",
    headers,
    body: "",
  };
}

async function dockerAuth(): Promise<string> {
  const inPath = Bun.which("docker_auth");
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const own = join(cache, "waybill/peers", `docker_auth@${dockerAuthVersion}`, "docker_auth");
  return inPath ?? (existsSync(own) ? own : await built(dockerAuthModule));
}

async function built(program: GoProgram): Promise<string> {
  if (goMissing() !== undefined) throw new NotMeasured(`${program.name} needs Go to be built`);
  try {
    return await buildGoProgram(program);
  } catch (error) {
    throw new NotMeasured((error as Error).message.replaceAll(/\s*\n\s*/g, "; ").slice(0, 400));
  }
}

async function startDockerAuth(sandbox: Sandbox, program: string) {
  const port = freePort();
  const [certificate, key, config] = [sandbox.path("auth.pem"), sandbox.path("auth.key"), sandbox.path("auth.yml")];
  const request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await sandbox.succeed([...request, "-days", "1", "-subj", "/CN=bench", "-keyout", key, "-out", certificate]);
  await Bun.write(
    config,
    `server: { addr: "127.0.0.1:${port}" }
token: { issuer: "${issuer}", expiration: 3600, certificate: "${certificate}", key: "${key}" }
users:
  ${username}: { password: "${await passwordHash()}" }
acl:
  - { match: { account: "${username}" }, actions: ["*"] }
`,
  );
  const { pid } = await sandbox.start("docker_auth", [program, config], /^/);
  return await answering({ name: "docker_auth", origin: `http://127.0.0.1:${port}`, pid }, "/");
}

/** docker_auth names its key as libtrust did, and distribution 3 looks for a key of that name in a JWKS only. */
async function writeKeySet(sandbox: Sandbox): Promise<string> {
  const { publicKey } = new X509Certificate(readFileSync(sandbox.path("auth.pem")));
  const hash = createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest()
    .subarray(0, 30);
  const bits = [...hash].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const letters = (bits.match(/.{5}/g) ?? []).map(
    (five) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[Number.parseInt(five, 2)],
  );
  const kid = (letters.join("").match(/.{4}/g) ?? []).join(":");
  const path = sandbox.path("jwks.json");
  const jwk = { ...publicKey.export({ format: "jwk" }), kid, alg: "ES256", use: "sig" };
  await Bun.write(path, JSON.stringify({ keys: [jwk] }));
  return path;
}

async function passwordHash(): Promise<string> {
  return await Bun.password.hash(password, { algorithm: "bcrypt", cost: bcryptCost });
}
