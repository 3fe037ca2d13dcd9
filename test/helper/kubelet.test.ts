import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { z } from "zod";
import { claimsOf, email, Home } from "./home.ts";

// The published types of k8s.io/kubelet/pkg/apis/credentialprovider/v1, written down: what a kubelet decodes, strictly.
const goDuration = z.string().regex(/^(?:0|(?:\d+(?:\.\d+)?(?:ns|us|ms|s|m|h))+)$/);
const credentialProviderResponse = z.strictObject({
  kind: z.literal("CredentialProviderResponse"),
  apiVersion: z.literal("credentialprovider.kubelet.k8s.io/v1"),
  cacheKeyType: z.enum(["Image", "Registry", "Global"]),
  cacheDuration: goDuration.optional(),
  auth: z.record(z.string(), z.strictObject({ username: z.string(), password: z.string() })).optional(),
});
const credentialProviderRequest = z.strictObject({
  kind: z.literal("CredentialProviderRequest"),
  apiVersion: z.literal("credentialprovider.kubelet.k8s.io/v1"),
  image: z.string(),
  serviceAccountToken: z.string().optional(),
  serviceAccountAnnotations: z.record(z.string(), z.string()).optional(),
});

let home: Home;
beforeAll(async () => {
  home = new Home();
  await home.activate();
});
afterAll(() => home[Symbol.dispose]());

const requestOf = (image: string, more: Partial<z.infer<typeof credentialProviderRequest>> = {}) =>
  JSON.stringify(
    credentialProviderRequest.parse({
      kind: "CredentialProviderRequest",
      apiVersion: "credentialprovider.kubelet.k8s.io/v1",
      image,
      ...more,
    }),
  );

async function respond(input: string, command = ["kubelet-credential-provider"]) {
  const { exitCode, stdout, stderr } = await home.waybill(command, { input });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout.split("\n")).toHaveLength(2);
  return credentialProviderResponse.parse(JSON.parse(stdout));
}

describe("the kubelet's credential provider", () => {
  test("answers for an image of a configured registry, and says how long the token may be kept", async () => {
    const { cacheKeyType, cacheDuration, auth } = await respond(requestOf("localhost:5000/my-project/my-image:1"));
    expect(cacheKeyType).toBe("Registry");
    const { username, password } = auth?.["localhost:5000"] ?? {};
    expect(username).toBe("_token");
    const { claims } = claimsOf(password ?? "");
    expect(claims.iss).toBe(email);
    const seconds = Number(/^(\d+)s$/.exec(cacheDuration ?? "")?.[1]);
    const left = (claims.exp as number) - Date.now() / 1000;
    expect(seconds).toBeLessThan(left);
    expect(seconds).toBeGreaterThan(left - 70);
  });

  test("is reached by the name waybill-kubelet too, with whatever arguments the kubelet was told to pass", async () => {
    const input = requestOf("localhost:5000/my-project/my-image@sha256:0");
    expect((await respond(input, ["waybill-kubelet"])).auth).toContainKey("localhost:5000");
    expect((await respond(input, ["waybill-kubelet", "get-credentials"])).auth).toContainKey("localhost:5000");
  });

  test("takes a service account's token and annotations, which version 1 may send", async () => {
    const more = { serviceAccountToken: "eyJ.eyJ.x", serviceAccountAnnotations: { "example.com/a": "b" } };
    const response = await respond(requestOf("127.0.0.1:5000/p/i", more));
    expect(Object.keys(response.auth ?? {})).toEqual(["127.0.0.1:5000"]);
    expect(JSON.stringify(response)).not.toContain("eyJ.eyJ.x");
  });

  for (const image of ["library/nginx", "nginx", "registry.example.com/p/i", "localhost:5001/p/i", "../x", "a:b@c/d"])
    test(`gives nothing for ${image}, which no account is configured for`, async () => {
      expect(await respond(requestOf(image))).toMatchObject({ auth: {}, cacheDuration: "0s" });
    });

  const refused: [string, string, RegExp][] = [
    ["nothing", "", /not a JSON object/],
    ["no JSON", "{", /not a JSON object/],
    ["another version", requestOf("a.b/c").replace("/v1", "/v1alpha1"), /not a CredentialProviderRequest of .*\/v1\n/],
    ["another kind", requestOf("a.b/c").replace("Request", "Response"), /not a CredentialProviderRequest/],
    ["no image", requestOf(""), /names no image/],
    ["a megabyte", `{"image":"${"x".repeat(1024 * 1024)}"}`, /not a JSON object/],
  ];
  for (const [what, input, message] of refused)
    test(`fails for ${what}, on standard error only: the kubelet logs that`, async () => {
      const { exitCode, stdout, stderr } = await home.waybill(["kubelet-credential-provider"], { input });
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
      expect(stderr).toMatch(message);
    });

  test("fails when the identity fails, and quotes no secret", async () => {
    using other = new Home();
    await other.activate();
    await Bun.file(other.path(`.config/waybill/accounts/${email}.json`)).delete();
    const { exitCode, stdout } = await other.waybill(["waybill-kubelet"], { input: requestOf("localhost:5000/p/i") });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  });
});
