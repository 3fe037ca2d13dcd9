/**
 * The token service: what an exchange, a grant and a checked request cost, beside what others need for the same. The audit log is on,
 * as it always is. The server runs as it is shipped, compiled, over a folder.
 */
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import type { KeyFile } from "../src/identity/key-file.ts";
import { Sandbox } from "../test/clients/sandbox.ts";
import { assertionOf, jwtBearer, signJwt } from "../test/jwt.ts";
import { basic, bearer } from "../test/server.ts";
import { machine } from "./measure.ts";
import { imageOf, pushImage } from "./registry/client.ts";
import { median, rounded } from "./registry/comparison.ts";
import { ContentMaker } from "./registry/content.ts";
import { repository, startWaybill } from "./registry/servers.ts";
import { Wire } from "./registry/wire.ts";
import { decisionLines } from "./tokens/decision.ts";
import { NotMeasured, passwordFile, tokenServer } from "./tokens/peers.ts";
import type { Question } from "./tokens/question.ts";
import { type Rate, rateOf } from "./tokens/rate.ts";

const peers = { "docker-registry": passwordFile, "distribution with docker_auth": tokenServer };
const connections = 16;
const form = { "content-type": "application/x-www-form-urlencoded" };
const scopes = `scope=repository:${repository}:pull,push`;
export async function* lines({ quick }: { quick: boolean }): AsyncGenerator<object> {
  yield* decisionLines(quick);
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await Sandbox.create());
  const [seconds, rounds] = quick ? [1, 1] : [6, 3];
  const measured = async (question: Question) => {
    const rates: Rate[] = [];
    const { pid } = question;
    for (let round = 0; round < rounds; round++) {
      rates.push(await rateOf(sandbox, question, { pid, connections, seconds, cores: "" }));
    }
    return toLine(question, rates);
  };
  for (const question of await questionsToUs(sandbox)) yield await measured(question);
  for (const [contender, peer] of Object.entries(peers)) {
    try {
      for await (const question of peer(stack.use(await Sandbox.create()))) yield await measured(question);
    } catch (error) {
      if (!(error instanceof NotMeasured)) throw error;
      yield { what: "beside others", contender, result: `not measured: ${error.message}`, machine: machine() };
    }
  }
}

function toLine({ what, contender, goal }: Question, rates: readonly Rate[]) {
  const perSecond = median(rates.map((rate) => rate.perSecond));
  const highest = Math.max(...rates.map((rate) => rate.perSecond));
  const cpu = median(rates.map((rate) => rate.cpu));
  return {
    what,
    contender,
    unit: "requests/s",
    median: rounded(perSecond),
    highest: rounded(highest),
    p99Milliseconds: rounded(median(rates.map((rate) => rate.p99))),
    cpuMicroseconds: rounded(cpu),
    rounds: rates.length,
    ...(goal !== undefined && { goal, reached: perSecond >= goal }),
    loadAverage: rounded(loadavg()[0]),
    machine: machine(),
  };
}

async function questionsToUs(sandbox: Sandbox): Promise<Question[]> {
  const { origin, pid, readAuthorization, pushAuthorization } = await startWaybill(sandbox, "");
  const token = pushAuthorization.slice("Bearer ".length);
  const text = readFileSync(sandbox.path("owner.json"), "utf8");
  const key = JSON.parse(text) as KeyFile;
  const wire = await Wire.open(origin, { authorization: pushAuthorization });
  await pushImage(wire, imageOf(repository, "1", new ContentMaker(8192).repeated()), "monolithic");
  wire.close();
  const ask = (what: string, path: string, headers: Record<string, string>, body = "", goal?: number): Question => {
    const method = body === "" ? "GET" : "POST";
    const url = `${origin}${path}`;
    return { what, contender: "waybill", pid, url, method, headers, body, ...(goal !== undefined && { goal }) };
  };
  const assertion = new URLSearchParams({ grant_type: jwtBearer, assertion: assertionOf(key, Date.now()) });
  return [
    ask("/v2/token with an access token", `/v2/token?${scopes}`, basic("oauth2accesstoken", token), "", 8000),
    ask("/v2/token with a key file", `/v2/token?${scopes}`, basic("_json_key", text)),
    ask("assertion grant", "/token", form, String(assertion), 1000),
    ask("token exchange (STS)", "/v1/token", form, await subjectOf(origin, token)),
    ask("manifest GET with a registry token", `/v2/${repository}/manifests/1`, { authorization: readAuthorization }),
    ask("no token at all: /healthz", "/healthz", {}),
  ];
}

/** The form of an exchange, for a provider whose keys were uploaded. */
async function subjectOf(origin: string, token: string): Promise<string> {
  const api = async (path: string, body?: object) => {
    const headers = { ...bearer(token), "content-type": "application/json" };
    const init = body && { method: "POST", body: JSON.stringify(body) };
    const answer = await fetch(`${origin}/v1/${path}`, { headers, ...init });
    if (answer.status !== 200) throw new Error(`${path}: ${await answer.text()}`);
    return (await answer.json()) as { name: string };
  };
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: "jwk" }), kid: "k", alg: "RS256", use: "sig" };
  const [issuerUri, audience] = ["https://issuer.test", "bench"];
  const pools = "projects/bench/locations/global/workloadIdentityPools";
  await api(`${pools}?workloadIdentityPoolId=bench-pool`, {});
  await api(`${pools}/bench-pool/providers?workloadIdentityPoolProviderId=bench-provider`, {
    attributeMapping: { "google.subject": "assertion.sub" },
    oidc: { issuerUri, allowedAudiences: [audience], jwksJson: JSON.stringify({ keys: [jwk] }) },
  });
  const { name } = await api(`${pools}/bench-pool/providers/bench-provider`);
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: issuerUri, aud: audience, sub: "job", iat, exp: iat + 3600 };
  return String(
    new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      audience: `//iam.googleapis.com/${name}`,
      scope: "https://www.googleapis.com/auth/cloud-platform",
      requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
      subject_token: signJwt({ typ: "JWT", alg: "RS256", kid: "k" }, claims, privateKey),
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    }),
  );
}
