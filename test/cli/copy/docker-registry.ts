// Debian's docker-registry: somebody else's registry, without credentials, on this machine.
import { mkdirSync } from "node:fs";
import { freePort } from "../../free-port.ts";
import type { Home } from "../../helper/home.ts";

/** Starts it with its storage in a home; stops it with `stop`. */
export async function startDockerRegistry(home: Home) {
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  mkdirSync(home.path("foreign"), { recursive: true });
  const settings = `version: 0.1
storage: {filesystem: {rootdirectory: ${home.path("foreign")}}, delete: {enabled: true}}
http: {addr: "${host}"}
log: {accesslog: {disabled: true}, level: error}
`;
  const child = Bun.spawn(["docker-registry", "serve", home.write("foreign.yml", settings)], {
    env: { ...home.env, PATH: process.env.PATH ?? "" },
    stdout: "ignore",
    stderr: "ignore",
  });
  const origin = `http://${host}`;
  for (let tries = 0; !(await isUp(origin)); tries++) {
    if (tries > 200) throw new Error("docker-registry did not become ready");
    await Bun.sleep(50);
  }
  return {
    origin,
    host,
    async stop() {
      child.kill();
      await child.exited;
    },
  };
}

async function isUp(origin: string): Promise<boolean> {
  return await fetch(`${origin}/v2/`).then(
    ({ ok }) => ok,
    () => false,
  );
}
