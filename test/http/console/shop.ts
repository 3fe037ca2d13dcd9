import type { ResourceKey } from "../../../src/storage/metadata/schema.ts";
import { insertUser, type UserRow } from "../../../src/storage/metadata/users.ts";
import { Issuer } from "../../identity/federation/issuer.ts";
import { descriptor, pushBlob, pushImage, smallImage } from "../../registry/small-image.ts";
import { bearer, type TestServer } from "../../server.ts";

/** What images are made of in tests of the pages. */
export interface ImageTexts {
  readonly architecture?: string;
  readonly layers?: readonly number[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly history?: readonly string[];
  readonly config?: Readonly<Record<string, unknown>>;
}

const manifestType = "application/vnd.oci.image.manifest.v1+json";
const indexType = "application/vnd.oci.image.index.v1+json";

/** Pushes one image with all that a page shows of it. */
export async function pushRich(server: TestServer, token: string, name: string, tag: string, texts: ImageTexts = {}) {
  const { architecture = "amd64", layers = [12_000, 90_000, 3000], labels = {}, annotations, history } = texts;
  const steps = history ?? ["ADD rootfs.tar.gz /", "RUN apk add --no-cache nodejs", "COPY . /srv"];
  const created = new Date(server.clock.now - 3 * 86_400_000).toISOString();
  const config = Buffer.from(
    JSON.stringify({
      created,
      os: "linux",
      architecture,
      config: {
        Entrypoint: ["/usr/bin/node"],
        Cmd: ["/srv/server.js"],
        User: "1000",
        WorkingDir: "/srv",
        Labels: labels,
        ExposedPorts: { "8080/tcp": {} },
        ...texts.config,
      },
      history: [
        ...steps.map((created_by) => ({ created, created_by })),
        { created, created_by: 'CMD ["/srv/server.js"]', empty_layer: true },
      ],
    }),
  );
  const blobs = layers.map((size, index) => Buffer.alloc(size, `${name}${architecture}${index}`));
  for (const blob of [config, ...blobs]) await pushBlob(server, name, blob, token);
  return await pushManifest(server, token, name, tag, manifestType, {
    config: descriptor("application/vnd.oci.image.config.v1+json", config),
    layers: blobs.map((blob) => descriptor("application/vnd.oci.image.layer.v1.tar+gzip", blob)),
    ...(annotations && { annotations }),
  });
}

/** Pushes a manifest; an empty tag pushes it by its digest. Answers its descriptor. */
export async function pushManifest(
  server: TestServer,
  token: string,
  name: string,
  tag: string,
  mediaType: string,
  document: object,
) {
  const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...document }));
  const described = descriptor(mediaType, body);
  const answer = await server.fetch(`/v2/${name}/manifests/${tag || described.digest}`, {
    method: "PUT",
    headers: { ...bearer(token), "content-type": mediaType },
    body,
  });
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
  return described;
}

/** Pushes what refers to an image. */
export async function pushReferrer(
  server: TestServer,
  token: string,
  name: string,
  subject: object,
  artifactType: string,
  annotations: Readonly<Record<string, string>> = {},
) {
  const empty = Buffer.from("{}");
  await pushBlob(server, name, empty, token);
  const part = { ...descriptor("application/vnd.oci.empty.v1+json", empty), size: 2 };
  const document = { artifactType, config: part, layers: [part], subject, annotations };
  return await pushManifest(server, token, name, "", manifestType, document);
}

/** A user with roles on resources, signed in with a browser: the cookie that it brings. */
export async function signIn(server: TestServer, email: string, roles: readonly [ResourceKey, string][] = []) {
  const user: UserRow = { id: `7${Bun.hash(email)}`.slice(0, 20), email };
  await server.metadata.write((write) => insertUser(write, user, server.clock.now));
  for (const [resource, role] of roles) await server.grant(resource, `user:${user.id}`, role);
  const value = await server.sessions.begin(user, "password", { address: "127.0.0.1", agent: "test" });
  return { user, value, headers: { cookie: `waybill=${value}` } };
}

/** A shop with an image for two platforms, signed and described, and a few more. */
export async function fillShop(server: TestServer) {
  const project = await server.projects.create("shop", "The shop", { kind: "anonymous" });
  const resource = `project/${project.id}` as const;
  const { account, key } = await server.account(project, "deployer", [[resource, "roles/storage.admin"]]);
  await server.account(project, "puller", [[resource, "roles/artifactregistry.reader"]]);
  const token = server.accessToken(account, key);
  const labels = {
    "org.opencontainers.image.source": "https://git.example/shop/app",
    "org.opencontainers.image.version": "2.3.1",
  };
  const platforms = [];
  for (const architecture of ["amd64", "arm64"]) {
    const pushed = await pushRich(server, token, "shop/app", "", { architecture, labels });
    platforms.push({ ...pushed, platform: { os: "linux", architecture } });
  }
  server.clock.now += 60_000;
  const index = await pushManifest(server, token, "shop/app", "2.3.1", indexType, { manifests: platforms });
  const [amd64] = platforms as [(typeof platforms)[number]];
  const { platform: _, ...image } = amd64;
  await pushReferrer(server, token, "shop/app", index, "application/vnd.dev.cosign.artifact.sig.v1+json");
  const sbom = await pushReferrer(server, token, "shop/app", image, "application/spdx+json", {
    "org.opencontainers.image.created": "2026-11-20T10:00:00Z",
  });
  await pushReferrer(server, token, "shop/app", sbom, "application/vnd.dev.cosign.artifact.sig.v1+json");
  for (const [name, tag] of [
    ["shop/app", "2.3.0"],
    ["shop/worker", "nightly"],
    ["shop/web/frontend", "1.0"],
    ["shop/web/docs", "1.0"],
  ] as const) {
    server.clock.now += 600_000;
    await pushRich(server, token, name, tag, { layers: [40_000 + tag.length * 9000, 8000] });
  }
  await pushImage(server, "shop/tools", "1", smallImage("tools"), token);
  const issuer = new Issuer("ES256");
  issuer[Symbol.dispose](); // Its keys are uploaded: nobody asks it for them.
  const pool = await server.workloadIdentity.createPool(project, "ci-pool", { displayName: "Builds" });
  const provider = await server.workloadIdentity.createProvider(
    pool,
    "github",
    {},
    {
      issuerUri: issuer.url,
      allowedAudiences: ["https://registry.example"],
      jwksJson: JSON.stringify(issuer.jwks()),
      attributeMapping: { "google.subject": "assertion.sub", "attribute.repository": "assertion.repository" },
      attributeCondition: "assertion.ref == 'refs/heads/main'",
    },
  );
  return { project, token, index: index.digest, amd64: amd64.digest, account, key, issuer, pool, provider };
}

/** Two months of what a project stored, for its plot. */
export async function sampleDays(server: TestServer, project_id: string): Promise<void> {
  const today = Math.floor(server.clock.now / 86_400_000);
  const rows = Array.from({ length: 60 }, (_, day) => {
    return {
      project_id,
      day: today - 60 + day,
      used_bytes: Math.round(120_000 + day * 7000 + 60_000 * Math.sin(day / 6)),
    };
  });
  await server.metadata.write((write) => write.insertInto("storage_samples").values(rows).execute());
}
