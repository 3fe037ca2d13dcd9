/** Five programs that move images, behind one interface: log in, put an image here, push it, forget it, pull it. */
import { CheckClient, type Credentials } from "./check-client.ts";
import { credentialsFor, storeCredentials } from "./docker-configuration.ts";
import { digestOf, type TestImage, writeArchive, writeLayout } from "./image.ts";
import type { Need } from "./machine.ts";
import type { Sandbox } from "./sandbox.ts";

export interface ImageClient {
  readonly name: string;
  readonly needs: readonly Need[];
  login(sandbox: Sandbox, host: string, credentials: Credentials): Promise<void>;
  /** Makes the image known to the client under this name, without the registry. */
  load(sandbox: Sandbox, image: TestImage, reference: string): Promise<void>;
  push(sandbox: Sandbox, reference: string): Promise<void>;
  /** Pulls into an empty store and gives the image's id. */
  pull(sandbox: Sandbox, reference: string): Promise<string>;
}

/** Docker, with its own command line or through a launcher that puts a credential in place first. */
export function docker(launcher = (_host: string): readonly string[] => ["docker"]): ImageClient {
  return {
    name: "docker",
    needs: ["docker", "dockerd", "root"],
    async login(sandbox, host, { username, password }) {
      await sandbox.succeed(["docker", "login", "--username", username, "--password-stdin", host], { input: password });
    },
    async load(sandbox, image, reference) {
      await writeArchive(image, sandbox.path("image.tar"), reference);
      await sandbox.succeed(["docker", "load", "--input", sandbox.path("image.tar")]);
    },
    async push(sandbox, reference) {
      await sandbox.succeed([...launcher(partsOf(reference).host), "push", reference]);
    },
    async pull(sandbox, reference) {
      await sandbox.run(["docker", "rmi", "--force", reference]);
      await sandbox.succeed([...launcher(partsOf(reference).host), "pull", reference]);
      return sandbox.succeed(["docker", "image", "inspect", "--format", "{{.Id}}", reference]);
    },
  };
}

export const podman: ImageClient = {
  name: "podman",
  needs: ["podman", "root"],
  login: (sandbox, host, credentials) => containersLogin("podman", sandbox, host, credentials),
  async load(sandbox, image, reference) {
    await writeArchive(image, sandbox.path("image.tar"), reference);
    await sandbox.succeed(["podman", "load", "--input", sandbox.path("image.tar")]);
  },
  async push(sandbox, reference) {
    await sandbox.succeed(["podman", "push", ...plainHttp(reference), reference]);
  },
  async pull(sandbox, reference) {
    await sandbox.run(["podman", "rmi", "--force", reference]);
    await sandbox.succeed(["podman", "pull", ...plainHttp(reference), reference]);
    return `sha256:${await sandbox.succeed(["podman", "image", "inspect", "--format", "{{.Id}}", reference])}`;
  },
};

export const buildah: ImageClient = {
  name: "buildah",
  needs: ["buildah", "root"],
  login: (sandbox, host, credentials) => containersLogin("buildah", sandbox, host, credentials),
  async load(sandbox, image, reference) {
    await writeArchive(image, sandbox.path("image.tar"), reference);
    await sandbox.succeed(["buildah", "pull", `docker-archive:${sandbox.path("image.tar")}`]);
  },
  async push(sandbox, reference) {
    await sandbox.succeed(["buildah", "push", ...plainHttp(reference), reference, `docker://${reference}`]);
  },
  async pull(sandbox, reference) {
    await sandbox.run(["buildah", "rmi", "--force", reference]);
    await sandbox.succeed(["buildah", "pull", ...plainHttp(reference), reference]);
    const id = ["buildah", "inspect", "--type", "image", "--format", "{{.FromImageID}}", reference];
    return `sha256:${await sandbox.succeed(id)}`;
  },
};

/** skopeo has no store: a folder in OCI layout on the way out, a plain folder of blobs on the way in. */
export const skopeo: ImageClient = {
  name: "skopeo",
  needs: ["skopeo"],
  login: (sandbox, host, credentials) => containersLogin("skopeo", sandbox, host, credentials),
  load: (sandbox, image, reference) => writeLayout(image, layoutOf(sandbox, reference)),
  async push(sandbox, reference) {
    const source = `oci:${layoutOf(sandbox, reference)}:latest`;
    await sandbox.succeed(["skopeo", "copy", ...plainHttp(reference, "dest-"), source, `docker://${reference}`]);
  },
  async pull(sandbox, reference) {
    const folder = sandbox.path(`pulled-${Bun.hash(reference)}`);
    await sandbox.succeed([
      "skopeo",
      "copy",
      ...plainHttp(reference, "src-"),
      `docker://${reference}`,
      `dir:${folder}`,
    ]);
    return idInFolder(folder);
  },
};

/** The stand-in for a machine without clients; it reads the same configuration file as docker. */
export const checkClient: ImageClient = {
  name: "check client",
  needs: [],
  login: storeCredentials,
  async load(_, image, reference) {
    loaded.set(reference, image);
  },
  async push(sandbox, reference) {
    const image = loaded.get(reference);
    if (!image) throw new Error(`${reference} was not loaded`);
    const { host, repository, tag } = partsOf(reference);
    await (await checkClientFor(sandbox, host)).push(repository, tag, image);
  },
  async pull(sandbox, reference) {
    const { host, repository, tag } = partsOf(reference);
    return (await (await checkClientFor(sandbox, host)).pull(repository, tag)).id;
  },
};

const loaded = new Map<string, TestImage>();

/** "HOST/REPOSITORY:TAG" or "HOST/REPOSITORY@DIGEST" in its parts. */
export function partsOf(reference: string): { host: string; repository: string; tag: string } {
  const match = /^(?<host>[^/]+)\/(?<repository>[^@]+?)(?:@(?<digest>.+)|:(?<tag>[^:/]+))$/.exec(reference);
  const { host = "", repository = "", digest, tag = "latest" } = match?.groups ?? {};
  return { host, repository, tag: digest ?? tag };
}

async function checkClientFor(sandbox: Sandbox, host: string): Promise<CheckClient> {
  return new CheckClient(`http://${host}`, await credentialsFor(sandbox, host));
}

async function containersLogin(program: string, sandbox: Sandbox, host: string, { username, password }: Credentials) {
  const command = [program, "login", ...plainHttp(host), "--username", username, "--password-stdin", host];
  await sandbox.succeed(command, { input: password });
}

/** Only a registry on this machine may be spoken to in the clear; docker knows this by itself. */
export function plainHttp(reference: string, prefix = ""): string[] {
  return /^(127\.0\.0\.1|localhost):/.test(reference) ? [`--${prefix}tls-verify=false`] : [];
}

function layoutOf(sandbox: Sandbox, reference: string): string {
  return sandbox.path(`layout-${Bun.hash(reference)}`);
}

/** skopeo names the files after their digests; whether they are right is for us to see. */
async function idInFolder(folder: string): Promise<string> {
  const manifest = await Bun.file(`${folder}/manifest.json`).json();
  for (const { digest } of [manifest.config, ...manifest.layers]) {
    const found = digestOf(await Bun.file(`${folder}/${digest.replace("sha256:", "")}`).bytes());
    if (found !== digest) throw new Error(`skopeo wrote ${found} as ${digest}`);
  }
  return manifest.config.digest;
}
