import { createPublicKey } from "node:crypto";
import { z } from "zod";
import { AdministrationError } from "../administration-error.ts";
import { ExpressionError } from "../expression.ts";
import { compileMapping } from "./attribute-mapping.ts";

/** Whom a provider believes, and what it makes of what they say. Field names are those of IAM v1. */
export interface ProviderSettings {
  readonly issuerUri: string;
  /** Empty for the provider's own name. */
  readonly allowedAudiences: readonly string[];
  /** A JSON Web Key Set where the issuer is not asked for its own. */
  readonly jwksJson: string | undefined;
  /** `google.subject`, `google.groups` or `attribute.NAME` to a CEL expression over `assertion`. */
  readonly attributeMapping: Readonly<Record<string, string>>;
  /** CEL; empty for none. */
  readonly attributeCondition: string;
}

/** A key that signs what an outside issuer says. */
export interface IssuerKey {
  readonly kid?: string | undefined;
  readonly [parameter: string]: unknown;
}

export const signatureAlgorithms = ["RS256", "ES256"] as const;
const keysMax = 100;
const jwksCharactersMax = 128 * 1024;
const issuerCharactersMax = 2000;
const audiencesMax = 10;
const audienceCharactersMax = 256;

const keySetSchema = z.object({ keys: z.array(z.record(z.string(), z.unknown())).max(keysMax) });

/** Throws `invalid`. @param mayAsk whether an issuer may be asked over plain HTTP, or in a private network */
export async function requireGoodSettings(settings: ProviderSettings, mayAsk: (issuer: URL) => boolean): Promise<void> {
  const { issuerUri, allowedAudiences, jwksJson } = settings;
  const wellFormed = issuerUri.length <= issuerCharactersMax && URL.canParse(issuerUri);
  const issuer = new URL(wellFormed ? issuerUri : "none:");
  if (issuer.host === "" || issuer.search !== "" || issuer.hash !== "" || issuer.username !== "") {
    throw invalid("oidc.issuerUri must be a URL without a query: what the tokens have as iss.");
  }
  if (jwksJson === undefined && issuer.protocol !== "https:" && !mayAsk(issuer)) {
    throw invalid("oidc.issuerUri must be https: only so can its keys be asked for. Or upload them: oidc.jwksJson.");
  }
  if (
    allowedAudiences.length > audiencesMax ||
    allowedAudiences.some((each) => each === "" || each.length > audienceCharactersMax)
  ) {
    throw invalid(`oidc.allowedAudiences may have ${audiencesMax} of ${audienceCharactersMax} characters each.`);
  }
  if (jwksJson !== undefined && jwksJson.length > jwksCharactersMax) throw invalid("oidc.jwksJson is too large.");
  if (jwksJson !== undefined && usableKeys(parseJson(jwksJson)).length === 0) {
    throw invalid("oidc.jwksJson has no public key that could sign: RSA of 2048 bits or more, or EC P-256.");
  }
  try {
    await compileMapping(settings);
  } catch (error) {
    if (error instanceof ExpressionError) throw invalid(`${error.message}.`);
    throw error;
  }
}

/** The keys of a key set that may sign (RFC 7517): public, of a kind and size that is believed; none where it is malformed. */
export function usableKeys(json: unknown): IssuerKey[] {
  const parsed = keySetSchema.safeParse(json);
  return parsed.success ? parsed.data.keys.filter(isUsable) : [];
}

function isUsable(key: Record<string, unknown>): boolean {
  if (key.use !== undefined && key.use !== "sig") return false;
  if (key.kid !== undefined && (typeof key.kid !== "string" || key.kid.length > 256)) return false;
  if (key.kty !== "RSA" && !(key.kty === "EC" && key.crv === "P-256")) return false;
  if (typeof key.n === "string" && key.n.length > 1400) return false;
  try {
    const { kty, n, e, crv, x, y } = key;
    const publicKey = createPublicKey({ key: { kty, n, e, crv, x, y } as never, format: "jwk" });
    return kty === "EC" || (publicKey.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
  } catch {
    return false;
  }
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function invalid(message: string): AdministrationError {
  return new AdministrationError("invalid", message);
}
