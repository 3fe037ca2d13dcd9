import { createHash } from "node:crypto";
import { version } from "../../src/cli/command.ts";
import { type LockedPackage, runningPackages } from "./lock-file.ts";

/**
 * What the executable is made of, as CycloneDX 1.5 in JSON (https://cyclonedx.org/docs/1.5/json/), read from
 * package-lock.json. The same packages and time give the same text.
 */
export function softwareBillOfMaterials(date: Date): string {
  const packages = runningPackages();
  const components = [...new Map(packages.map((one) => [purlOf(one), componentOf(one)])).values()];
  const self = `pkg:generic/waybill@${version}`;
  const identity = createHash("sha256")
    .update(JSON.stringify([version, components]))
    .digest("hex");
  const document = {
    $schema: "http://cyclonedx.org/schema/bom-1.5.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    serialNumber: `urn:uuid:${uuidOf(identity)}`,
    version: 1,
    metadata: {
      timestamp: date.toISOString(),
      component: {
        type: "application",
        "bom-ref": self,
        name: "waybill",
        version,
        purl: self,
        licenses: [{ license: { id: "Apache-2.0" } }],
      },
    },
    components,
    dependencies: [{ ref: self, dependsOn: components.map((component) => component["bom-ref"]) }],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function componentOf(one: LockedPackage) {
  const { name, version: packageVersion, licence, integrity } = one;
  const purl = purlOf(one);
  return {
    type: "library",
    "bom-ref": purl,
    name,
    version: packageVersion,
    purl,
    ...(licence !== undefined && { licenses: [licenceOf(licence)] }),
    ...(integrity !== undefined && { hashes: [hashOf(integrity)] }),
  };
}

function licenceOf(licence: string) {
  return /[ ()]/.test(licence) ? { expression: licence } : { license: { id: licence } };
}

/** npm has `sha512-` and base64, CycloneDX hexadecimal digits. */
function hashOf(integrity: string) {
  const [algorithm = "", digest = ""] = integrity.split("-");
  return { alg: algorithm.replace("sha", "SHA-"), content: Buffer.from(digest, "base64").toString("hex") };
}

function purlOf({ name, version: packageVersion }: LockedPackage): string {
  return `pkg:npm/${name.replace("@", "%40")}@${packageVersion}`;
}

/** Version 8 is for digests of one's own (RFC 9562 section 5.8). */
function uuidOf(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
