// Gets the job's token from GitHub, exchanges it at the registry (RFC 8693), becomes the service account where one is named,
// and logs the client in. Nothing but Node 20 is needed. Tokens go to the registry and to the client's standard input only.
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";

const jwt = "urn:ietf:params:oauth:token-type:jwt";
const accessToken = "urn:ietf:params:oauth:token-type:access_token";
const clients = ["docker", "podman", "buildah", "skopeo"];
const answerMillisecondsMax = 30_000;

try {
  await main();
} catch (error) {
  console.log(
    `::error title=waybill::${String(error.message)
      .replaceAll("%", "%25")
      .replaceAll(/[\r\n]+/g, "%0A")}`,
  );
  process.exitCode = 1;
}

async function main() {
  const registry = registryOf(input("registry"));
  const provider = providerOf(input("provider"));
  const account = input("service-account");
  const scopes = input("scopes")
    .split(",")
    .map((scope) => scope.trim())
    .filter(Boolean)
    .map(fullScope);
  const client = input("client") || "docker";
  if (!clients.includes(client)) throw new Error(`client: ${client} is not one of ${clients.join(", ")}`);

  const subject = mask(await jobToken(`https://iam.googleapis.com/${provider}`));
  const exchanged = await post(`${registry.origin}/v1/token`, {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    audience: `//iam.googleapis.com/${provider}`,
    scope: account === "" ? scopes.join(" ") : fullScope("cloud-platform"),
    requested_token_type: accessToken,
    subject_token: subject,
    subject_token_type: jwt,
  });
  let token = mask(exchanged.access_token);
  if (account !== "") {
    const url = `${registry.origin}/v1/projects/-/serviceAccounts/${encodeURIComponent(account)}:generateAccessToken`;
    const answer = await post(url, { scope: scopes }, { authorization: `Bearer ${token}` });
    token = mask(answer.accessToken);
  }
  save("GITHUB_STATE", "client", client);
  save("GITHUB_STATE", "host", registry.host);
  await login(client, registry.host, token);
  save("GITHUB_OUTPUT", "access-token", token);
  console.log(`Logged ${client} in to ${registry.host}${account === "" ? "" : ` as ${account}`}.`);
}

/** GitHub's runner gives inputs as variables. */
function input(name) {
  return (process.env[`INPUT_${name.toUpperCase()}`] ?? "").trim();
}

/** Tokens are sent there, so it is HTTPS, or this very machine. */
function registryOf(text) {
  const url = URL.parse ? URL.parse(text) : tryUrl(text);
  const isLocal = url && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (!url || !(url.protocol === "https:" || (url.protocol === "http:" && isLocal)))
    throw new Error(`registry: ${text || "nothing"} is not a URL like https://registry.example.com`);
  return url;
}

function tryUrl(text) {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function providerOf(text) {
  if (/^projects\/[^/]+\/locations\/global\/workloadIdentityPools\/[^/]+\/providers\/[^/]+$/.test(text)) return text;
  throw new Error(`provider: ${text || "nothing"} is not projects/…/workloadIdentityPools/…/providers/…`);
}

function fullScope(scope) {
  return scope.includes("/") ? scope : `https://www.googleapis.com/auth/${scope}`;
}

async function jobToken(audience) {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: address, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = process.env;
  if (!address || !bearer)
    throw new Error("this job may not ask for an id token: give it `permissions: id-token: write`");
  const url = new URL(address);
  url.searchParams.set("audience", audience);
  const answer = await ask(url, { headers: { authorization: `Bearer ${bearer}`, accept: "application/json" } });
  return answer.value;
}

function post(url, body, headers = {}) {
  return ask(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function ask(url, init) {
  const answer = await fetch(url, { ...init, redirect: "error", signal: AbortSignal.timeout(answerMillisecondsMax) });
  const fields = await answer.json().catch(() => ({}));
  if (answer.ok) return fields;
  const why = fields.error_description ?? fields.error?.message ?? fields.error ?? "it did not say why";
  throw new Error(`${new URL(url).origin} answered with status ${answer.status}: ${why}`);
}

/** Whatever prints it from now on, the log shows asterisks. */
function mask(token) {
  if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token)) throw new Error("the answer held no token");
  console.log(`::add-mask::${token}`);
  return token;
}

function save(file, name, value) {
  const path = process.env[file];
  if (path) appendFileSync(path, `${name}=${value}\n`);
}

function login(client, host, token) {
  return new Promise((resolve, reject) => {
    const child = spawn(client, ["login", "--username", "oauth2accesstoken", "--password-stdin", host], {
      stdio: ["pipe", "inherit", "inherit"],
    });
    child.on("error", (error) => reject(new Error(`${client} cannot be run: ${error.message}`)));
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`${client} login ended with ${code}`))));
    child.stdin.on("error", () => {}); // Said by its exit.
    child.stdin.end(token);
  });
}
