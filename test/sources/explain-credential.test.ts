import { describe, expect, test } from "bun:test";
import { explainCredential } from "../../src/sources/explain-credential.ts";
import { parseRegistryHost, type RegistryHost } from "../../src/sources/registry-host.ts";
import { context } from "../cli/context.ts";
import { email, Home, keyFields } from "../helper/home.ts";

const host = (text: string) => parseRegistryHost(text) as RegistryHost;
const explain = (home: Home, name: string, env = {}, options = {}) =>
  explainCredential(host(name), { ...context({ env: { ...home.env, ...env } }).it, now: Date.now }, options);

describe("explainCredential", () => {
  test("says that nobody is meant for a host", async () => {
    using home = new Home();
    expect((await explain(home, "registry.example.com")).absent).toContain("whose token registry.example.com gets");
  });

  test("tells every source, which won, whose token it is and whether it was cached, and no secret", async () => {
    using home = new Home();
    await home.activate();
    const first = await explain(home, "localhost:5000");
    expect(first.token).toMatchObject({ source: "store", account: email, isCached: false });
    expect(first.token?.expiresAt).toBeGreaterThan(Date.now() / 1000 + 3000);
    expect(first.attempts.map(({ source, outcome }) => `${source} ${outcome}`)).toEqual([
      "store won",
      "token absent",
      "env absent",
      "workload-identity absent",
      "metadata absent",
      "gcloud absent",
    ]);
    const second = await explain(home, "localhost:5000");
    expect(second.token).toMatchObject({ isCached: true });
    expect(JSON.stringify([first, second])).not.toContain("eyJ");
  });

  test("asks nobody without the network, but says what was found", async () => {
    using home = new Home();
    const env = {
      GOOGLE_APPLICATION_CREDENTIALS: home.write("adc.json", '{"type":"authorized_user","client_id":"i"}'),
    };
    const { attempts, token, failure } = await explain(home, "gcr.io", env, { withNetwork: false });
    expect({ token, failure }).toEqual({ token: undefined, failure: undefined });
    expect(attempts.find(({ source }) => source === "env")).toMatchObject({ outcome: "found" });
  });

  test("tells what failed with what mends it, and who was not asked because of it", async () => {
    using home = new Home();
    const env = {
      GOOGLE_APPLICATION_CREDENTIALS: home.write("adc.json", '{"type":"authorized_user"}'),
      GCE_METADATA_HOST: "127.0.0.1:9",
    };
    const { attempts, failure } = await explain(home, "gcr.io", env);
    expect(failure?.message).toContain("client_id is missing");
    expect(failure?.hint).toBeDefined();
    expect(attempts.find(({ source }) => source === "env")).toMatchObject({ outcome: "failed" });
    expect(attempts.find(({ source }) => source === "metadata")).toMatchObject({ outcome: "not asked" });
  });

  test("tells a key that cannot be read as failed, not as absent", async () => {
    using home = new Home();
    const env = { WAYBILL_KEY_FILE: home.write("key.json", JSON.stringify(keyFields({ private_key: "x" }))) };
    const { attempts } = await explain(home, "localhost:5000", env, { withNetwork: false });
    expect(attempts.find(({ source }) => source === "env")).toMatchObject({ outcome: "failed" });
  });
});
