import { type CredentialFile, credentialFiles, isMeantFor } from "./credential-file.ts";
import { parseServiceAccountKey } from "./service-account-key.ts";
import { signedToken } from "./store-source.ts";
import type { Found, SourceContext, TokenRequest, TokenSource } from "./token-source.ts";

/** The file that WAYBILL_KEY_FILE or GOOGLE_APPLICATION_CREDENTIALS names, else gcloud's default credentials. */
export const envSource: TokenSource = {
  name: "env",
  async find(request, context) {
    const files = credentialFiles(context.env);
    const file = files.find((candidate) => isMeantFor(candidate, request));
    if (file !== undefined) return await identityOf(file, request, context);
    const others = files.map(({ origin }) => origin).join(" and ");
    return { absent: others === "" ? "no credentials are named" : `${others} is for other hosts` };
  },
};

async function identityOf(file: CredentialFile, request: TokenRequest, context: SourceContext): Promise<Found> {
  if (file.type === "service_account") {
    const key = parseServiceAccountKey(file.text, file.origin);
    return { account: key.email, token: () => signedToken(key, request, context) };
  }
  return {
    account: accountOf(file),
    token: async () => (await import("./google-credentials.ts")).credentialToken(file, request.scopes, context),
  };
}

/** Who such a file stands for, as far as it says so itself. */
function accountOf({ type, fields, origin }: CredentialFile): string {
  const target = /serviceAccounts\/([^/:]+):/.exec(String(fields.service_account_impersonation_url ?? ""))?.[1];
  if (target !== undefined) return decodeURIComponent(target);
  if (typeof fields.account === "string" && fields.account !== "") return fields.account;
  return `${type || "credentials"} in ${origin}`;
}
