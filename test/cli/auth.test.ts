import { describe, expect, test } from "bun:test";
import { runCli } from "../../src/cli/run.ts";
import { email, Home, keyFields } from "../helper/home.ts";
import { context } from "./context.ts";

type Given = Parameters<typeof context>[0];

async function run(home: Home, argv: string[], given: Given = {}) {
  const { it, said } = context({ ...given, env: { ...home.env, ...given.env } });
  const exitCode = await runCli(argv, it);
  return { exitCode, ...said };
}

const keyFile = (home: Home, fields = {}) => home.write("key.json", JSON.stringify(keyFields(fields)));
const activate = (home: Home, fields = {}) =>
  run(home, ["auth", "activate-service-account", `--key-file=${keyFile(home, fields)}`]);

describe("waybill auth activate-service-account", () => {
  test("says what it did, on standard error, and needs no network", async () => {
    using home = new Home();
    const { exitCode, stdout, stderr } = await activate(home);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
    expect(stderr).toStartWith(`Activated ${email} for localhost:5000, 127.0.0.1:5000, to pull.\n`);
  });

  test("reads the key from standard input, so that it need not lie in a file", async () => {
    using home = new Home();
    const stdin = JSON.stringify(keyFields());
    expect((await run(home, ["auth", "activate-service-account", "--key-file=-"], { stdin })).exitCode).toBe(0);
  });

  test("uses the server of --server", async () => {
    using home = new Home();
    const argv = ["auth", "activate-service-account", `--key-file=${keyFile(home)}`, "--server=registry.example.com"];
    expect((await run(home, argv)).stderr).toContain("for registry.example.com, to pull.");
  });

  const refused: [string, (home: Home) => string[], RegExp][] = [
    ["a file that is not there", (home) => [`--key-file=${home.path("absent")}`], /absent cannot be read/],
    ["a file that is no key", (home) => [`--key-file=${home.write("x", "{}")}`], /not a service account's key/],
    ["a file that is too long", (home) => [`--key-file=${home.write("x", " ".repeat(70_000))}`], /more than 65536/],
    ["the key of another account than named", (home) => [`--key-file=${keyFile(home)}`, "a@b.test"], /not of a@b.test/],
    ["a server that is none", (home) => [`--key-file=${keyFile(home)}`, "--server=https://a/b"], /is not a server/],
  ];
  for (const [what, argv, message] of refused)
    test(`refuses ${what}, and keeps nothing`, async () => {
      using home = new Home();
      const { exitCode, stdout, stderr } = await run(home, ["auth", "activate-service-account", ...argv(home)]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
      expect(stderr).toMatch(message);
      expect(home.has(".config")).toBe(false);
    });
});

describe("waybill auth list", () => {
  test("marks the active account", async () => {
    using home = new Home();
    const other = "other@my-project.iam.waybill.internal";
    await activate(home, { client_email: other, token_uri: "https://registry.example.com/token" });
    await activate(home);
    expect((await run(home, ["auth", "list"])).stdout).toBe(
      [
        "ACTIVE  ACCOUNT                                SERVER                        REGISTRIES",
        "        other@my-project.iam.waybill.internal  https://registry.example.com  registry.example.com",
        "*       robot@my-project.iam.waybill.internal  http://localhost:5000         localhost:5000, 127.0.0.1:5000\n",
      ].join("\n"),
    );
    expect(JSON.parse((await run(home, ["auth", "list", "--format=json"])).stdout)).toEqual([
      { account: other, status: "", server: "https://registry.example.com", registries: ["registry.example.com"] },
      {
        account: email,
        status: "ACTIVE",
        server: "http://localhost:5000",
        registries: ["localhost:5000", "127.0.0.1:5000"],
      },
    ]);
  });
});

describe("waybill auth revoke", () => {
  test("forgets the active account, or the one that is named", async () => {
    using home = new Home();
    await activate(home, { client_email: "other@p.test" });
    await activate(home);
    expect((await run(home, ["auth", "revoke", "other@p.test"])).exitCode).toBe(0);
    const { exitCode, stderr } = await run(home, ["auth", "revoke"]);
    expect(exitCode).toBe(0);
    expect(stderr).toContain("waybill auth unconfigure-docker localhost:5000,127.0.0.1:5000");
    expect((await run(home, ["auth", "list", "--format=json"])).stdout).toBe("[]\n");
    expect((await run(home, ["auth", "revoke", "other@p.test"])).exitCode).toBe(1);
  });
});

describe("waybill auth print-access-token", () => {
  const server = (answer: object, status = 200) => {
    const forms: URLSearchParams[] = [];
    const fetch = async (request: Request) => {
      forms.push(new URLSearchParams(await request.text()));
      return Response.json(answer, { status });
    };
    return { fetch, forms };
  };
  const good = { access_token: "ya.token", expires_in: 900, token_type: "Bearer" };

  test("prints the token and nothing else", async () => {
    using home = new Home();
    await activate(home);
    const { fetch, forms } = server(good);
    const argv = [
      "auth",
      "print-access-token",
      "--scopes=devstorage.read_only,https://example.com/x",
      "--lifetime=900",
    ];
    expect(await run(home, argv, { fetch })).toEqual({ exitCode: 0, stdout: "ya.token\n", stderr: "" });
    expect(forms[0]?.get("lifetime")).toBe("900");
    expect(scopeIn(forms[0])).toBe("https://www.googleapis.com/auth/devstorage.read_only https://example.com/x");
  });

  test("asks for cloud-platform and for no lifetime by itself", async () => {
    using home = new Home();
    const { fetch, forms } = server(good);
    const argv = ["auth", "print-access-token", `--key-file=${keyFile(home)}`];
    expect((await run(home, argv, { fetch })).exitCode).toBe(0);
    expect(forms[0]?.has("lifetime")).toBe(false);
    expect(scopeIn(forms[0])).toBe("https://www.googleapis.com/auth/cloud-platform");
  });

  test("tells the server's refusal", async () => {
    using home = new Home();
    await activate(home);
    const { fetch } = server({ error: "invalid_grant", error_description: "the key is disabled" }, 400);
    const { exitCode, stdout, stderr } = await run(home, ["auth", "print-access-token"], { fetch });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(/^waybill: error: .*invalid_grant: the key is disabled\nwaybill: hint: .*\n$/);
  });

  function scopeIn(form: URLSearchParams | undefined): string {
    const [, claims = ""] = form?.get("assertion")?.split(".") ?? [];
    return JSON.parse(Buffer.from(claims, "base64url").toString()).scope;
  }
});
