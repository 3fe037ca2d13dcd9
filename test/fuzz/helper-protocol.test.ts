// Whatever a caller writes to the helper's standard input, it answers as the protocol wants: one line on standard output or
// none, exit code 0 or 1, and no token for a host that it was not configured for.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { bazelCredentials } from "../../src/helper/bazel.ts";
import { kubeletCredentials } from "../../src/helper/kubelet.ts";
import { runHelper } from "../../src/helper/run.ts";
import { Failure } from "../../src/sources/failure.ts";
import { parseRegistryHost } from "../../src/sources/registry-host.ts";
import { context } from "../cli/context.ts";
import { Home } from "../helper/home.ts";
import { check, json, keys, spoilt, timeoutMilliseconds } from "./fuzz.ts";

const configured = ["localhost:5000", "127.0.0.1:5000"];

let home: Home;
beforeAll(async () => {
  home = new Home();
  await home.activate();
});
afterAll(() => home[Symbol.dispose]());

function contextOf(stdin: string) {
  const { it, said } = context({ env: home.env, stdin });
  return { it: { ...it, now: Date.now }, said };
}

const pieces = fc.constantFrom(
  ...configured,
  "https://",
  "http://",
  "/v2/",
  ":",
  "@",
  "#",
  "?",
  ".",
  "\n",
  "\r",
  "\0",
  " ",
);
const servers = fc.oneof(
  fc.string(),
  fc.array(fc.oneof(pieces, fc.string({ maxLength: 3 })), { maxLength: 6 }).map((all) => all.join("")),
  fc.webUrl(),
  fc.string({ unit: "binary", maxLength: 300 }),
);
const credentials = spoilt(
  fc
    .record({
      ServerURL: fc.oneof(servers, json),
      Username: fc.oneof(fc.string(), json),
      Secret: fc.constant("hush-hush"),
    })
    .map((value) => JSON.stringify(value)),
);

describe("the helper", () => {
  async function call(action: string, stdin: string) {
    const { it, said } = contextOf(stdin);
    const exitCode = await runHelper("docker-credential-waybill", [action], it, () =>
      Promise.reject(new Error("none")),
    );
    expect([0, 1]).toContain(exitCode);
    expect(said.stdout.split("\n").length).toBeLessThanOrEqual(2);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal.
    expect(said.stdout + said.stderr).not.toMatch(/[\0-\x08\x0b-\x1f\x7f]/);
    return { exitCode, ...said };
  }

  test(
    "answers get for configured hosts alone, and names the server as it was asked",
    () =>
      check(servers, async (server) => {
        const { exitCode, stdout } = await call("get", server);
        const asked = server.replaceAll(/\r?\n/g, "").trim();
        const host = parseRegistryHost(asked);
        expect(exitCode === 0).toBe(host !== undefined && configured.includes(host));
        if (exitCode === 0) expect(JSON.parse(stdout)).toMatchObject({ ServerURL: asked, Username: "_token" });
        else expect(stdout).toMatch(/^(?:credentials not found in native keychain|no credentials server URL)\n$/);
      }),
    timeoutMilliseconds,
  );

  test(
    "answers store and never repeats the secret",
    () =>
      check(credentials, async (input) => {
        const { exitCode, stdout, stderr } = await call("store", input);
        if (exitCode === 0) expect(stdout).toBe("");
        expect(stdout + stderr).not.toContain("hush-hush");
      }),
    timeoutMilliseconds,
  );

  test(
    "answers erase, list and words that are no action",
    () =>
      check(fc.tuple(fc.oneof(fc.constantFrom("erase", "list"), keys), servers), async ([action, input]) => {
        // These are the commands of `waybill`, or the version.
        if (/^(?:configure-docker|gcr-log.*|config|clear|store|get)$/.test(action)) return;
        await call(action, input);
      }),
    timeoutMilliseconds,
  );
});

describe("the other faces", () => {
  const images = fc.oneof(servers, fc.constantFrom("localhost:5000/p/i:1", "gcr.io/p/i", "nginx"));
  const kubelet = spoilt(
    fc
      .record(
        {
          kind: fc.oneof(fc.constant("CredentialProviderRequest"), json),
          apiVersion: fc.oneof(fc.constant("credentialprovider.kubelet.k8s.io/v1"), json),
          image: fc.oneof(images, json),
          serviceAccountToken: fc.oneof(fc.constant("hush-hush"), json),
          serviceAccountAnnotations: json,
        },
        { requiredKeys: ["kind", "apiVersion"] },
      )
      .map((value) => JSON.stringify(value)),
  );

  /** An answer, or a failure in our own words. */
  async function answerOr<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      expect(error).toBeInstanceOf(Failure);
      expect((error as Failure).message).not.toContain("hush-hush");
      return undefined;
    }
  }

  test(
    "the kubelet's answers with credentials of the image's own host, or with none",
    () =>
      check(kubelet, async (input) => {
        const response = await answerOr(kubeletCredentials(contextOf(input).it));
        for (const host of Object.keys(response?.auth ?? {})) expect(configured).toContain(host);
      }),
    timeoutMilliseconds,
  );

  test(
    "Bazel's answers with a header for configured hosts alone",
    () =>
      check(spoilt(fc.oneof(servers, json).map((uri) => JSON.stringify({ uri }))), async (input) => {
        const response = await answerOr(bazelCredentials(contextOf(input).it));
        if (!response?.headers.Authorization) return;
        expect(configured).toContain(new URL(JSON.parse(input).uri).host);
      }),
    timeoutMilliseconds,
  );
});
