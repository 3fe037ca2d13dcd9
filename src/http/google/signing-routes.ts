import { z } from "zod";
import { redact } from "../../audit/user-agent.ts";
import { invalidField } from "./api-error.ts";
import { authorizeImpersonation, type DelegatedCall, delegatesSchema, noteIssued } from "./iam-credentials-routes.ts";
import { type ApiCall, type Route, route } from "./route.ts";

const account = "/v1/projects/{project}/serviceAccounts/{account}";
/** Google's limit for what is signed in an account's name. */
const lifetimeSecondsMax = 12 * 3600;
const payloadCharactersMax = 32 * 1024;

const jwtSchema = z.strictObject({ delegates: delegatesSchema, payload: z.string().max(payloadCharactersMax) });
const blobSchema = z.strictObject({
  delegates: delegatesSchema,
  payload: z
    .string()
    .min(1, "is empty")
    .max(payloadCharactersMax)
    .regex(/^[A-Za-z0-9+/_-]+={0,2}$/, "is not base64"),
});

/** IAM Credentials v1: signatures in an account's name, which others verify with `/service_accounts/v1/jwk/EMAIL`. */
export const signingRoutes: readonly Route[] = [
  route({
    method: "POST",
    pattern: `${account}:signJwt`,
    target: "serviceAccount",
    permission: undefined,
    body: jwtSchema,
    handle: signJwt,
  }),
  route({
    method: "POST",
    pattern: `${account}:signBlob`,
    target: "serviceAccount",
    permission: undefined,
    body: blobSchema,
    handle: async (call) => {
      const blob = Buffer.from(call.body.payload, "base64");
      const { keyId, signature } = await signAs(call, "signature", () => blob);
      return { keyId, signedBlob: signature.toString("base64") };
    },
  }),
];

async function signJwt(call: ApiCall<"serviceAccount", z.infer<typeof jwtSchema>, unknown>) {
  const claims = parseClaims(call.body.payload, call.services.now());
  const payload = encode(claims);
  let signed = "";
  const { keyId, signature } = await signAs(call, "jwt", (kid) => {
    signed = `${encode({ alg: "RS256", kid, typ: "JWT" })}.${payload}`;
    return Buffer.from(signed);
  });
  return { keyId, signedJwt: `${signed}.${signature.toString("base64url")}` };
}

async function signAs(call: DelegatedCall, token: string, bytes: (keyId: string) => Uint8Array) {
  const impersonated = await authorizeImpersonation(call, "iam.serviceAccounts.signJwt");
  const signed = await call.services.accountSigner.sign(impersonated.account.id, bytes);
  await noteIssued(call, impersonated, { token, audience: redact(token) });
  return signed;
}

function parseClaims(text: string, now: number): object {
  let claims: unknown;
  try {
    claims = JSON.parse(text);
  } catch {}
  if (typeof claims !== "object" || claims === null || Array.isArray(claims)) {
    throw invalidField("payload", "is not a JSON object of claims");
  }
  const { exp } = claims as { exp?: unknown };
  const seconds = now / 1000;
  if (exp !== undefined && !(typeof exp === "number" && exp > seconds && exp <= seconds + lifetimeSecondsMax)) {
    throw invalidField("payload", "exp must be within the next twelve hours");
  }
  return claims;
}

function encode(json: object): string {
  return Buffer.from(JSON.stringify(json)).toString("base64url");
}
