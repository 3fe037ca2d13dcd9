import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import { startProgram, temporaryFolder, until } from "../system/running-server.ts";
import { pushBlob } from "../system/stored-blob.ts";

const limit = 60_000;

async function origin(server: Awaited<ReturnType<typeof startProgram>>): Promise<string> {
  return String((await server.logged("metrics are at /metrics"))["origin"]);
}

/** The value of a series, by its whole name. */
function seriesValue(page: string, series: string): number {
  const line = page.split("\n").find((each) => each.startsWith(`${series} `));
  if (line === undefined) throw new Error(`there is no ${series} in\n${page}`);
  return Number(line.slice(series.length + 1));
}

describe("a running server", () => {
  test(
    "counts what it does, and names every request to its client and in its log",
    async () => {
      await using server = await startProgram(["--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0", "--access-log"]);
      const metrics = await origin(server);
      const { url, headers } = await pushBlob(server, 1000);
      const got = await fetch(url, { headers: { ...headers, "x-request-id": "from-a-proxy.1" } });
      expect((await got.bytes()).length).toBe(1000);
      expect(got.headers.get("x-request-id")).toBe("from-a-proxy.1");
      const refused = await fetch(`${server.origin}/v2/?secret=of-the-query`);
      const id = refused.headers.get("x-request-id") ?? "";
      expect(id).toMatch(/^[0-9a-f]{16}-[0-9a-z]+$/);
      const odd = await fetch(`${server.origin}/v2/`, { headers: { "x-request-id": 'odd "id"' } });
      expect(odd.headers.get("x-request-id")).not.toContain("odd");

      const page = await (await fetch(`${metrics}/metrics`)).text();
      expect(seriesValue(page, 'waybill_http_requests_total{route="blob",status="200"}')).toBe(1);
      expect(seriesValue(page, 'waybill_http_requests_total{route="version",status="401"}')).toBe(2);
      expect(seriesValue(page, 'waybill_http_request_seconds_count{route="blob"}')).toBe(1);
      expect(seriesValue(page, 'waybill_http_sent_bytes_total{route="blob"}')).toBe(1000);
      expect(seriesValue(page, 'waybill_http_received_bytes_total{route="upload"}')).toBe(1000);
      expect(seriesValue(page, "waybill_database_up")).toBe(1);
      expect(seriesValue(page, "waybill_store_up")).toBe(1);
      expect(seriesValue(page, "waybill_uploads_open")).toBe(0);
      expect(seriesValue(page, "waybill_stored_bytes")).toBe(1000);
      expect(seriesValue(page, "waybill_database_write_seconds_count")).toBeGreaterThan(0);
      expect(seriesValue(page, 'waybill_store_operation_seconds_count{operation="commit"}')).toBe(1);
      expect(seriesValue(page, 'waybill_signing_key_age_seconds{use="registry"}')).toBeGreaterThanOrEqual(0);
      const collected = 'waybill_chore_last_success_timestamp_seconds{chore="garbage collection"}';
      await until(async () => (await (await fetch(`${metrics}/metrics`)).text()).includes(collected) || undefined);

      const line = await until(() => server.log().find(({ requestId }) => requestId === id));
      expect(line).toMatchObject({ msg: "request", method: "GET", path: "/v2/", route: "version", status: 401 });
      expect(JSON.stringify(server.log())).not.toContain("of-the-query");
      expect(JSON.stringify(server.log())).not.toContain("PRIVATE KEY");
    },
    limit,
  );

  test(
    "shows its metrics to who has the token, where there is one",
    async () => {
      using folder = temporaryFolder();
      const file = join(folder.path, "token");
      writeFileSync(file, "a-scraper's-token\n");
      await using server = await startProgram([
        "--listen=127.0.0.1:0",
        "--metrics-listen=127.0.0.1:0",
        `--metrics-token-file=${file}`,
      ]);
      const metrics = await origin(server);
      const status = async (authorization?: string) =>
        (await fetch(`${metrics}/metrics`, { headers: authorization ? { authorization } : {} })).status;
      expect(await status()).toBe(401);
      expect(await status("Bearer a-scraper's-tokem")).toBe(401);
      expect(await status("Bearer a-scraper's-token")).toBe(200);
      expect((await fetch(`${server.origin}/metrics`)).status).toBe(404);
    },
    limit,
  );
});

describe.if(Bun.which("promtool") !== null && Bun.which("prometheus") !== null)("a real Prometheus", () => {
  const run = async (command: string[], stdin = "") => {
    const child = Bun.spawn(command, { stdin: new Blob([stdin]), stdout: "pipe", stderr: "pipe" });
    const said = (await new Response(child.stdout).text()) + (await new Response(child.stderr).text());
    return { code: await child.exited, said };
  };

  test(
    "takes the page, the alerts and every expression of the dashboard",
    async () => {
      using folder = temporaryFolder();
      await using server = await startProgram(["--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0"]);
      const metrics = await origin(server);
      const deploy = join(import.meta.dir, "../../deploy");
      expect(await run(["promtool", "check", "metrics"], await (await fetch(`${metrics}/metrics`)).text())).toEqual({
        code: 0,
        said: "",
      });
      expect((await run(["promtool", "check", "rules", join(deploy, "prometheus/alerts.yaml")])).code).toBe(0);
      const configuration = `
global: {scrape_interval: 1s}
scrape_configs: [{job_name: waybill, static_configs: [{targets: ["${new URL(metrics).host}"]}]}]
rule_files: [${join(deploy, "prometheus/alerts.yaml")}]
`;
      writeFileSync(join(folder.path, "prometheus.yml"), configuration);
      const port = await freePort();
      const prometheus = Bun.spawn(
        [
          "prometheus",
          `--config.file=${join(folder.path, "prometheus.yml")}`,
          `--storage.tsdb.path=${join(folder.path, "data")}`,
          `--web.listen-address=127.0.0.1:${port}`,
        ],
        { stdout: "ignore", stderr: "ignore" },
      );
      try {
        const query = async (expression: string) => {
          const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`;
          return await fetch(url).then(
            // While it starts it says so in plain text.
            async (answer) => (answer.status === 503 ? undefined : ((await answer.json()) as Answer)),
            () => undefined,
          );
        };
        await until(async () => ((await query("waybill_build_info"))?.data?.result.length ?? 0) > 0 || undefined);
        const dashboard: { panels: { targets: { expr: string }[] }[] } = await Bun.file(
          join(deploy, "grafana/waybill.json"),
        ).json();
        for (const { expr } of dashboard.panels.flatMap(({ targets }) => targets)) {
          const answer = await query(expr.replaceAll("$job", "waybill").replaceAll("$__rate_interval", "1m"));
          expect({ expr, status: answer?.status }).toEqual({ expr, status: "success" });
        }
      } finally {
        prometheus.kill();
        await prometheus.exited;
      }
    },
    limit,
  );
});

interface Answer {
  readonly status: string;
  readonly data?: { readonly result: readonly unknown[] };
}
