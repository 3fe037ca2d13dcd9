/**
 * Two networks in a row, as a container network is that somebody routes on: a program beside the metadata server gets its
 * answers, and one behind a router does not, though it reaches every other server there.
 */
import { expect } from "bun:test";
import { clientTest } from "./client-test.ts";
import { startMetadataServer } from "./metadata-server.ts";
import { Sandbox } from "./sandbox.ts";
import { startServer } from "./waybill.ts";

const ip = Bun.which("ip") ? "ip" : "busybox ip";
const host = "10.91.1.1";

/** A network of its own, which lasts as long as the sandbox. */
async function network(sandbox: Sandbox, name: string) {
  const { pid } = await sandbox.start(
    name,
    ["unshare", "--net", "sh", "-c", "echo ready && exec sleep infinity"],
    /ready/,
  );
  const prefix = ["nsenter", `--target=${pid}`, "--net"];
  const run = async (...commands: string[]) => {
    for (const command of commands) await sandbox.succeed([...prefix, "sh", "-c", command]);
  };
  await run(`${ip} link set lo up`);
  return { pid, prefix, run };
}

clientTest("a metadata server's answers end at the first router", ["root", "namespaces", "python3"], async () => {
  await using sandbox = await Sandbox.create();
  const [machine, router, far] = [
    await network(sandbox, "machine"),
    await network(sandbox, "router"),
    await network(sandbox, "far"),
  ];
  await machine.run(
    `${ip} link add near type veth peer name machine netns ${router.pid}`,
    `${ip} address add ${host}/24 dev near`,
    `${ip} link set near up`,
    `${ip} route add 10.91.2.0/24 via 10.91.1.2`,
  );
  await router.run(
    `${ip} link add far type veth peer name router netns ${far.pid}`,
    `${ip} address add 10.91.1.2/24 dev machine`,
    `${ip} address add 10.91.2.2/24 dev far`,
    `${ip} link set machine up`,
    `${ip} link set far up`,
    "echo 1 > /proc/sys/net/ipv4/ip_forward",
  );
  await far.run(
    `${ip} address add 10.91.2.3/24 dev router`,
    `${ip} link set router up`,
    `${ip} route add 10.91.1.0/24 via 10.91.2.2`,
  );

  await using server = await startServer({ prefix: machine.prefix });
  const flags = [`--key-file=${server.path("admin.json")}`, "--project=book-shop"];
  await using metadata = await startMetadataServer(flags, { prefix: machine.prefix, listen: `${host}:0` });
  const plain = ["python3", "-u", "-m", "http.server", "--bind", host, "--directory", sandbox.path("run"), "0"];
  const { ready } = await sandbox.start("plain", [...machine.prefix, ...plain], /port ([0-9]+)/);
  const ask = async (from: { prefix: readonly string[] }, place: string) => {
    const script = `
import http.client
connection = http.client.HTTPConnection("${place}", timeout=3)
connection.request("GET", "/computeMetadata/v1/instance/service-accounts/default/email" if "${place}" == "${metadata.address}" else "/", headers={"Metadata-Flavor": "Google"})
print(connection.getresponse().status)`;
    const { stdout, stderr } = await sandbox.run([...from.prefix, "python3", "-c", script]);
    return stdout.trim() || (stderr.trim().split("\n").at(-1) ?? "");
  };

  expect(await ask(router, metadata.address)).toBe("200");
  expect(await ask(far, `${host}:${ready[1]}`)).toBe("200");
  expect(await ask(far, metadata.address)).toMatch(/timed out|No route|unreachable/i);
});
