import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRegistry } from "waybill/start-registry";

// Starting a program on a busy machine takes its time.
setDefaultTimeout(60_000);

/** Whether a push to an image of the registry may begin. */
async function mayPush({ origin, keyFile }: { origin: string; keyFile: string }, image: string): Promise<boolean> {
  const authorization = `Basic ${Buffer.from(`_json_key:${readFileSync(keyFile, "utf8")}`).toString("base64")}`;
  const answer = await fetch(`${origin}/v2/token?service=x&scope=repository:${image}:pull,push`, {
    headers: { authorization },
  });
  const { token } = (await answer.json()) as { token: string };
  const upload = await fetch(`${origin}/v2/${image}/blobs/uploads/`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
  });
  return upload.status === 202;
}

describe("startRegistry", () => {
  test("gives a registry whose key file may push to the project that was made, and leaves nothing behind", async () => {
    let keyFile = "";
    let origin = "";
    {
      await using registry = await startRegistry({ project: "shop" });
      ({ keyFile, origin } = registry);
      expect(registry.project).toBe("shop");
      expect(registry.origin).toBe(`http://${registry.host}`);
      expect(statSync(keyFile).mode & 0o777).toBe(0o600);
      expect(await mayPush(registry, "shop/app")).toBe(true);
      expect(await mayPush(registry, "other/app")).toBe(false);
    }
    expect(existsSync(keyFile)).toBe(false);
    expect(fetch(`${origin}/v2/`)).rejects.toThrow();
  });

  test("gives registries that know nothing of each other", async () => {
    await using one = await startRegistry();
    await using other = await startRegistry();
    const key = (file: string) => JSON.parse(readFileSync(file, "utf8")) as { private_key: string };
    expect(key(one.keyFile).private_key).not.toBe(key(other.keyFile).private_key);
    const foreign = fetch(`${other.origin}/v2/token`, {
      headers: { authorization: `Basic ${btoa(`_json_key:${readFileSync(one.keyFile, "utf8")}`)}` },
    });
    expect((await foreign).status).toBe(401);
  });

  test("takes settings of waybill serve", async () => {
    await using registry = await startRegistry({ settings: { hosts: "gcr.io", "anonymous-rate": 5 } });
    const answer = await fetch(`${registry.origin}/v2/`, { headers: { host: "gcr.io" } });
    expect(answer.headers.get("www-authenticate")).toContain("gcr.io/v2/token");
  });

  test.each([
    [{ settings: { data: "/somewhere" } }, "chosen by startRegistry"],
    [{ settings: { "scrub-days": "soon" } }, "scrub-days"],
    [{ project: "No Project" }, "No Project"],
  ])("refuses %j", async (options, message) => {
    expect(startRegistry(options)).rejects.toThrow(message);
  });

  test("removes what processes left that ended a day ago, and nothing else", async () => {
    const ended = Bun.spawnSync(["true"]).pid;
    const make = (pid: number, hoursAgo: number) => {
      const path = mkdtempSync(join(tmpdir(), `waybill-registry-${pid}-`));
      utimesSync(path, new Date(), new Date(Date.now() - hoursAgo * 3600 * 1000));
      return path;
    };
    const [stale, fresh, running] = [make(ended, 25), make(ended, 1), make(process.pid, 25)];
    const script = 'await using _ = await (await import("waybill/start-registry")).startRegistry();';
    const child = Bun.spawn([process.execPath, "-e", script], { cwd: join(import.meta.dir, "..") });
    expect(await child.exited).toBe(0);
    expect([stale, fresh, running].map((path) => existsSync(path))).toEqual([false, true, true]);
    for (const path of [fresh, running]) rmSync(path, { recursive: true });
    const left = readdirSync(tmpdir()).filter((name) => name.startsWith(`waybill-registry-${child.pid}-`));
    expect(left).toEqual([]);
  });

  test("is the same from Node, and ends with it", async () => {
    const script = `
      import { startRegistry } from "waybill/start-registry";
      const registry = await startRegistry({ project: "shop" });
      const status = (await fetch(registry.origin + "/v2/")).status;
      const refused = await startRegistry({ project: "No Project" }).catch((error) => error.message);
      const second = await startRegistry();
      await second.stop();
      await second.stop();
      const { origin, keyFile, host, project } = registry;
      console.log(JSON.stringify({ origin, keyFile, host, project, status, refused }));`;
    const child = Bun.spawn(["node", "--input-type=module", "--eval", script], {
      cwd: join(import.meta.dir, ".."),
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    expect(stderr).toBe("");
    const said = JSON.parse(stdout) as Record<"origin" | "keyFile" | "refused", string>;
    expect(said).toMatchObject({ project: "shop", status: 401 });
    expect(said.refused).toContain("No Project");
    // It was not stopped: its process sees that Node is gone.
    while (existsSync(said.keyFile)) await Bun.sleep(20);
    expect(fetch(`${said.origin}/v2/`)).rejects.toThrow();
  });
});
