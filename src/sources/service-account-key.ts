import { isEmail } from "./email.ts";
import { Failure } from "./failure.ts";
import { Secret } from "./secret.ts";
import { serverOf } from "./server.ts";

/** A service account's key, as a JSON key file holds it. Made by `parseServiceAccountKey`. */
export type ServiceAccountKey = {
  email: string;
  keyId: string;
  /** PKCS#8 in PEM. */
  privateKey: Secret;
  tokenUri: string;
};

/** A key file is about 2.4 KB; a 4096-bit one 4 KB. */
export const keyFileBytesMax = 64 * 1024;
const modulusBitsMin = 2048;
const modulusBitsMax = 4096;
const keyIdPattern = /^[\w-]{1,128}$/;
const pemPattern = /^\s*-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----\s*$/;

/** Reads a JSON key file's text. `origin` says in errors where it came from. */
export function parseServiceAccountKey(text: string, origin: string): ServiceAccountKey {
  const refuse = (why: string) =>
    new Failure(
      `${origin} is not a service account's key: ${why}`,
      "make one: waybill iam service-accounts keys create FILE --iam-account=EMAIL",
    );
  const fields = parseObject(text) ?? fail(refuse("it is not a JSON object"));
  if (fields.type !== "service_account") throw refuse(`its type is not "service_account"`);
  const email = field(fields, "client_email", refuse);
  if (!isEmail(email)) throw refuse("its client_email is not an e-mail address");
  const keyId = field(fields, "private_key_id", refuse);
  if (!keyIdPattern.test(keyId)) throw refuse("its private_key_id is malformed");
  const privateKey = new Secret(field(fields, "private_key", refuse));
  if (!pemPattern.test(privateKey.reveal())) throw refuse("its private_key is not in PKCS#8 PEM form");
  const tokenUri = field(fields, "token_uri", refuse);
  serverOf(URL.parse(tokenUri) ?? fail(refuse("its token_uri is not a URL")));
  return { email, keyId, privateKey, tokenUri };
}

/** The key, ready to sign: RSA in PKCS#8 and nothing else. */
export async function importPrivateKey(key: ServiceAccountKey): Promise<CryptoKey> {
  const der = Buffer.from(pemPattern.exec(key.privateKey.reveal())?.[1] ?? "", "base64");
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]).catch(() => undefined);
  if (!imported) throw new Failure(`the key ${key.keyId} of ${key.email} is not an RSA key in PKCS#8 form`);
  const { modulusLength } = imported.algorithm as unknown as { modulusLength: number };
  if (modulusLength < modulusBitsMin || modulusLength > modulusBitsMax)
    throw new Failure(
      `the key ${key.keyId} of ${key.email} has ${modulusLength} bits, not ${modulusBitsMin} to ${modulusBitsMax}`,
    );
  return imported;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // The parser's message could quote the key.
  }
}

function field(fields: Record<string, unknown>, name: string, refuse: (why: string) => Failure): string {
  const value = fields[name];
  return typeof value === "string" && value !== "" ? value : fail(refuse(`${name} is missing`));
}

function fail(failure: Failure): never {
  throw failure;
}
