import { expect, test } from "bun:test";
import { lstatSync, mkdirSync, symlinkSync } from "node:fs";
import { runHelper } from "../../../src/helper/run.ts";
import { context } from "../../cli/context.ts";
import { Home } from "../home.ts";
import { configFile, dockerFile, namesIn, storeFile } from "./row.ts";

async function gcr(home: Home, ...argv: string[]): Promise<void> {
  home.program("docker-credential-gcr", "");
  const { it, said } = context({ env: home.env });
  expect(await runHelper("docker-credential-gcr", argv, it, async () => 1), said.stderr).toBe(0);
}

test("files that are new have docker-credential-gcr's modes, and nothing lies beside them", async () => {
  using home = new Home();
  await gcr(home, "config", "--token-source=store");
  await gcr(home, "configure-docker", "--registries=gcr.io");
  expect([home.mode(configFile), home.mode(dockerFile), home.mode(".docker")]).toEqual(["644", "600", "700"]);
  expect(namesIn(home, ".config/gcloud")).toEqual(["docker_credential_gcr_config.json"]);
  expect(namesIn(home, ".docker")).toEqual(["config.json"]);
});

test("files that are there keep their modes", async () => {
  using home = new Home();
  home.write(storeFile, '{"gcrCreds":{}}', 0o640);
  home.write(dockerFile, "{}", 0o644);
  home.write(configFile, "{}", 0o600);
  await gcr(home, "gcr-logout");
  await gcr(home, "config", "--token-source=env");
  await gcr(home, "configure-docker");
  expect([storeFile, dockerFile, configFile].map((name) => home.mode(name))).toEqual(["640", "644", "600"]);
});

test("symbolic links stay, also relative ones", async () => {
  using home = new Home();
  for (const [link, target] of [
    [dockerFile, "../dotfiles/docker.json"],
    [configFile, "../../dotfiles/gcr.json"],
  ] as const) {
    home.write(target.replace(/^(\.\.\/)+/, ""), "{}");
    mkdirSync(home.path(link, ".."), { recursive: true });
    symlinkSync(target, home.path(link));
  }
  await gcr(home, "config", "--token-source=env");
  await gcr(home, "configure-docker", "--registries=gcr.io");
  for (const link of [dockerFile, configFile]) expect(lstatSync(home.path(link)).isSymbolicLink()).toBe(true);
  expect(JSON.parse(home.read("dotfiles/docker.json")).credHelpers).toEqual({ "gcr.io": "gcr" });
  expect(JSON.parse(home.read("dotfiles/gcr.json"))).toEqual({ TokenSources: ["env"] });
});
