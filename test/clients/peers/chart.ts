import { cp, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const repository = join(import.meta.dir, "../../..");
const chart = join(repository, "deploy/helm/waybill");
const kubernetes = join(repository, "deploy/kubernetes");

/**
 * The chart under the real helm, and everything that it renders read strictly by Kubernetes' own types. Throws where one of
 * them complains, and where deploy/kubernetes/waybill.yaml is not what the chart renders.
 *
 * @param helm the program's path
 */
export async function checkChart(helm: string): Promise<void> {
  const template = (...more: string[]) => run([helm, "template", "waybill", chart, "--kube-version=1.30.0", ...more]);
  const values = `--values=${join(kubernetes, "values.yaml")}`;
  await run([helm, "lint", "--strict", chart, values]);
  const rendered = await template(values);
  if (rendered !== (await Bun.file(join(kubernetes, "waybill.yaml")).text()))
    throw new Error(`deploy/kubernetes/waybill.yaml is not what the chart renders:\n${rendered}`);
  const many = ["--set=replicas=3", "--set=settings.blobs=s3://images?region=eu", "--set=secretName=waybill"];
  const behindProxy = [
    "--set=image.repository=x",
    "--set=publicUrl=https://x.example",
    "--set=trustedProxies={10.0.0.0/8}",
  ];
  const full = [
    "--set=persistence.storageClassName=fast",
    "--set=nodeSelector.disk=ssd",
    "--set=imagePullSecrets[0].name=pull",
  ];
  const all = [rendered, await template(values, ...many, ...full), await template(...behindProxy)];
  for (const incomplete of [["--set=publicUrl=https://x.example"], [values, "--set=replicas=2"]])
    if (await template(...incomplete).catch(() => undefined))
      throw new Error(`the chart takes ${incomplete.join(" ")}`);
  const folder = await mkdtemp(join(tmpdir(), "waybill-chart-"));
  try {
    await cp(join(import.meta.dir, "kubernetes-objects"), folder, { recursive: true });
    await rename(join(folder, "go.mod.txt"), join(folder, "go.mod"));
    for (const text of all) {
      const kinds = await run(["go", "run", "."], text, folder);
      if (kinds !== "ConfigMap\nService\nStatefulSet\n") throw new Error(`the chart renders ${kinds}`);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function run(command: string[], input = "", cwd = repository): Promise<string> {
  const env = { ...process.env, GOFLAGS: "-mod=mod -buildvcs=false" };
  const child = Bun.spawn(command, { cwd, env, stdin: new Blob([input]), stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")}: ${stderr}${stdout}`);
  return stdout;
}
