import { readFileSync } from "node:fs";
import { Failure, messageOf } from "./failure.ts";
import { Secret } from "./secret.ts";
import { parseServer, registryHostsOf } from "./server.ts";
import type { FreshToken, SourceContext, TokenRequest, TokenSource } from "./token-source.ts";

/**
 * An access token that somebody else made: WAYBILL_ACCESS_TOKEN or WAYBILL_ACCESS_TOKEN_FILE for the registry that
 * WAYBILL_SERVER names, else for Google's; gcloud's own two variables for Google's. A file is read again each time.
 */
export const accessTokenSource: TokenSource = {
  name: "token",
  async find(request, { env, now }) {
    for (const { value, file, isMeant } of places(request, env)) {
      const name = env[value] ? value : env[file] ? file : undefined;
      if (name === undefined) continue;
      if (!isMeant) return { absent: `${name} is for other hosts` };
      const read = () => (name === value ? (env[value] ?? "") : readToken(env[file] ?? ""));
      return { account: `the token in ${name}`, token: async () => fresh(read(), name, now()) };
    }
    return { absent: "no variable holds an access token" };
  },
};

function places({ host, isGoogle }: TokenRequest, env: SourceContext["env"]) {
  const isOwn = env.WAYBILL_SERVER ? registryHostsOf(parseServer(env.WAYBILL_SERVER)).includes(host) : isGoogle;
  return [
    { value: "WAYBILL_ACCESS_TOKEN", file: "WAYBILL_ACCESS_TOKEN_FILE", isMeant: isOwn },
    { value: "CLOUDSDK_AUTH_ACCESS_TOKEN", file: "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", isMeant: isGoogle },
  ];
}

function readToken(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Failure(`the access token in ${path} cannot be read: ${messageOf(error)}`);
  }
}

/** Nobody says how long such a token lasts, unless it is a JWT, which says so itself. It is not kept a second time. */
function fresh(text: string, name: string, nowMilliseconds: number): FreshToken {
  const token = text.trim();
  // A line break or a colon would end up in a header, where it means something else.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Failure(`${name} does not hold an access token`);
  const expiresAt = expiryOf(token);
  if (expiresAt !== undefined && expiresAt <= nowMilliseconds / 1000)
    throw new Failure(`the token in ${name} has expired`, `put a new one there, or unset ${name}`);
  return { token: new Secret(token), expiresAt, isKept: true };
}

function expiryOf(token: string): number | undefined {
  try {
    const { exp } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    return Number.isFinite(exp) ? exp : undefined;
  } catch {
    return undefined;
  }
}
