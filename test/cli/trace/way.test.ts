import { describe, expect, test } from "bun:test";
import { readsPodmanFiles, registriesIn, renamed, type Way, wayFor } from "../../../src/cli/trace/way.ts";

describe("wayFor chooses what the program's connections need", () => {
  const rows: [string, Way][] = [
    ["docker pull gcr.io/p/i", "name"],
    ["/usr/bin/docker push localhost:5000/p/i:1", "name"],
    ["ctr images pull gcr.io/p/i", "name"],
    ["podman pull gcr.io/p/i", "proxy"],
    ["podman pull localhost:5000/p/i", "name"],
    ["skopeo inspect docker://127.0.0.1:5000/p/i", "name"],
    ["skopeo inspect docker://europe-docker.pkg.dev/p/r/i", "proxy"],
    ["curl https://gcr.io/v2/", "proxy"],
  ];
  for (const [command, way] of rows) test(`${command}: by ${way}`, () => expect(wayFor(command.split(" "))).toBe(way));

  test("podman's family reads podman's files", () => {
    expect(
      ["podman", "/bin/skopeo", "buildah", "docker", "crane"].map((program) => readsPodmanFiles([program])),
    ).toEqual([true, true, true, false, false]);
  });
});

describe("a registry in an argument", () => {
  const rows: [string, string | undefined][] = [
    ["gcr.io/p/i:1", "gcr.io"],
    ["docker://localhost:5000/p/i@sha256:00", "localhost:5000"],
    ["--tag=gcr.io/p/i", "gcr.io"],
    ["http://127.0.0.1:5000/v2/", "127.0.0.1:5000"],
    ["[::1]:5000/p/i", "[::1]:5000"],
    ["LOCALHOST:5000/p/i", "localhost:5000"],
    ["library/nginx", undefined],
    ["nginx", undefined],
    ["gcr.io", undefined],
    ["/gcr.io/p", undefined],
    ["./a.b/c", undefined],
    ["src/main.ts", undefined],
    ["-t", undefined],
    ["oci:folder.d:1", undefined],
  ];
  for (const [word, registry] of rows)
    test(`${word}: ${registry ?? "none"}`, () => {
      expect(registriesIn(["docker", word])).toEqual(registry === undefined ? [] : [registry]);
      const names = new Map(registry === undefined ? [] : [[registry, "127.0.0.1:1"]]);
      const [, now = ""] = renamed(["docker", word], names);
      expect(now === word).toBe(registry === undefined);
      if (registry !== undefined) expect(now.toLowerCase().replace("127.0.0.1:1", registry)).toBe(word.toLowerCase());
    });

  test("the program itself is none", () => expect(registriesIn(["a.b/docker", "x"])).toEqual([]));
});
