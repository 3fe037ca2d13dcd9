import { describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../../../scripts/compile.ts";
import { imageFiles } from "../../../scripts/image/image.ts";
import { librariesOf } from "../../../scripts/image/libraries.ts";
import { imageUser, layoutFiles, ociImage, ociIndex } from "../../../scripts/image/oci-image.ts";
import { pushImage } from "../../../scripts/image/push-image.ts";
import { version } from "../../../src/cli/command.ts";
import { RegistryClient } from "../../../src/client/registry/registry-client.ts";
import { Secret } from "../../../src/sources/secret.ts";
import { startRegistry } from "../../../src/start-registry.ts";
import { clientTest } from "../../clients/client-test.ts";
import { Sandbox } from "../../clients/sandbox.ts";

const date = new Date("2026-11-25T00:00:00Z");
const stub = (text: string) => [{ path: "usr/bin/waybill", bytes: Buffer.from(text), mode: 0o755 }];

describe("the image", () => {
  test("has the same digests each time, others for another program, and an index of its platforms", () => {
    const make = (text: string) => ociIndex([ociImage(stub(text), "amd64", date), ociImage(stub(text), "arm64", date)]);
    const image = make("one");
    expect(make("one")).toEqual(image);
    expect(make("two").top.digest).not.toBe(image.top.digest);
    const index = JSON.parse(Buffer.from(image.blobs.get(image.top.digest) ?? []).toString()) as {
      manifests: { digest: string; platform: object }[];
    };
    expect(index.manifests.map(({ platform }) => platform)).toEqual([
      { os: "linux", architecture: "amd64" },
      { os: "linux", architecture: "arm64" },
    ]);
    for (const { digest } of index.manifests) expect(image.blobs.has(digest)).toBe(true);
    expect(layoutFiles(image, "1").map(({ path }) => path)).toContain(`blobs/${image.top.digest.replace(":", "/")}`);
  });

  clientTest(
    "is pushed to our registry by our client; podman pulls it for its platform and runs it as nobody's user",
    ["podman", "root", "dpkg-deb"],
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "waybill-image-"));
      await using sandbox = await Sandbox.create();
      await using registry = await startRegistry();
      try {
        await compile(join(folder, "waybill"));
        const libraries = librariesOf(await libc6(folder), "amd64");
        const files = imageFiles(readFileSync(join(folder, "waybill")), libraries);
        const image = ociIndex([ociImage(files, "amd64", date), ociImage(stub("arm"), "arm64", date)]);
        const secret = new Secret(readFileSync(registry.keyFile, "utf8"));
        const client = new RegistryClient({
          origin: registry.origin,
          credentials: async () => ({ username: "_json_key", secret }),
          fetch,
        });
        await pushImage(client, `${registry.project}/waybill`, "1", image);
        // Nothing is sent that is there.
        await pushImage(client, `${registry.project}/waybill`, "again", image);

        const reference = `${registry.host}/${registry.project}/waybill:1`;
        const login = [
          "podman",
          "login",
          "--tls-verify=false",
          "--username=_json_key",
          "--password-stdin",
          registry.host,
        ];
        await sandbox.succeed(login, { input: readFileSync(registry.keyFile, "utf8") });
        await sandbox.succeed(["podman", "pull", "--tls-verify=false", "--arch=amd64", reference]);
        const inspect = [
          "podman",
          "image",
          "inspect",
          "--format={{.Architecture}} {{.User}} {{.Config.Entrypoint}}",
          reference,
        ];
        expect(await sandbox.succeed(inspect)).toBe(`amd64 ${imageUser}:${imageUser} [/usr/bin/waybill]`);
        const run = [
          "podman",
          "--runtime=runc",
          "run",
          "--rm",
          "--network=none",
          "--ulimit=nofile=1024:1024",
          "--ulimit=nproc=1024:1024",
        ];
        expect(await sandbox.succeed([...run, reference, "version"])).toBe(`waybill ${version}`);
        expect(
          await sandbox.succeed([
            ...run,
            "--read-only",
            "--entrypoint=/usr/bin/docker-credential-waybill",
            reference,
            "version",
          ]),
        ).toBe(`docker-credential-waybill ${version}`);
        const name = `waybill-image-${process.pid}`;
        const server = await sandbox.start(
          "server",
          [...run, `--name=${name}`, "--read-only", reference, "serve", "--listen=localhost:0"],
          /^ready: http:\S+$/m,
        );
        const user = await sandbox.succeed(["podman", "top", name, "huser"]);
        expect(user).toContain(String(imageUser));
        await sandbox.succeed(["podman", "stop", "--time=20", name]);
        await server.stop();
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});

/** Debian's package of the C library, as it is downloaded for a release. */
async function libc6(folder: string): Promise<string> {
  const command = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", "libc6"];
  const child = Bun.spawn(command, { cwd: folder, stdout: "ignore", stderr: "inherit" });
  expect(await child.exited).toBe(0);
  const file = readdirSync(folder).find((name) => name.endsWith(".deb"));
  expect(file !== undefined && existsSync(join(folder, file))).toBe(true);
  return join(folder, file ?? "");
}
