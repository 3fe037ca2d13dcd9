import { writeFileSync } from "node:fs";
import { Failure, messageOf } from "../../../sources/failure.ts";
import { resolveCaller } from "../../../sources/identity.ts";
import { parseServer } from "../../../sources/server.ts";
import { required } from "../../administration.ts";
import { type Invocation, parseList, UsageError } from "../../command.ts";

type CredConfigInvocation = Invocation<
  | "server"
  | "output-file"
  | "service-account"
  | "service-account-token-lifetime-seconds"
  | "credential-source-file"
  | "credential-source-url"
  | "credential-source-headers"
  | "credential-source-type"
  | "credential-source-field-name"
  | "executable-command"
  | "executable-timeout-millis"
  | "executable-output-file"
  | "subject-token-type"
>;
type Values = CredConfigInvocation["values"];

const providerName =
  /^(?:(?:https:)?\/\/iam\.googleapis\.com\/)?(projects\/[0-9]+\/locations\/global\/workloadIdentityPools\/[a-z0-9-]+\/providers\/[a-z0-9-]+)$/;
const timeoutMillisecondsDefault = 30_000;

/** `waybill iam workload-identity-pools create-cred-config` */
export async function create({ values, positionals, context }: CredConfigInvocation): Promise<number> {
  const [, provider] = providerName.exec(positionals[0] ?? "") ?? [];
  if (provider === undefined) {
    throw new UsageError(
      `"${positionals[0]}" names no provider`,
      "projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER",
    );
  }
  const file = required(values, "output-file", "credentials.json");
  const source = sourceOf(values);
  const named = values.server ?? (context.env.WAYBILL_SERVER || undefined);
  const server = named === undefined ? resolveCaller({}, context).server : parseServer(named);
  const config = {
    universe_domain: "googleapis.com",
    type: "external_account",
    // Not `projects/`: Google's libraries would take our token to Google, to ask what that project is called.
    audience: `//iam.googleapis.com/${provider.replace(/^projects\//, "project/")}`,
    subject_token_type: values["subject-token-type"] ?? "urn:ietf:params:oauth:token-type:jwt",
    token_url: `${server}/v1/token`,
    credential_source: source,
    ...impersonation(values, server),
  };
  try {
    writeFileSync(file, `${JSON.stringify(config, undefined, 2)}\n`);
  } catch (error) {
    throw new Failure(`${file} cannot be written: ${messageOf(error)}`);
  }
  context.stderr(`Created credential configuration file [${file}].\n`);
  return 0;
}

/** What asks as itself can be asked who it is; an account's tokens go elsewhere. */
function impersonation(values: Values, server: string): object {
  const { "service-account": email, "service-account-token-lifetime-seconds": lifetime } = values;
  if (email === undefined) return { token_info_url: `${server}/v1/introspect` };
  const url = `${server}/v1/projects/-/serviceAccounts/${email}:generateAccessToken`;
  return {
    service_account_impersonation_url: url,
    ...(lifetime !== undefined && {
      service_account_impersonation: { token_lifetime_seconds: wholeNumber(lifetime, 600, 43_200, "lifetime") },
    }),
  };
}

function sourceOf(values: Values): object {
  const { "credential-source-file": file, "credential-source-url": url, "executable-command": command } = values;
  if ([file, url, command].filter((each) => each !== undefined).length !== 1) {
    throw new UsageError("give one of --credential-source-file, --credential-source-url and --executable-command");
  }
  if (command !== undefined) return { executable: executableOf(command, values) };
  const format = formatOf(values);
  if (file !== undefined) return { file, ...format };
  const { "credential-source-headers": headers } = values;
  return { url, ...(headers !== undefined && { headers: parseHeaders(headers) }), ...format };
}

function executableOf(command: string, values: Values): object {
  const { "executable-timeout-millis": timeout, "executable-output-file": output } = values;
  return {
    command,
    timeout_millis:
      timeout === undefined
        ? timeoutMillisecondsDefault
        : wholeNumber(timeout, 5000, 120_000, "executable-timeout-millis"),
    ...(output !== undefined && { output_file: output }),
  };
}

function formatOf(values: Values): object {
  const { "credential-source-type": type = "text", "credential-source-field-name": field } = values;
  if (type === "text") return {};
  if (field === undefined) throw new UsageError("--credential-source-field-name is missing", "the field of the JSON");
  return { format: { type: "json", subject_token_field_name: field } };
}

function parseHeaders(text: string): Record<string, string> {
  const headers = parseList(text).map((each) => {
    const equals = each.indexOf("=");
    if (equals < 1) throw new UsageError(`"${each}" is no header`, "like Metadata=True");
    return [each.slice(0, equals), each.slice(equals + 1)] as const;
  });
  return Object.fromEntries(headers);
}

function wholeNumber(text: string, min: number, max: number, what: string): number {
  const number = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`the ${what} must be ${min} to ${max}`);
}
