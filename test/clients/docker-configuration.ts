/** Reads a credential as a Docker client would: the helper named for the host first, then what a login has left in the file. */
import type { Credentials } from "./check-client.ts";
import type { Sandbox } from "./sandbox.ts";

interface DockerConfiguration {
  readonly credHelpers?: Record<string, string>;
  readonly auths?: Record<string, { readonly auth?: string }>;
}

export async function credentialsFor(sandbox: Sandbox, host: string): Promise<Credentials | undefined> {
  const configuration = (await Bun.file(configurationPath(sandbox)).json()) as DockerConfiguration;
  const helper = configuration.credHelpers?.[host];
  if (helper) return askHelper(sandbox, helper, host);
  const keys = [host, `http://${host}`, `https://${host}`];
  const auth = keys.map((key) => configuration.auths?.[key]?.auth).find((value) => value !== undefined);
  return auth === undefined ? undefined : decode(auth);
}

/** Leaves a credential the way `docker login` does on a machine without a store. */
export async function storeCredentials(sandbox: Sandbox, host: string, { username, password }: Credentials) {
  const path = configurationPath(sandbox);
  const configuration = (await Bun.file(path).json()) as DockerConfiguration;
  const auth = Buffer.from(`${username}:${password}`).toString("base64");
  await Bun.write(path, JSON.stringify({ ...configuration, auths: { ...configuration.auths, [host]: { auth } } }));
}

/** Names a helper for one host, as the manual of every helper tells people to. */
export async function setHelper(sandbox: Sandbox, host: string, helper: string): Promise<void> {
  const path = configurationPath(sandbox);
  const configuration = (await Bun.file(path).json()) as DockerConfiguration;
  const credHelpers = { ...configuration.credHelpers, [host]: helper };
  await Bun.write(path, JSON.stringify({ ...configuration, credHelpers }));
}

async function askHelper(sandbox: Sandbox, helper: string, host: string): Promise<Credentials> {
  const answer = await sandbox.succeed([`docker-credential-${helper}`, "get"], { input: host });
  const { Username, Secret } = JSON.parse(answer) as { Username: string; Secret: string };
  return { username: Username, password: Secret };
}

/** Everything after the first colon is the password: key files are full of colons. */
function decode(auth: string): Credentials {
  const text = Buffer.from(auth, "base64").toString();
  const colon = text.indexOf(":");
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function configurationPath(sandbox: Sandbox): string {
  return `${sandbox.env.DOCKER_CONFIG}/config.json`;
}
