import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { claimsOf, email, Home, keyFields } from "../helper/home.ts";

const config = ".docker/config.json";

let server: Bun.Server<undefined>;
let forms: URLSearchParams[] = [];
let answer: () => Response;
beforeAll(() => {
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      forms.push(new URLSearchParams(await request.text()));
      return answer();
    },
  });
});
afterAll(() => server.stop(true));

/** A home with an account of the server, and a docker that writes down how it was called. */
async function prepared(): Promise<Home> {
  forms = [];
  answer = () => Response.json({ access_token: "ya.token", expires_in: 3600, token_type: "Bearer" });
  const home = new Home();
  home.env.PATH = `${home.path("bin")}:/usr/bin:/bin`;
  await home.activate({ token_uri: `http://localhost:${server.port}/token` });
  home.program("docker", `printf '<%s>' "$@"; echo "pid $$"; cat; exit 7`);
  return home;
}

const host = () => `localhost:${server.port}`;
const hosts = () => [host(), `127.0.0.1:${server.port}`];
const authOf = (home: Home, name: string) =>
  Buffer.from(JSON.parse(home.read(config)).auths[name].auth, "base64").toString();

describe("waybill docker", () => {
  test("leaves a token for every host of the account, and becomes docker", async () => {
    using home = await prepared();
    const argv = ["docker", "--docker-host=tcp://engine:2375", "--", "push", "a b", "--help", "-a"];
    const { exitCode, stdout } = await home.waybill(argv, { input: "standard input" });
    expect(exitCode).toBe(7);
    expect(stdout).toMatch(/^<-H><tcp:\/\/engine:2375><push><a b><--help><-a>pid \d+\nstandard input$/);
    for (const name of hosts()) expect(authOf(home, name)).toBe("gclouddockertoken:ya.token");
    expect(home.mode(config)).toBe("600");
    expect(forms).toHaveLength(1);
    expect(claimsOf(forms[0]?.get("assertion") ?? "").claims).toMatchObject({
      iss: email,
      scope: "https://www.googleapis.com/auth/devstorage.read_write",
    });
  });

  test("is docker from then on: one process, which gets the signals", async () => {
    using home = await prepared();
    home.program("docker", 'trap "exit 42" TERM; echo ready $$; while :; do sleep 0.05; done');
    const main = new URL("../../src/main.ts", import.meta.url).pathname;
    const command = [process.execPath, main, "docker", "--", "wait"];
    const child = Bun.spawn(command, { env: home.env, stdout: "pipe", stderr: "inherit" });
    const reader = child.stdout.getReader();
    const ready = new TextDecoder().decode((await reader.read()).value);
    expect(ready.trim()).toBe(`ready ${child.pid}`);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(42);
  });

  test("with -a only leaves the token and says so", async () => {
    using home = await prepared();
    home.program("docker", "echo should not run; exit 9");
    const { exitCode, stdout, stderr } = await home.waybill(["docker", "-a", "--server", host()]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
    expect(stderr).toBe(`Docker has short-lived access to ${host()}.\n`);
    expect(Object.keys(JSON.parse(home.read(config)).auths)).toEqual([host()]);
  });

  test("replaces what an earlier run left, and nothing else", async () => {
    using home = await prepared();
    home.write(config, `{\n  "auths": {"${host()}": {"auth": "old", "email": "e"}, "x": {}},\n  "n": 1.0\n}`, 0o640);
    await home.waybill(["docker", "-a", "--server", host()]);
    const auth = Buffer.from("gclouddockertoken:ya.token").toString("base64");
    expect(home.read(config)).toBe(`{\n  "auths": {"${host()}": {"auth":"${auth}"}, "x": {}},\n  "n": 1.0\n}`);
    expect(home.mode(config)).toBe("640");
  });

  for (const [what, settings] of [
    ["the host's own", () => ({ credHelpers: { [host()]: "probe" }, credsStore: "missing" })],
    ["the default store", () => ({ credsStore: "probe", auths: {} })],
  ] as const)
    test(`hands the token to ${what} when docker keeps credentials there, on its standard input`, async () => {
      using home = await prepared();
      home.write(config, JSON.stringify(settings()));
      home.program("docker-credential-probe", `echo "$@" > ${home.path("argv")}; cat > ${home.path("stored")}`);
      expect(await home.waybill(["docker", "-a", "--server", host()])).toMatchObject({ exitCode: 0 });
      expect(home.read("argv")).toBe("store\n");
      const stored = { ServerURL: host(), Username: "gclouddockertoken", Secret: "ya.token" };
      expect(JSON.parse(home.read("stored"))).toEqual(stored);
      expect(home.read(config)).toBe(JSON.stringify(settings()));
    });

  test("writes nothing and asks nobody for a host that docker asks our own helper for", async () => {
    using home = await prepared();
    home.write(config, JSON.stringify({ credHelpers: { [host()]: "waybill" } }));
    const { exitCode } = await home.waybill(["docker", "-a", "--server", host()]);
    expect(exitCode).toBe(0);
    expect(forms).toEqual([]);
    expect(home.read(config)).toBe(JSON.stringify({ credHelpers: { [host()]: "waybill" } }));
  });

  test("uses a token signed here when the server does not answer", async () => {
    using home = await prepared();
    answer = () => new Response("", { status: 503 });
    const { exitCode, stderr } = await home.waybill(["docker", "-a", "--server", host()]);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^waybill: warning: .*using a token signed here\n/);
    const [, token = ""] = authOf(home, host()).split(":");
    expect(claimsOf(token).claims.iss).toBe(email);
  });

  test("warns when a host is none of the account's", async () => {
    using home = await prepared();
    const { exitCode, stderr } = await home.waybill(["docker", "-a", "--server", "registry.example.com"]);
    expect(exitCode).toBe(0);
    expect(stderr).toContain("waybill: warning: registry.example.com is not a host of http://localhost:");
  });

  test("takes the key file of WAYBILL_KEY_FILE", async () => {
    using home = await prepared();
    const fields = keyFields({ client_email: "ci@p.test", token_uri: `http://${host()}/token` });
    const env = { WAYBILL_KEY_FILE: home.write("ci.json", JSON.stringify(fields)) };
    expect((await home.waybill(["docker", "-a"], { env })).exitCode).toBe(0);
    expect(claimsOf(forms[0]?.get("assertion") ?? "").claims.iss).toBe("ci@p.test");
    expect(Object.keys(JSON.parse(home.read(config)).auths).sort()).toEqual(hosts().sort());
  });
});

describe("waybill docker fails, and docker does not run,", () => {
  type Row = [what: string, prepare: (home: Home) => unknown, argv: string[], exitCode: number, message: RegExp];
  const refuse = () => {
    answer = () => Response.json({ error: "invalid_grant" }, { status: 400 });
  };
  const rows: Row[] = [
    ["when the server refuses the account", refuse, ["--", "ps"], 1, /invalid_grant/],
    ["when nobody is activated", (home) => home.waybill(["auth", "revoke"]), ["--", "ps"], 1, /no account is active/],
    [
      "when config.json is damaged",
      (home) => home.write(config, "{"),
      ["--", "ps"],
      1,
      /config\.json is not a JSON object/,
    ],
    [
      "when a store is missing",
      (home) => home.write(config, '{"credsStore":"none"}'),
      ["--", "ps"],
      1,
      /docker-credential-none, which is not on PATH/,
    ],
    ["when a store fails", failingStore, ["--", "ps"], 1, /docker-credential-probe did not keep .*: no room$/m],
    [
      "when our own helper has no account for the host",
      ownHelper,
      ["--server=gcr.io", "--", "ps"],
      1,
      /auth configure-docker gcr\.io/,
    ],
    ["without --", () => {}, ["ps"], 2, /after --\nwaybill: hint: waybill docker -- ps/],
    ["with words before --", () => {}, ["ps", "--", "x"], 2, /after --/],
    ["with nothing to do", () => {}, [], 2, /what should docker do\?/],
    ["with -a and words", () => {}, ["-a", "--", "ps"], 2, /--authorize-only/],
    ["with a host that is none", () => {}, ["--server=a b", "--", "ps"], 2, /not a registry host/],
  ];
  for (const [what, prepare, argv, exitCode, message] of rows)
    test(what, async () => {
      using home = await prepared();
      home.program("docker", `touch ${home.path("ran")}`);
      await prepare(home);
      const outcome = await home.waybill(["docker", ...argv]);
      expect(outcome.exitCode).toBe(exitCode);
      expect(outcome.stderr).toMatch(message);
      expect(home.has("ran")).toBe(false);
    });

  function failingStore(home: Home): void {
    home.write(config, '{"credsStore":"probe"}');
    home.program("docker-credential-probe", "cat > /dev/null; echo no room; exit 1");
  }

  function ownHelper(home: Home): void {
    home.write(config, '{"credHelpers":{"gcr.io":"waybill"}}');
  }

  test("when docker is not installed", async () => {
    using home = await prepared();
    await Bun.file(home.path("bin/docker")).delete();
    home.env.PATH = home.path("bin");
    const { exitCode, stderr } = await home.waybill(["docker", "--", "ps"]);
    expect(exitCode).toBe(1);
    expect(stderr).toStartWith("waybill: error: docker is not on PATH\n");
    expect(forms).toEqual([]);
  });

  test("when docker is no program", async () => {
    using home = await prepared();
    home.write("bin/docker", "\0\0not a program", 0o755);
    const { exitCode, stderr } = await home.waybill(["docker", "--", "ps"]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^waybill: error: .*bin\/docker cannot be run: /);
  });
});
