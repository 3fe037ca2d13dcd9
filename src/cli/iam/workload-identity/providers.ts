import { readFileSync, statSync } from "node:fs";
import { Failure, messageOf } from "../../../sources/failure.ts";
import {
  type AdministrationInvocation,
  confirmLoss,
  openAdministration,
  required,
  show,
  showIfAsked,
  type Table,
} from "../../administration.ts";
import { type Invocation, parseList, UsageError } from "../../command.ts";
import { type Described, detailsOf, maskOf, poolsPath } from "./pools.ts";

type Provider = Described & { oidc?: { issuerUri?: string } };
type Text =
  | "project"
  | "location"
  | "workload-identity-pool"
  | "display-name"
  | "description"
  | "issuer-uri"
  | "allowed-audiences"
  | "jwk-json-path"
  | "attribute-mapping"
  | "attribute-condition";
type ProviderInvocation = AdministrationInvocation<Text> &
  Invocation<never, "disabled" | "no-disabled" | "show-deleted">;

const keySetBytesMax = 256 * 1024;

/** `waybill iam workload-identity-pools providers create-oidc` */
export async function create(invocation: ProviderInvocation): Promise<number> {
  const { values, positionals, context } = invocation;
  const [id = ""] = positionals;
  required(values, "issuer-uri", "https://token.actions.githubusercontent.com");
  required(values, "attribute-mapping", "google.subject=assertion.sub");
  const path = `${providersPath(invocation)}?workloadIdentityPoolProviderId=${encodeURIComponent(id)}`;
  const body = bodyOf(invocation);
  const { response } = await openAdministration(invocation).call<{ response: Provider }>("POST", path, body);
  context.stderr(`Created workload identity pool provider [${id}].\n`);
  showIfAsked(invocation, response, table([response]));
  return 0;
}

/** `waybill iam workload-identity-pools providers update-oidc` */
export async function update(invocation: ProviderInvocation): Promise<number> {
  const body = bodyOf(invocation);
  const { oidc, ...rest } = body;
  const mask = maskOf({ ...rest, ...prefixed(oidc) });
  const path = `${providerPath(invocation)}?updateMask=${mask}`;
  const { response } = await openAdministration(invocation).call<{ response: Provider }>("PATCH", path, body);
  invocation.context.stderr(`Updated workload identity pool provider [${invocation.positionals[0]}].\n`);
  showIfAsked(invocation, response, table([response]));
  return 0;
}

/** `waybill iam workload-identity-pools providers list` */
export async function list(invocation: ProviderInvocation): Promise<number> {
  const query = invocation.values["show-deleted"] ? { showDeleted: "true" } : {};
  const administration = openAdministration(invocation);
  const field = "workloadIdentityPoolProviders";
  const providers = await administration.list<Provider>(providersPath(invocation), field, query);
  show(invocation, providers, table(providers));
  return 0;
}

/** `waybill iam workload-identity-pools providers describe` */
export async function describe(invocation: ProviderInvocation): Promise<number> {
  const provider = await openAdministration(invocation).call<Provider>("GET", providerPath(invocation));
  show(invocation, provider, table([provider]));
  return 0;
}

/** `waybill iam workload-identity-pools providers delete` */
export async function remove(invocation: ProviderInvocation): Promise<number> {
  const [id] = invocation.positionals;
  const administration = openAdministration(invocation);
  await confirmLoss(invocation, `Provider [${id}] will be deleted, and its tokens refused. Continue?`);
  await administration.call("DELETE", providerPath(invocation));
  invocation.context.stderr(`Deleted workload identity pool provider [${id}].\n`);
  return 0;
}

/** `waybill iam workload-identity-pools providers undelete` */
export async function undelete(invocation: ProviderInvocation): Promise<number> {
  await openAdministration(invocation).call("POST", `${providerPath(invocation)}:undelete`, {});
  invocation.context.stderr(`Undeleted workload identity pool provider [${invocation.positionals[0]}].\n`);
  return 0;
}

function bodyOf(invocation: ProviderInvocation) {
  const { values } = invocation;
  const { "issuer-uri": issuerUri, "allowed-audiences": audiences, "jwk-json-path": keyFile } = values;
  const { "attribute-mapping": mapping, "attribute-condition": attributeCondition } = values;
  const oidc = {
    ...(issuerUri !== undefined && { issuerUri }),
    ...(audiences !== undefined && { allowedAudiences: parseList(audiences) }),
    ...(keyFile !== undefined && { jwksJson: readKeySet(keyFile) }),
  };
  return {
    ...detailsOf(invocation),
    ...(mapping !== undefined && { attributeMapping: parseMapping(mapping) }),
    ...(attributeCondition !== undefined && { attributeCondition }),
    ...(Object.keys(oidc).length > 0 && { oidc }),
  };
}

/** `google.subject=assertion.sub,attribute.a=EXPRESSION`: a comma ends an expression only where a name follows it. */
function parseMapping(text: string): Record<string, string> {
  const entries = text.split(/,(?=\s*(?:google|attribute)\.\w+\s*=(?!=))/).map((entry) => {
    const equals = entry.indexOf("=");
    if (equals === -1) throw new UsageError(`"${entry}" maps nothing`, "like google.subject=assertion.sub");
    return [entry.slice(0, equals).trim(), entry.slice(equals + 1).trim()] as const;
  });
  return Object.fromEntries(entries);
}

function readKeySet(path: string): string {
  try {
    if (statSync(path).size > keySetBytesMax) throw new Failure(`${path} is too large for a key set`);
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(
      `${path} cannot be read: ${messageOf(error)}`,
      "a JSON Web Key Set: kubectl get --raw /openid/v1/jwks",
    );
  }
}

function prefixed(oidc: object = {}): object {
  return Object.fromEntries(Object.entries(oidc).map(([name, value]) => [`oidc.${name}`, value]));
}

function providersPath(invocation: ProviderInvocation): string {
  const pool = required(invocation.values, "workload-identity-pool", "ci");
  return `${poolsPath(invocation)}/${encodeURIComponent(pool)}/providers`;
}

function providerPath(invocation: ProviderInvocation): string {
  return `${providersPath(invocation)}/${encodeURIComponent(invocation.positionals[0] ?? "")}`;
}

function table(providers: readonly Provider[]): Table {
  const rows = providers.map(({ name, oidc, state, disabled }) => [
    name.split("/").at(-1),
    oidc?.issuerUri,
    state,
    disabled ? "True" : "False",
    name,
  ]);
  return { headings: ["PROVIDER", "ISSUER", "STATE", "DISABLED", "NAME"], rows };
}
