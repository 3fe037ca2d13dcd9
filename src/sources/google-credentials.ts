// Google's kinds of credential files, by Google's own library. It is loaded only here, when a token is not cached and the
// file is not a plain key. What it must not do is kept from it: every request goes through our own network, so that it
// ends at the deadline and goes to the configured endpoints, and nothing that looks up a project is used.
import { type CredentialFile, textField } from "./credential-file.ts";
import { Failure, messageOf } from "./failure.ts";
import { generateAccessToken, serviceAccountIn, sourceScopes } from "./impersonation.ts";
import { parseServiceAccountKey } from "./service-account-key.ts";
import { signedToken } from "./store-source.ts";
import { asAccessToken } from "./token-request.ts";
import type { FreshToken, SourceContext } from "./token-source.ts";

type Library = typeof import("google-auth-library");
type Options = Record<string, unknown>;

/** A token of the identity in the file. */
export async function credentialToken(
  file: CredentialFile,
  scopes: readonly string[],
  context: SourceContext,
): Promise<FreshToken> {
  switch (file.type) {
    case "service_account":
      return await signedToken(
        parseServiceAccountKey(file.text, file.origin),
        { scopes, audience: undefined },
        context,
      );
    case "impersonated_service_account":
      return await impersonatedToken(file, scopes, context);
    case "authorized_user":
    case "external_account":
    case "external_account_authorized_user":
      return await libraryToken(file, scopes, context);
    default:
      throw new Failure(
        `${file.origin} has credentials of the kind ${JSON.stringify(file.type)}, which is not known here`,
        "gcloud auth application-default login",
      );
  }
}

/** The library ignores the address in such a file; we go where it says. */
async function impersonatedToken(
  file: CredentialFile,
  scopes: readonly string[],
  context: SourceContext,
): Promise<FreshToken> {
  const url = textField(file, "service_account_impersonation_url");
  const fields = file.fields.source_credentials as Record<string, unknown>;
  if (typeof fields !== "object" || fields === null)
    throw new Failure(`${file.origin} is not complete: source_credentials is missing`);
  const type = String(fields.type ?? "");
  const source = { type, fields, text: JSON.stringify(fields), origin: file.origin };
  const { token } = await credentialToken(source, sourceScopes, context);
  const delegates = Array.isArray(file.fields.delegates) ? file.fields.delegates.map(String) : [];
  return { ...(await generateAccessToken(url, token, { scopes, delegates }, context)), account: serviceAccountIn(url) };
}

async function libraryToken(
  file: CredentialFile,
  scopes: readonly string[],
  context: SourceContext,
): Promise<FreshToken> {
  const library = await import("google-auth-library");
  const transporter = new library.gaxios.Gaxios({
    fetchImplementation: (input, init) => context.fetch(new Request(input as string, init as RequestInit)),
    retry: false,
  });
  const client = makeClient(library, file, { ...file.fields, scopes: [...scopes], transporter });
  // The part that exchanges tokens is not given the network of its client, and would go its own way.
  const { stsCredential } = client as unknown as { stsCredential?: { transporter: unknown } };
  if (stsCredential) stsCredential.transporter = transporter;
  try {
    const { token } = await client.getAccessToken();
    // One kind of client keeps the expiry where only it looks.
    const { cachedAccessToken } = client as unknown as { cachedAccessToken?: { expiry_date?: number } };
    const expiry = client.credentials.expiry_date ?? cachedAccessToken?.expiry_date;
    return {
      token: asAccessToken(token, "its token service"),
      expiresAt: expiry ? Math.floor(expiry / 1000) : undefined,
    };
  } catch (error) {
    throw new Failure(`${file.origin}: ${reasonOf(error)}`, hintFor(file.type), { cause: error });
  }
}

function makeClient(library: Library, file: CredentialFile, options: Options) {
  const { credential_source: source } = options as { credential_source?: Record<string, unknown> };
  if (file.type === "authorized_user") {
    const [clientId, clientSecret] = [textField(file, "client_id"), textField(file, "client_secret")];
    const { transporter } = options as { transporter: never };
    return new library.UserRefreshClient({
      clientId,
      clientSecret,
      refreshToken: textField(file, "refresh_token"),
      transporter,
    });
  }
  if (file.type === "external_account_authorized_user")
    return new library.ExternalAccountAuthorizedUserClient(options as never);
  if (source?.environment_id) return new library.AwsClient(options as never);
  return source?.executable
    ? new library.PluggableAuthClient(options as never)
    : new library.IdentityPoolClient(options as never);
}

/** The library's errors carry the server's answer, which says more than their own text. */
function reasonOf(error: unknown): string {
  const data = (error as { response?: { data?: { error?: unknown; error_description?: unknown } } })?.response?.data;
  const texts = [data?.error, data?.error_description].filter((text) => typeof text === "string");
  return texts.length > 0 ? messageOf(texts.join(": ")) : messageOf(error);
}

function hintFor(type: string): string | undefined {
  return type === "authorized_user" ? "sign in again: gcloud auth application-default login" : undefined;
}
