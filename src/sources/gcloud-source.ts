import { Failure, oneLine } from "./failure.ts";
import { gcloudProperty } from "./gcloud-properties.ts";
import { runProgram } from "./run-program.ts";
import { platformScope } from "./scope.ts";
import { asAccessToken } from "./token-request.ts";
import type { FreshToken, SourceContext, TokenRequest, TokenSource } from "./token-source.ts";

/** gcloud takes half a second to start: it is asked last, and only when its own files say that it has an account. */
export const gcloudSource: TokenSource = {
  name: "gcloud",
  async find(request, context) {
    if (!request.isGoogle) return { absent: "gcloud's account is for Google's registries" };
    const path = Bun.which("gcloud", { PATH: context.env.PATH ?? "" });
    if (path === null) return { absent: "gcloud is not on PATH" };
    const account = gcloudAccount(context);
    if (account === undefined) return { absent: "gcloud has no active account" };
    return { account, token: () => configHelperToken(path, request, context) };
  },
};

function gcloudAccount({ env }: SourceContext): string | undefined {
  return (
    gcloudProperty(env, "auth", "impersonate_service_account") ??
    gcloudProperty(env, "core", "account") ??
    (gcloudProperty(env, "auth", "access_token_file") || env.CLOUDSDK_AUTH_ACCESS_TOKEN
      ? "gcloud's access token"
      : undefined)
  );
}

/** gcloud renews its token when less than the promised lifetime is left. An hour is the most that it takes. */
async function configHelperToken(
  path: string,
  { minimumSeconds }: TokenRequest,
  context: SourceContext,
): Promise<FreshToken> {
  const argv = ["config", "config-helper", "--format=json", `--min-expiry=${Math.min(minimumSeconds, 3600)}s`];
  const { exitCode, stdout, stderr } = await runProgram(path, argv, context);
  if (exitCode !== 0) throw new Failure(`gcloud gave no token: ${firstError(stderr)}`, "gcloud auth login");
  const { credential, configuration } = parseAnswer(stdout);
  const expiresAt = Date.parse(String(credential?.token_expiry)) / 1000;
  const account = configuration?.properties?.core?.account;
  return {
    token: asAccessToken(credential?.access_token, "gcloud"),
    expiresAt: expiresAt > 0 ? Math.floor(expiresAt) : undefined,
    scopes: [platformScope],
    ...(typeof account === "string" ? { account } : {}),
  };
}

type ConfigHelper = {
  credential?: { access_token?: unknown; token_expiry?: unknown };
  configuration?: { properties?: { core?: { account?: unknown } } };
};

function parseAnswer(text: string): ConfigHelper {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as ConfigHelper) : {};
  } catch {
    return {}; // Its message could quote the token.
  }
}

function firstError(stderr: string): string {
  const line = stderr.split("\n").find((text) => text.startsWith("ERROR:")) ?? stderr.trim().split("\n").at(-1) ?? "";
  return oneLine(line) || "it said nothing";
}
