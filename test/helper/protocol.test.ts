import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { claimsOf, email, Home, keyFields } from "./home.ts";

const notFound = "credentials not found in native keychain\n";
const usage =
  "Usage: docker-credential-waybill <get|store|erase|list|version|configure-docker|gcr-login|gcr-logout|config|clear>\n";

let home: Home;
beforeAll(async () => {
  home = new Home();
  await home.activate();
});
afterAll(() => home[Symbol.dispose]());

describe("get answers with a token", () => {
  const servers = [
    "localhost:5000",
    "127.0.0.1:5000",
    "http://localhost:5000",
    "https://localhost:5000",
    "http://localhost:5000/v2/",
    "localhost:5000/my-project/my-image",
    "LOCALHOST:5000",
    "localhost:5000\n",
    " localhost:5000 \r\n",
    "local\nhost:5000",
  ];
  for (const input of servers)
    test(`for ${JSON.stringify(input)}, naming the server as it was asked`, async () => {
      const { exitCode, stdout, stderr } = await home.helper(["get"], input);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      const { Secret, ...rest } = JSON.parse(stdout);
      expect(rest).toEqual({ ServerURL: input.replaceAll(/\r?\n/g, "").trim(), Username: "_token" });
      expect(stdout).toStartWith('{"ServerURL":');
      expect(stdout.split("\n")).toHaveLength(2);
      const { header, claims } = claimsOf(Secret);
      expect(header).toEqual({ alg: "RS256", typ: "JWT", kid: "0123456789abcdef" });
      expect(claims).toMatchObject({
        iss: email,
        sub: email,
        aud: "http://localhost:5000/token",
        scope: "https://www.googleapis.com/auth/devstorage.read_only",
      });
      expect((claims.exp as number) - (claims.iat as number)).toBe(3600);
    });
});

describe("get answers exactly that nothing was found", () => {
  const servers = [
    "gcr.io",
    "localhost",
    "localhost:5001",
    "localhost:5000.example.com",
    "example.com/localhost:5000",
    "https://example.com/localhost:5000",
    "localhost:5000@example.com",
    "example.com#localhost:5000",
    "https://index.docker.io/v1/",
    "constructor",
    "__proto__",
    "../../etc",
    "ftp://localhost:5000",
    "\0",
  ];
  for (const input of servers)
    test(`for ${JSON.stringify(input)}, which was not configured`, async () => {
      expect(await home.helper(["get"], input)).toEqual({ exitCode: 1, stdout: notFound, stderr: "" });
    });

  test("on a machine where nothing was ever configured, also without a home", async () => {
    using empty = new Home();
    expect(await empty.helper(["get"], "localhost:5000")).toEqual({ exitCode: 1, stdout: notFound, stderr: "" });
    const env = { HOME: "/nonexistent" };
    expect(await empty.helper(["get"], "gcr.io", { env })).toEqual({ exitCode: 1, stdout: notFound, stderr: "" });
    expect(empty.has(".config")).toBe(false);
  });

  test("after the account was revoked", async () => {
    using other = new Home();
    await other.activate();
    await other.helper(["get"], "localhost:5000");
    await other.waybill(["auth", "revoke"]);
    expect(await other.helper(["get"], "localhost:5000")).toEqual({ exitCode: 1, stdout: notFound, stderr: "" });
  });
});

describe("the protocol's other rows", () => {
  type Row = [argv: string[], input: string, exitCode: number, stdout: string, stderr: string | RegExp];
  const stored = (fields: Record<string, unknown>) =>
    `${JSON.stringify({ ServerURL: "localhost:5000", Username: "me", Secret: "hush", ...fields })}\n`;
  const rows: Row[] = [
    [["get"], "", 1, "no credentials server URL\n", ""],
    [["get"], " \n\n", 1, "no credentials server URL\n", ""],
    [
      ["get"],
      "x".repeat(70_000),
      1,
      "a line of the input has more than 65535 bytes\n",
      /^waybill: error: a line of the input/,
    ],
    [["erase"], "localhost:5000", 0, "", ""],
    [["erase"], "gcr.io", 0, "", ""],
    [["erase"], "", 1, "no credentials server URL\n", ""],
    [["store"], stored({}), 0, "", new RegExp(`^waybill: localhost:5000 is used as ${email}; `)],
    [["store"], stored({ ServerURL: "gcr.io" }), 0, "", /^waybill: gcr.io is not configured here; .*\nwaybill: hint: /],
    [["store"], stored({ Username: "_token" }), 0, "", ""],
    [["store"], stored({ ServerURL: "" }), 1, "no credentials server URL\n", ""],
    [["store"], stored({ ServerURL: undefined }), 1, "no credentials server URL\n", ""],
    [["store"], stored({ Username: "" }), 1, "no credentials username\n", ""],
    [["store"], stored({ Username: undefined }), 1, "no credentials username\n", ""],
    [["store"], "{bad", 1, "the credentials to store are not a JSON object\n", /^waybill: error: /],
    [["store"], '"text"', 1, "the credentials to store are not a JSON object\n", /^waybill: error: /],
    [["store"], "", 1, "the credentials to store are not a JSON object\n", /^waybill: error: /],
    [["list"], "unused", 0, '{"127.0.0.1:5000":"_token","localhost:5000":"_token"}\n', ""],
    [["version"], "", 0, "docker-credential-waybill 0.1.0\n", ""],
    [["--version"], "", 0, "docker-credential-waybill 0.1.0\n", ""],
    [["--help"], "", 0, usage, ""],
    [[], "", 1, usage, ""],
    [["bogus"], "", 1, usage, ""],
    [["get", "localhost:5000"], "", 1, usage, ""],
  ];
  for (const [argv, input, exitCode, stdout, stderr] of rows)
    test(`${argv.join(" ") || "nothing"} with ${JSON.stringify(input.slice(0, 60).trim())} exits ${exitCode}`, async () => {
      const outcome = await home.helper(argv, input);
      expect({ exitCode: outcome.exitCode, stdout: outcome.stdout }).toEqual({ exitCode, stdout });
      if (stderr instanceof RegExp) expect(outcome.stderr).toMatch(stderr);
      else expect(outcome.stderr).toBe(stderr);
      expect(outcome.stdout + outcome.stderr).not.toContain("hush");
    });

  test("list without any account is an empty object", async () => {
    using empty = new Home();
    expect(await empty.helper(["list"], "unused")).toEqual({ exitCode: 0, stdout: "{}\n", stderr: "" });
  });

  test("configure-docker is the command of that name, for the name that the helper was called by", async () => {
    using other = new Home();
    await other.activate();
    const { exitCode } = await other.waybill(["docker-credential-elsewhere", "configure-docker", "localhost:5000"]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(other.read(".docker/config.json"))).toEqual({ credHelpers: { "localhost:5000": "elsewhere" } });
  });
});

test("gcr-login, gcr-logout and config are the commands of the program", async () => {
  using other = new Home();
  const rows: [argv: string[], text: RegExp][] = [
    [["gcr-login", "--help"], /^NAME\n {4}waybill auth login - /],
    [["gcr-logout", "--help"], /^NAME\n {4}waybill auth logout - /],
    [["config", "--help"], /^NAME\n {4}waybill config - /],
  ];
  for (const [argv, text] of rows) expect((await other.helper(argv)).stdout).toMatch(text);
});

test("clear forgets every account", async () => {
  using other = new Home();
  await other.activate();
  await other.activate({ client_email: "second@my-project.iam.waybill.internal" });
  expect((await other.helper(["clear"])).exitCode).toBe(0);
  expect((await other.helper(["list"])).stdout).toBe("{}\n");
  expect((await other.helper(["clear"])).exitCode).toBe(0);
});

describe("an identity that fails is told on both streams and is never taken for none", () => {
  const path = `.config/waybill/accounts/${email}.json`;
  const damages: [string, (home: Home) => unknown, RegExp][] = [
    ["the key file is gone", (it) => Bun.file(it.path(path)).delete(), /key\.json|cannot be read/],
    ["the key file is damaged", (it) => it.write(path, '{"type":"serv'), /it is not a JSON object/],
    [
      "the key is another kind of key",
      (it) => it.write(path, JSON.stringify(keyFields({ private_key: "x" }))),
      /PKCS#8/,
    ],
    ["the settings are damaged", (it) => it.write(".config/waybill/settings.json", '{"accounts":'), /settings\.json/],
    ["the settings are no object", (it) => it.write(".config/waybill/settings.json", "[]"), /settings\.json/],
  ];
  for (const [what, damage, message] of damages)
    test(what, async () => {
      using other = new Home();
      await other.activate();
      await damage(other);
      const { exitCode, stdout, stderr } = await other.helper(["get"], "localhost:5000");
      expect(exitCode).toBe(1);
      expect(stdout).toMatch(message);
      expect(stdout.split("\n")).toHaveLength(2);
      expect(stdout).not.toContain("credentials not found");
      expect(stderr).toStartWith(`waybill: error: ${stdout}`);
      expect(stderr).toContain("waybill: hint: ");
      expect(stdout + stderr).not.toContain("PRIVATE KEY");
    });
});

describe("a key file that the environment names", () => {
  for (const name of ["WAYBILL_KEY_FILE", "GOOGLE_APPLICATION_CREDENTIALS"])
    test(`by ${name} gets tokens for its own server's hosts and no others`, async () => {
      using other = new Home();
      const env = { [name]: other.write("key.json", JSON.stringify(keyFields())) };
      const { stdout } = await other.helper(["get"], "127.0.0.1:5000", { env });
      expect(claimsOf(JSON.parse(stdout).Secret).claims.iss).toBe(email);
      expect((await other.helper(["get"], "localhost:5001", { env })).stdout).toBe(notFound);
      expect(JSON.parse((await other.helper(["list"], "", { env })).stdout)).toContainKey("localhost:5000");
    });

  test("is an error when it cannot be read", async () => {
    using other = new Home();
    const env = { GOOGLE_APPLICATION_CREDENTIALS: other.path("absent.json") };
    const { exitCode, stdout } = await other.helper(["get"], "localhost:5000", { env });
    expect(exitCode).toBe(1);
    expect(stdout).toContain("absent.json");
  });

  test("with credentials of another kind is for other programs", async () => {
    using other = new Home();
    const env = { GOOGLE_APPLICATION_CREDENTIALS: other.write("adc.json", '{"type":"authorized_user"}') };
    expect((await other.helper(["get"], "localhost:5000", { env })).stdout).toBe(notFound);
  });
});
