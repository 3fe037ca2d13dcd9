import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { clientTest } from "./client-test.ts";
import { startDockerd } from "./dockerd.ts";
import { makeImage, writeArchive } from "./image.ts";
import { docker } from "./image-client.ts";
import { Sandbox } from "./sandbox.ts";

clientTest(
  "an engine for tests loads an image made from nothing and leaves nothing behind",
  docker().needs,
  async () => {
    const image = makeImage();
    let socket = "";
    {
      await using engine = await startDockerd();
      await using sandbox = await Sandbox.create({ env: { DOCKER_HOST: engine.host } });
      await writeArchive(image, sandbox.path("image.tar"), "made/here:1");
      await sandbox.succeed(["docker", "load", "--input", sandbox.path("image.tar")]);
      const id = await sandbox.succeed(["docker", "image", "inspect", "--format", "{{.Id}}", "made/here:1"]);
      expect(id).toBe(image.id);
      socket = engine.host.replace("unix://", "");
      expect(existsSync(socket)).toBe(true);
    }
    expect(existsSync(socket)).toBe(false);
  },
);
