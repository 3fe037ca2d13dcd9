import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { imageUser, ociImage } from "../../scripts/image/oci-image.ts";
import { version } from "../../src/cli/command.ts";
import { parseConfig } from "../../src/config/config.ts";

// The manifest is what the chart renders: `npm run ci:peers chart` compares them, with the real helm and Kubernetes' own types.

const deploy = join(import.meta.dir, "../../deploy");
const objects = readFileSync(join(deploy, "kubernetes/waybill.yaml"), "utf8")
  .split(/^---$/m)
  .filter((text) => text.trim() !== "")
  .map((text) => Bun.YAML.parse(text) as Record<string, never>);

// biome-ignore lint/suspicious/noExplicitAny: a document of somebody else's shape, read by its names
const one = (kind: string): any => objects.find((object) => object.kind === kind);

describe("the Kubernetes manifest", () => {
  test("has settings that waybill serve takes", () => {
    const text = one("ConfigMap").data["waybill.yaml"] as string;
    expect(parseConfig(["--config=waybill.yaml"], { env: {}, readFile: () => text })).toMatchObject({
      data: "/data",
      listen: "0.0.0.0:5000",
      "public-url": "https://registry.example.com",
    });
  });

  test("runs as the image's user, who may do nothing but serve", () => {
    const { spec } = one("StatefulSet").spec.template;
    expect(spec.automountServiceAccountToken).toBe(false);
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: imageUser, fsGroup: imageUser });
    expect(spec.containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  });

  test("leads from the service to the port that the settings name", () => {
    const { template, selector, serviceName } = one("StatefulSet").spec;
    const service = one("Service");
    expect(service.metadata.name).toBe(serviceName);
    expect(service.spec.selector).toEqual(selector.matchLabels);
    expect(template.metadata.labels).toMatchObject(selector.matchLabels);
    const [container] = template.spec.containers;
    expect(container.ports).toEqual([{ name: service.spec.ports[0].targetPort, containerPort: 5000 }]);
    for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"])
      expect(container[probe].httpGet).toMatchObject({ port: "registry", scheme: "HTTPS" });
    expect(container.volumeMounts.map(({ name }: { name: string }) => name).sort()).toEqual(
      ["data", ...template.spec.volumes.map(({ name }: { name: string }) => name)].sort(),
    );
  });

  test("lets the runtime ask as much of a store at once as bin/waybill.js does", () => {
    const bun = readFileSync(join(deploy, "../bin/bun.js"), "utf8");
    const [, value] = /BUN_CONFIG_MAX_HTTP_REQUESTS: "(\d+)"/.exec(bun) ?? [];
    const [container] = one("StatefulSet").spec.template.spec.containers;
    expect(container.env).toEqual([{ name: "BUN_CONFIG_MAX_HTTP_REQUESTS", value }]);
    const unit = readFileSync(join(deploy, "systemd/waybill.service"), "utf8");
    expect(unit).toContain(`\nEnvironment=BUN_CONFIG_MAX_HTTP_REQUESTS=${value}\n`);
    const { top, blobs } = ociImage([], "amd64", new Date(0));
    const read = (digest: string) => JSON.parse(Buffer.from(blobs.get(digest) ?? []).toString());
    expect(read(read(top.digest).config.digest).config.Env).toContain(`BUN_CONFIG_MAX_HTTP_REQUESTS=${value}`);
  });

  test("is of this version, as the chart is", () => {
    const chart = Bun.YAML.parse(readFileSync(join(deploy, "helm/waybill/Chart.yaml"), "utf8"));
    expect(chart).toMatchObject({ version, appVersion: version });
    expect(one("StatefulSet").spec.template.spec.containers[0].image).toEndWith(`:${version}`);
  });
});
