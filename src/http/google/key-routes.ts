import { createPublicKey } from "node:crypto";
import { z } from "zod";
import type { ServiceAccountKeyRow } from "../../storage/metadata/service-account-keys.ts";
import { invalidField } from "./api-error.ts";
import { type ApiCall, type Route, route } from "./route.ts";
import type { Targets } from "./targets.ts";

const account = "/v1/projects/{project}/serviceAccounts/{account}";
const one = `${account}/keys/{key}`;
/** How Google writes the end of what has none. */
const never = "9999-12-31T23:59:59Z";

const createSchema = z.strictObject({
  privateKeyType: z
    .enum(
      ["TYPE_GOOGLE_CREDENTIALS_FILE", "TYPE_UNSPECIFIED"],
      "only JSON key files are made: TYPE_GOOGLE_CREDENTIALS_FILE",
    )
    .optional(),
  keyAlgorithm: z
    .enum(["KEY_ALG_RSA_2048", "KEY_ALG_UNSPECIFIED"], "only RSA keys of 2048 bits are made: KEY_ALG_RSA_2048")
    .optional(),
});
const uploadSchema = z.strictObject({ publicKeyData: z.string().min(1, "is empty") });
const emptySchema = z.strictObject({});
const keyType = z.enum(["USER_MANAGED", "SYSTEM_MANAGED", "KEY_TYPE_UNSPECIFIED"]);
const listQuery = z.strictObject({ keyTypes: z.union([keyType, z.array(keyType)]).optional() });
const getQuery = z.strictObject({
  publicKeyType: z
    .enum(["TYPE_NONE", "TYPE_RAW_PUBLIC_KEY"], "only TYPE_RAW_PUBLIC_KEY is kept: certificates are not")
    .optional(),
});

/** IAM v1: keys of service accounts. */
export const keyRoutes: readonly Route[] = [
  route({
    method: "POST",
    pattern: `${account}/keys`,
    target: "serviceAccount",
    permission: "iam.serviceAccountKeys.create",
    body: createSchema,
    handle: createKey,
  }),
  route({
    method: "POST",
    pattern: `${account}/keys:upload`,
    target: "serviceAccount",
    permission: "iam.serviceAccountKeys.create",
    body: uploadSchema,
    handle: uploadKey,
  }),
  route({
    method: "GET",
    pattern: `${account}/keys`,
    target: "serviceAccount",
    permission: "iam.serviceAccountKeys.list",
    query: listQuery,
    handle: listKeys,
  }),
  route({
    method: "GET",
    pattern: one,
    target: "key",
    permission: "iam.serviceAccountKeys.get",
    query: getQuery,
    handle: async ({ found, query }) => ({
      ...keyJson(found, found.key),
      ...publicKeyJson(found.key, query.publicKeyType),
    }),
  }),
  route({
    method: "DELETE",
    pattern: one,
    target: "key",
    permission: "iam.serviceAccountKeys.delete",
    handle: async ({ services, found }) => {
      await services.serviceAccountKeys.delete(found.key);
      return {};
    },
  }),
  ...(["disable", "enable"] as const).map((verb) =>
    route({
      method: "POST",
      pattern: `${one}:${verb}`,
      target: "key",
      permission: `iam.serviceAccountKeys.${verb}`,
      body: emptySchema,
      handle: async ({ services, found }) => {
        await services.serviceAccountKeys.setDisabled(found.key, verb === "disable");
        return {};
      },
    }),
  ),
];

/** The one answer with a private key in it. */
async function createKey({ services, found, context }: ApiCall<"serviceAccount", unknown, unknown>) {
  const { row, file } = await services.serviceAccountKeys.generate(found.account, found.project.name, context.origin);
  return {
    ...keyJson(found, row),
    privateKeyType: "TYPE_GOOGLE_CREDENTIALS_FILE",
    privateKeyData: Buffer.from(`${JSON.stringify(file, undefined, 2)}\n`).toString("base64"),
  };
}

async function uploadKey({ services, found, body }: ApiCall<"serviceAccount", z.infer<typeof uploadSchema>, unknown>) {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(body.publicKeyData)) throw invalidField("publicKeyData", "is not base64");
  const pem = Buffer.from(body.publicKeyData, "base64").toString("utf8");
  return keyJson(found, await services.serviceAccountKeys.upload(found.account, pem));
}

/** Every key is the user's: the server signs nothing in an account's name. */
async function listKeys({ services, found, query }: ApiCall<"serviceAccount", unknown, z.infer<typeof listQuery>>) {
  const types = [query.keyTypes ?? []].flat();
  if (types.length > 0 && types.every((type) => type === "SYSTEM_MANAGED")) return {};
  const keys = (await services.serviceAccountKeys.list(found.account)).map((key) => keyJson(found, key));
  return keys.length === 0 ? {} : { keys };
}

/** A key as `iam.v1` has it, and `exposedTime`, which is ours: when its private half was first sent as a password. */
function keyJson({ project, account }: Targets["serviceAccount" | "key"], key: ServiceAccountKeyRow) {
  return {
    name: `projects/${project.name}/serviceAccounts/${account.email}/keys/${key.id}`,
    keyAlgorithm: `KEY_ALG_RSA_${createPublicKey(key.publicKey).asymmetricKeyDetails?.modulusLength}`,
    validAfterTime: seconds(key.createdAt),
    validBeforeTime: key.expiresAt === null ? never : seconds(key.expiresAt),
    keyOrigin: key.origin === "uploaded" ? "USER_PROVIDED" : "GOOGLE_PROVIDED",
    keyType: "USER_MANAGED",
    ...(key.disabledAt !== null && { disabled: true }),
    ...(key.exposedAt !== null && { exposedTime: seconds(key.exposedAt) }),
  };
}

function publicKeyJson({ publicKey }: ServiceAccountKeyRow, type: string | undefined) {
  return type === "TYPE_RAW_PUBLIC_KEY" ? { publicKeyData: Buffer.from(publicKey).toString("base64") } : {};
}

function seconds(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.[0-9]+Z$/, "Z");
}
