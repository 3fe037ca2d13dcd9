import { describe, expect, test } from "bun:test";
import { chmodSync, lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from "node:fs";
import { editDockerConfig, readDockerConfig } from "../../src/docker-config/docker-config-file.ts";
import { Home } from "../helper/home.ts";

const edits = [{ object: "credHelpers", key: "gcr.io", value: "waybill" }];
const path = ".docker/config.json";

describe("editDockerConfig", () => {
  test("makes a file that only its owner can read in a folder that only its owner can open", async () => {
    using home = new Home();
    await editDockerConfig(home.env, edits);
    expect(home.mode(".docker")).toBe("700");
    expect(home.mode(path)).toBe("600");
    expect(readdirSync(home.path(".docker"))).toEqual(["config.json"]);
  });

  for (const mode of [0o600, 0o640, 0o644, 0o664])
    test(`keeps the permissions ${mode.toString(8)}`, async () => {
      using home = new Home();
      home.write(path, "{}", mode);
      await editDockerConfig(home.env, edits);
      expect(home.mode(path)).toBe(mode.toString(8));
    });

  test("leaves the folder's permissions alone", async () => {
    using home = new Home();
    home.write(path, "{}");
    chmodSync(home.path(".docker"), 0o755);
    await editDockerConfig(home.env, edits);
    expect(home.mode(".docker")).toBe("755");
  });

  const links: [string, string, string][] = [
    ["a relative link", "../dotfiles/docker.json", "dotfiles/docker.json"],
    ["a link to a file that is not there yet", "new.json", ".docker/new.json"],
  ];
  for (const [what, target, file] of links)
    test(`follows ${what}`, async () => {
      using home = new Home();
      if (file.startsWith("dotfiles")) home.write(file, '{"a":1}');
      mkdirSync(home.path(".docker"), { recursive: true });
      symlinkSync(target, home.path(path));
      await editDockerConfig(home.env, edits);
      expect(lstatSync(home.path(path)).isSymbolicLink()).toBe(true);
      expect(readlinkSync(home.path(path))).toBe(target);
      expect(JSON.parse(home.read(file)).credHelpers).toEqual({ "gcr.io": "waybill" });
    });

  for (const text of ["{", "[]", "// comment\n{}", '{"auths":{"h":{"auth":"c2VjcmV0"}},}', '\ufeff{"a":1}'])
    test(`leaves ${JSON.stringify(text)} as it is, and repeats nothing of it`, async () => {
      using home = new Home();
      home.write(path, text, 0o644);
      const attempt = editDockerConfig(home.env, edits);
      expect(attempt).rejects.toThrow(/config\.json is not a JSON object/);
      const error = await attempt.catch((thrown) => thrown);
      expect(error.message + error.hint).not.toContain("c2VjcmV0");
      expect(home.read(path)).toBe(text);
      expect(readdirSync(home.path(".docker"))).toEqual(["config.json"]);
    });

  test("does not touch a file that is right already", async () => {
    using home = new Home();
    home.write(path, '{ "credHelpers":{"gcr.io":"waybill"}}');
    const before = lstatSync(home.path(path));
    await editDockerConfig(home.env, edits);
    const after = lstatSync(home.path(path));
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });

  test("loses nothing when many edit at once", async () => {
    using home = new Home();
    const keys = Array.from({ length: 30 }, (_, index) => `registry${index}.example.com`);
    await Promise.all(
      keys.map((key) => editDockerConfig(home.env, [{ object: "credHelpers", key, value: "waybill" }])),
    );
    expect(Object.keys(JSON.parse(home.read(path)).credHelpers).sort()).toEqual(keys.sort());
  });

  test("edits the file that DOCKER_CONFIG leads to", async () => {
    using home = new Home();
    await editDockerConfig({ ...home.env, DOCKER_CONFIG: home.path("elsewhere") }, edits);
    expect(home.has("elsewhere/config.json")).toBe(true);
    expect(home.has(path)).toBe(false);
  });
});

test("readDockerConfig passes over what docker would not understand", () => {
  using home = new Home();
  home.write(path, '{"credHelpers":{"a":"x","b":1},"credsStore":""}');
  const { credHelpers, credsStore } = readDockerConfig(home.env);
  expect(Object.fromEntries(credHelpers)).toEqual({ a: "x" });
  expect(credsStore).toBeUndefined();
});
