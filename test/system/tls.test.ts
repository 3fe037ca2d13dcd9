import { describe, expect, test } from "bun:test";
import { copyFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readTlsFiles } from "../../src/system/tls-files.ts";
import { TlsWatch } from "../../src/system/tls-watch.ts";
import { startProgram, temporaryFolder, until } from "./running-server.ts";
import { selfSigned, shownTo } from "./self-signed.ts";

const limit = 60_000;

describe("a server with certificates for several names", () => {
  test(
    "shows each client the one it asks for, new ones after SIGHUP, and none that is broken",
    async () => {
      using folder = temporaryFolder();
      const first = await selfSigned(folder.path, "first", ["first.example"]);
      const second = await selfSigned(folder.path, "second", ["second.example", "*.second.example"]);
      const third = await selfSigned(folder.path, "third", ["third.example"]);
      await using server = await startProgram([
        "--listen=127.0.0.1:0",
        `--tls-cert=${first.certificate},${second.certificate}`,
        `--tls-key=${first.key},${second.key}`,
      ]);
      const { port } = new URL(server.origin);
      const subject = async (name?: string) => (await shownTo(port, name)).subject;
      expect(await subject("first.example")).toBe("first");
      expect(await subject("second.example")).toBe("second");
      expect(await subject("eu.second.example")).toBe("second");
      expect(await subject("unknown.example")).toBe("first");
      expect(await subject()).toBe("first");

      // A key that belongs to another certificate: half of a renewal.
      copyFileSync(third.certificate, first.certificate);
      server.child.kill("SIGHUP");
      const refused = await server.logged("the new certificates cannot be used; those before stay in use");
      expect(JSON.stringify(refused)).toContain("first.key is not the key of");
      expect(await subject("first.example")).toBe("first");

      copyFileSync(third.key, first.key);
      server.child.kill("SIGHUP");
      await server.logged("new certificates are in use");
      expect(await subject("third.example")).toBe("third");
      expect(await subject("second.example")).toBe("second");
      expect(JSON.stringify(server.log())).not.toContain("PRIVATE KEY");
      expect(await server.stop()).toBe(0);
    },
    limit,
  );

  test(
    "finishes on the old certificate what began on it",
    async () => {
      using folder = temporaryFolder();
      const pair = await selfSigned(folder.path, "old", ["localhost"]);
      const renewed = await selfSigned(folder.path, "new", ["localhost"]);
      const tls = [`--tls-cert=${pair.certificate}`, `--tls-key=${pair.key}`];
      await using server = await startProgram(["--listen=127.0.0.1:0", ...tls]);
      // A request whose body waits for the renewal.
      let go = () => {};
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(Buffer.from("grant_type="));
          go = () => {
            controller.enqueue(Buffer.from("none"));
            controller.close();
          };
        },
      });
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const options = { method: "POST", headers, body, tls: { rejectUnauthorized: false } };
      const answer = fetch(`${server.origin}/token`, options);
      await until(async () => (await healthy(server.origin)) || undefined);
      copyFileSync(renewed.certificate, pair.certificate);
      copyFileSync(renewed.key, pair.key);
      server.child.kill("SIGHUP");
      await server.logged("new certificates are in use");
      expect((await shownTo(new URL(server.origin).port, "localhost")).subject).toBe("new");
      go();
      expect((await answer).status).toBe(400);
    },
    limit,
  );

  test(
    "speaks HTTP/2 with --http2, and does not without",
    async () => {
      using folder = temporaryFolder();
      const { certificate, key } = await selfSigned(folder.path, "localhost", ["localhost"]);
      const tls = [`--tls-cert=${certificate}`, `--tls-key=${key}`];
      for (const [flags, protocol] of [
        [["--http2"], "h2"],
        [[], undefined],
      ] as const) {
        await using server = await startProgram(["--listen=127.0.0.1:0", ...tls, ...flags]);
        const { port } = new URL(server.origin);
        const shown = await shownTo(port, "localhost", "-alpn", "h2,http/1.1");
        expect(shown.protocol === "h2" ? "h2" : undefined).toBe(protocol);
        if (Bun.which("curl") === null) continue;
        const says = ["--write-out", "%{http_version} %{http_code}"];
        const curl = Bun.spawn(["curl", "--silent", "--insecure", "--http2", ...says, `${server.origin}/v2/`]);
        expect(await new Response(curl.stdout).text()).toEndWith(protocol === "h2" ? "2 401" : "1.1 401");
      }
    },
    limit,
  );

  test(
    "takes no port that somebody has, though its own are shared between old and new certificates",
    async () => {
      using folder = temporaryFolder();
      const { certificate, key } = await selfSigned(folder.path, "localhost", ["localhost"]);
      const tls = [`--tls-cert=${certificate}`, `--tls-key=${key}`];
      await using server = await startProgram(["--listen=127.0.0.1:0", ...tls]);
      const { host } = new URL(server.origin);
      await expect(startProgram([`--listen=${host}`, ...tls])).rejects.toThrow(/did not start/);
    },
    limit,
  );
});

describe("readTlsFiles", () => {
  test("refuses what cannot be used, and names the file but not what is in it", async () => {
    using folder = temporaryFolder();
    const one = await selfSigned(folder.path, "one", ["one.example"]);
    const two = await selfSigned(folder.path, "two", ["two.example"]);
    const broken = join(folder.path, "broken.pem");
    writeFileSync(broken, "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n");
    const rows: [string, string, RegExp][] = [
      [one.certificate, two.key, /two\.key is not the key of .*one\.pem/],
      [one.certificate, broken, /broken\.pem: no private key in PEM/],
      [broken, one.key, /broken\.pem: no certificate in PEM/],
      [one.certificate, join(folder.path, "none"), /none cannot be read/],
    ];
    for (const [certificate, key, message] of rows) {
      expect(() => readTlsFiles([certificate], [key])).toThrow(message);
      expect(() => readTlsFiles([certificate], [key])).not.toThrow(/secret/);
    }
  });

  test("gives a name to the first certificate that has it, and one without names to everybody", async () => {
    using folder = temporaryFolder();
    const one = await selfSigned(folder.path, "one", ["both.example", "one.example"]);
    const two = await selfSigned(folder.path, "two", ["both.example", "two.example"]);
    const nameless = await selfSigned(folder.path, "nameless", []);
    const { entries, certificates } = readTlsFiles([one.certificate, two.certificate], [one.key, two.key]);
    expect(entries.map(({ serverName }) => serverName)).toEqual(["both.example", "one.example", "two.example"]);
    expect(certificates.map(({ names }) => names.length)).toEqual([2, 2]);
    expect(certificates[0]?.endsAt).toBeGreaterThan(Date.now());
    expect(readTlsFiles([nameless.certificate], [nameless.key]).entries).toHaveLength(1);
  });
});

test("certificates are read again when their files change, also by a link, and once for each change", async () => {
  using folder = temporaryFolder();
  const files = [join(folder.path, "tls.crt")];
  writeFileSync(files[0] ?? "", "1");
  let reads = 0;
  const read = () => {
    reads++;
    if (reads === 1) throw new Error("half written");
    return { entries: [], certificates: [] };
  };
  const used: unknown[] = [];
  const said: string[] = [];
  const say = (_detail: object, message: string) => said.push(message);
  const log = { info: say, error: say };
  const watch = new TlsWatch({ files, read, use: (tls) => used.push(tls), log, everyMilliseconds: 5 });
  try {
    writeFileSync(join(folder.path, "next"), "22");
    renameSync(join(folder.path, "next"), files[0] ?? "");
    await until(() => said[0]);
    writeFileSync(files[0] ?? "", "333");
    await until(() => used[0]);
    await Bun.sleep(50);
    expect({ reads, said }).toEqual({
      reads: 2,
      said: ["the new certificates cannot be used; those before stay in use", "new certificates are in use"],
    });
  } finally {
    watch.stop();
  }
});

async function healthy(origin: string): Promise<boolean> {
  const answer = await fetch(`${origin}/healthz`, { tls: { rejectUnauthorized: false } });
  return answer.ok;
}
