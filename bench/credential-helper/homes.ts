/** Homes in which the compiled helper answers in one way or another. */
import { generateKeyPairSync } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { executables } from "../../test/clients/waybill.ts";
import type { OAuthProcess } from "../../test/oauth/process.ts";
import { credentialFiles, GoogleHome } from "../../test/sources/google-home.ts";
import type { Contender } from "../measure.ts";

/** A home and the helper that answers there. `forget` makes its cache cold. */
export interface HelperHome extends Disposable {
  readonly env: Record<string, string>;
  readonly folder: string;
  readonly command: readonly string[];
  forget(): void;
}

/** A service account of Google's is activated: the helper signs its tokens itself and asks nobody. */
export async function serviceAccountHome(oauth: OAuthProcess): Promise<HelperHome> {
  const home = await openHome(oauth);
  const key = home.write("key.json", keyFile());
  const activate = ["auth", "activate-service-account", `--key-file=${key}`];
  const { exitCode, stderr } = await home.waybill(activate);
  if (exitCode !== 0) throw new Error(stderr);
  return home;
}

/** A workload's identity is configured: each new token is a request to the token server. */
export async function federatedHome(oauth: OAuthProcess): Promise<HelperHome> {
  const home = await openHome(oauth);
  home.write("subject", "jwt");
  const file = home.write("adc.json", JSON.stringify(credentialFiles.external_account(home.path("subject"))));
  home.env.GOOGLE_APPLICATION_CREDENTIALS = file;
  return home;
}

/** Many helpers at the same moment, nothing cached, and a server that counts what they ask it. */
export function parallelGets(name: string, count: number, home: HelperHome, oauth: OAuthProcess): Contender {
  let requestsMax = 0;
  const asked = async () => (await oauth.log("/v1/token")).length;
  return {
    name,
    roundsMax: 8,
    async sample() {
      home.forget();
      const before = await asked();
      const started = performance.now();
      const { command, env, folder: cwd } = home;
      const gets = Array.from({ length: count }, async () => {
        const child = Bun.spawn([...command], { cwd, env, stdin: Buffer.from("gcr.io"), stderr: "pipe" });
        const [stdout, exitCode] = await Promise.all([child.stdout.text(), child.exited]);
        if (exitCode !== 0) throw new Error(`${name}: ${exitCode}: ${stdout}${await child.stderr.text()}`);
        return JSON.parse(stdout).Secret;
      });
      const tokens = await Promise.all(gets);
      const elapsed = performance.now() - started;
      if (new Set(tokens).size !== 1) throw new Error(`${name}: ${new Set(tokens).size} different tokens`);
      requestsMax = Math.max(requestsMax, (await asked()) - before);
      return elapsed;
    },
    facts: () => ({ tokenRequestsMax: requestsMax }),
  };
}

async function openHome(oauth: OAuthProcess) {
  const home = new GoogleHome(oauth);
  const command = [join(await executables(), "docker-credential-waybill"), "get"];
  const forget = () => rmSync(home.path(".cache"), { recursive: true, force: true });
  return Object.assign(home, { command, forget });
}

function keyFile(): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return JSON.stringify({
    type: "service_account",
    project_id: "bench",
    private_key_id: "0123456789abcdef",
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
    client_email: "bench@bench.iam.gserviceaccount.com",
    token_uri: "https://oauth2.googleapis.com/token",
  });
}
