import { beforeEach, describe, expect, test } from "bun:test";
import { Door } from "../../../src/cli/metadata-server/door.ts";
import { GrantedScopes } from "../../../src/cli/metadata-server/granted-scopes.ts";
import { createMetadataFace } from "../../../src/cli/metadata-server/metadata-face.ts";
import { metadataTree } from "../../../src/cli/metadata-server/metadata-tree.ts";
import { PeerLog } from "../../../src/cli/metadata-server/peer-log.ts";
import { openWorkshop } from "../../../src/cli/metadata-server/workshop.ts";
import { parseScope, pullScope, registryScope } from "../../../src/sources/scope.ts";
import { Secret } from "../../../src/sources/secret.ts";

const email = "instance@shop.iam.waybill.internal";
const host = "172.17.0.1:8091";
const flavour = { "metadata-flavor": "Google" };

let clock: number;
let asked: (readonly string[])[];
let trouble: Error | undefined;
let logged: string;

beforeEach(() => {
  clock = Date.UTC(2026, 10, 23, 12);
  asked = [];
  trouble = undefined;
  logged = "";
});

/** A metadata server whose tokens say what they are for. */
function serverWith(granted: readonly string[], names: readonly string[] = []) {
  const now = () => clock;
  const account = {
    email,
    async accessToken(scopes: readonly string[]) {
      asked.push(scopes);
      if (trouble) throw trouble;
      return { token: new Secret(`token-${asked.length}`), expiresAt: clock / 1000 + 3600 };
    },
    idToken: async (audience: string) => new Secret(`id-token-for-${audience}`),
  };
  const scopes = new GrantedScopes(granted);
  const facts = { email, scopes: scopes.all, projectId: "shop", projectNumber: "123456789012" };
  const write = (line: string) => {
    logged += line;
  };
  const face = createMetadataFace({
    door: new Door([{ address: "172.17.0.1", port: 8091 }], names),
    tree: metadataTree(facts),
    workshop: openWorkshop(account, scopes, now),
    log: new PeerLog(write, now),
  });
  return async (path: string, headers: Record<string, string> = flavour, method = "GET") => {
    const request = new Request(`http://${host}${path}`, { method, headers: { host, ...headers } });
    const response = await face(request, "172.17.0.9");
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
}

const v1 = "/computeMetadata/v1";
const accounts = `${v1}/instance/service-accounts`;

describe("a metadata server tells", () => {
  test.each([
    ["/", "computeMetadata/\n"],
    [`${v1}/`, "instance/\nproject/\nuniverse/\n"],
    [`${v1}/instance`, "service-accounts/\n"],
    [`${v1}/project/project-id`, "shop"],
    [`${v1}/project/numeric-project-id`, "123456789012"],
    [`${v1}/universe/universe-domain`, "googleapis.com"],
    [`${accounts}/`, `${email}/\ndefault/\n`],
    [`${accounts}/default/`, "aliases\nemail\nidentity\nscopes\ntoken\n"],
    [`${accounts}/default/aliases`, "default\n"],
    [`${accounts}/default/email`, email],
    [`${accounts}/${encodeURIComponent(email)}/email`, email],
    [`${accounts}/default/scopes`, `${pullScope}\n`],
    [`${accounts}/default/identity?audience=https://a.test&format=full&licenses=FALSE`, "id-token-for-https://a.test"],
  ])("%s", async (path, expected) => {
    const { status, headers, text } = await serverWith([pullScope])(path);
    expect({ status, text }).toEqual({ status: 200, text: expected });
    expect(headers.get("metadata-flavor")).toBe("Google");
  });

  test("everything below a folder at once, and no token with it", async () => {
    const account = { aliases: ["default"], email, scopes: [pullScope] };
    const ask = serverWith([pullScope]);
    expect(JSON.parse((await ask(`${accounts}/${email}/?recursive=true`)).text)).toEqual(account);
    expect(JSON.parse((await ask(`${accounts}/?recursive=True&alt=json`)).text)).toEqual({
      [email]: account,
      default: account,
    });
    expect(JSON.parse((await ask(`${v1}/project/?recursive=true`)).text)).toEqual({
      projectId: "shop",
      numericProjectId: 123_456_789_012,
    });
  });

  test.each([
    `${v1}/instance/attributes/cluster-name`,
    `${accounts}/other@shop.iam.waybill.internal/token`,
    `${accounts}/default/token/more`,
    `${accounts}/default/constructor`,
    `${v1}/__proto__`,
    `${v1}/%`,
    "/computeMetadata/v1beta1/instance",
    "/computeMetadata/v1x",
    "/admin",
  ])("nothing at %s", async (path) => {
    expect((await serverWith([pullScope])(path)).status).toBe(404);
  });

  test("a head without its body", async () => {
    expect(await serverWith([pullScope])(`${accounts}/default/email`, flavour, "HEAD")).toMatchObject({
      status: 200,
      text: "",
    });
  });
});

describe("a metadata server turns away", () => {
  const token = `${accounts}/default/token`;
  test.each([
    ["a request that does not mean it", {}, "GET", 403],
    ["another flavour", { "metadata-flavor": "google.com" }, "GET", 403],
    ["a proxy's request", { ...flavour, "x-forwarded-for": "10.0.0.1" }, "GET", 403],
    ["a proxy's request that names nobody", { ...flavour, "x-forwarded-for": "" }, "GET", 403],
    ["RFC 7239's form of it", { ...flavour, forwarded: "for=10.0.0.1" }, "GET", 403],
    ["a page whose name was pointed here", { ...flavour, host: "attacker.test:8091" }, "GET", 403],
    ["a name that only begins like ours", { ...flavour, host: "metadata.google.internal.attacker.test" }, "GET", 403],
    ["our address at another port", { ...flavour, host: "172.17.0.1:80" }, "GET", 403],
    ["what would change something", flavour, "POST", 405],
  ])("%s", async (_what, headers: Record<string, string>, method, status) => {
    const ask = serverWith([pullScope]);
    expect((await ask(token, headers, method)).status).toBe(status);
    expect(asked).toEqual([]);
    expect(logged).toContain(`172.17.0.9 ${method} ${token} ${status}`);
  });

  test("and lets in who asks by one of its names", async () => {
    const ask = serverWith([pullScope], ["Metadata.Test"]);
    for (const name of ["metadata.google.internal", "169.254.169.254:8091", "172.17.0.1", "metadata.test:8091"])
      expect((await ask(token, { ...flavour, host: name })).status).toBe(200);
  });

  test("an address that is too long", async () => {
    expect((await serverWith([pullScope])(`${v1}/${"a".repeat(5000)}`)).status).toBe(400);
  });
});

describe("tokens of a metadata server", () => {
  const token = (scopes?: string) =>
    `${accounts}/default/token${scopes === undefined ? "" : `?scopes=${encodeURIComponent(scopes)}`}`;
  const platform = parseScope("cloud-platform");
  const email = parseScope("userinfo.email");

  test.each([
    ["nothing: everything that was given", [registryScope, email], undefined, [registryScope, email]],
    ["what was given", [registryScope], registryScope, [registryScope]],
    ["a part of it", [registryScope], pullScope, [pullScope]],
    ["a part of everything", [platform], pullScope, [pullScope]],
    ["a short name", [registryScope], "devstorage.read_only", [pullScope]],
    ["who it is", [pullScope], `openid,${email}`, [email, "openid"].sort()],
    [
      "several, twice",
      [registryScope],
      `${registryScope},${pullScope},${pullScope}`,
      [pullScope, registryScope].sort(),
    ],
  ])("asked for %s", async (_what, granted, scopes, expected) => {
    const { status, text } = await serverWith(granted)(token(scopes));
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({ access_token: "token-1", expires_in: 3600, token_type: "Bearer" });
    expect(asked).toEqual([[...expected]]);
  });

  test.each([
    ["pulling", [pullScope], registryScope],
    ["pulling", [pullScope], platform],
    ["pulling and more", [pullScope], `${pullScope},${platform}`],
    ["pushing", [registryScope], parseScope("devstorage.full_control")],
    ["reading", [parseScope("cloud-platform.read-only")], registryScope],
    ["pulling, another API", [pullScope], parseScope("compute")],
  ])("given for %s, no wider one is to be had", async (_what, granted, scopes) => {
    const { status, text } = await serverWith(granted)(token(scopes));
    expect(status).toBe(403);
    expect(text).toContain("was not given");
    expect(asked).toEqual([]);
  });

  test.each(['a"b', "a\\b", Array.from({ length: 51 }, (_, index) => `s${index}`).join(","), "a".repeat(300)])(
    "for %p are not made",
    async (scopes) => {
      expect((await serverWith([platform])(token(scopes))).status).toBe(400);
    },
  );

  test("are kept until a quarter of an hour is left, however they are asked for", async () => {
    const ask = serverWith([registryScope]);
    await Promise.all([ask(token()), ask(token()), ask(token(registryScope))]);
    clock += 44 * 60_000;
    expect(JSON.parse((await ask(token())).text)).toMatchObject({ access_token: "token-1", expires_in: 960 });
    expect(asked).toHaveLength(1);
    clock += 2 * 60_000;
    expect(JSON.parse((await ask(token())).text)).toMatchObject({ access_token: "token-2", expires_in: 3600 });
  });

  test("that cannot be had are told in the log, and not to workloads; a loop at the door is none at the server", async () => {
    const ask = serverWith([pullScope]);
    trouble = new Error("invalid_grant: key 123 is disabled");
    const { status, text } = await ask(token());
    expect({ status, known: text.includes("123") }).toEqual({ status: 503, known: false });
    expect(logged).toContain("invalid_grant: key 123 is disabled");
    await ask(token());
    expect(asked).toHaveLength(1);
    trouble = undefined;
    clock += 3_000;
    expect((await ask(token())).status).toBe(200);
  });

  test("never stand in the log, and a loop does not fill it", async () => {
    const ask = serverWith([pullScope]);
    for (let count = 0; count < 700; count++) await ask(token());
    expect(logged).not.toContain("token-1");
    expect(logged.trimEnd().split("\n")).toHaveLength(600);
    clock += 60_000;
    await ask(token());
    expect(logged).toContain("100 more lines were left out");
  });

  test.each(["", "?audience=", `?audience=${"a".repeat(2000)}`, "?audience=a%0ab", "?audience=a&format=other"])(
    "an id token is refused for identity%s",
    async (query) => {
      expect((await serverWith([pullScope])(`${accounts}/default/identity${query}`)).status).toBe(400);
    },
  );
});
