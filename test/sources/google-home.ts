import { Home, type Outcome, type RunOptions } from "../helper/home.ts";
import type { OAuthProcess } from "../oauth/process.ts";

/** Every one of Google's services that a source may ask, answered by one server. */
export const services = ["oauth2", "sts", "iamcredentials", "openidconnect", "accounts"] as const;

/** A home in which Google's services are all at one address, which is not Google's. */
export class GoogleHome extends Home {
  constructor(oauth: OAuthProcess, settings: Record<string, unknown> = {}) {
    super();
    const names = services.map((name) => [
      `https://${name}${name === "accounts" ? ".google" : ".googleapis"}.com`,
      oauth.url,
    ]);
    this.settings({ endpoints: Object.fromEntries(names), ...settings });
  }

  settings(settings: Record<string, unknown>): void {
    const path = ".config/waybill/settings.json";
    const before = this.has(path) ? JSON.parse(this.read(path)) : {};
    this.write(path, JSON.stringify({ ...before, ...settings }));
  }

  /** What the helper answers for a host. */
  get(options: RunOptions = {}, host = "gcr.io"): Promise<Outcome> {
    return this.helper(["get"], host, options);
  }

  /** The token that the helper answers with. */
  async token(options: RunOptions = {}, host = "gcr.io"): Promise<string> {
    const { exitCode, stdout, stderr } = await this.get(options, host);
    if (exitCode !== 0) throw new Error(`${stdout}${stderr}`);
    return JSON.parse(stdout).Secret;
  }
}

/** The files that Google's libraries know, whose issuers are Google's own services. */
export const credentialFiles = {
  authorized_user: { type: "authorized_user", client_id: "i", client_secret: "s", refresh_token: "r", account: "" },
  external_account: (file: string) => ({
    type: "external_account",
    audience: "//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/p/providers/q",
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    token_url: "https://sts.googleapis.com/v1/token",
    credential_source: { file },
  }),
  external_account_authorized_user: {
    type: "external_account_authorized_user",
    audience: "//iam.googleapis.com/locations/global/workforcePools/p/providers/q",
    client_id: "i",
    client_secret: "s",
    refresh_token: "r",
    token_url: "https://sts.googleapis.com/v1/token",
  },
  impersonated_service_account: {
    type: "impersonated_service_account",
    delegates: ["projects/-/serviceAccounts/step@p.test"],
    service_account_impersonation_url:
      "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/target@p.test:generateAccessToken",
    source_credentials: { type: "authorized_user", client_id: "i", client_secret: "s", refresh_token: "r" },
  },
} as const;
