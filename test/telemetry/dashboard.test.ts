import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { serverMetrics } from "../../src/telemetry/server-metrics.ts";

const deploy = join(import.meta.dir, "../../deploy");

/** Every name of a series that the server has, with the label names that it has. */
function seriesNames(): Map<string, readonly string[]> {
  return new Map(
    serverMetrics().metrics.families.flatMap(({ name, type, labels }) =>
      type === "histogram"
        ? [
            [`${name}_bucket`, [...labels, "le"]] as const,
            [`${name}_sum`, labels] as const,
            [`${name}_count`, labels] as const,
          ]
        : [[name, labels] as const],
    ),
  );
}

/** The names of metrics in a PromQL expression, with the labels that it asks them for. */
function metricsIn(expression: string): { name: string; labels: string[] }[] {
  return [...expression.matchAll(/\b((?:waybill|process)_[a-z_]+)(?:\{([^}]*)\})?/g)].map(
    ([, name = "", selector = ""]) => ({
      name,
      labels: [...selector.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)].map(([, label]) => label ?? ""),
    }),
  );
}

/** The labels by which an expression groups. */
function groupings(expression: string): string[] {
  return [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = ""]) =>
    list.split(",").map((name) => name.trim()),
  );
}

const dashboard: { panels: { title: string; targets: { expr: string; legendFormat: string }[] }[] } = JSON.parse(
  readFileSync(join(deploy, "grafana/waybill.json"), "utf8"),
);
const panels = dashboard.panels.flatMap(({ title, targets }) =>
  targets.map(({ expr, legendFormat }) => ({ what: title, expression: expr, legend: legendFormat })),
);
const rules: { groups: { rules: { alert: string; expr: string }[] }[] } = Bun.YAML.parse(
  readFileSync(join(deploy, "prometheus/alerts.yaml"), "utf8"),
) as never;
const alerts = rules.groups.flatMap((group) =>
  group.rules.map(({ alert, expr }) => ({ what: alert, expression: expr, legend: "" })),
);

/** What Prometheus itself adds to every series. */
const added = ["job", "instance"];

describe("the dashboard and the alerts", () => {
  const known = seriesNames();
  for (const { what, expression, legend } of [...panels, ...alerts])
    test(`${what}: ${expression} asks for what there is`, () => {
      const asked = metricsIn(expression);
      expect(asked.length).toBeGreaterThan(0);
      const labels = asked.flatMap(({ name }) => known.get(name) ?? []);
      for (const { name, labels: wanted } of asked) {
        expect([...known.keys()]).toContain(name);
        for (const label of wanted) expect([...(known.get(name) ?? []), ...added]).toContain(label);
      }
      const shown = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label ?? "");
      for (const label of [...groupings(expression), ...shown]) expect([...labels, ...added]).toContain(label);
    });

  test("leave out no metric of ours", () => {
    const shown = new Set(
      [...panels, ...alerts].flatMap(({ expression }) => metricsIn(expression).map(({ name }) => name)),
    );
    const missing = serverMetrics().metrics.families.filter(
      ({ name, type }) => !shown.has(type === "histogram" ? `${name}_bucket` : name),
    );
    expect(missing.map(({ name }) => name)).toEqual([]);
  });
});

test("every metric has help, and a name that says its unit as Prometheus has it", () => {
  for (const { name, help, type } of serverMetrics().metrics.families) {
    expect(help, name).toMatch(/^[A-Z0-9].*\.$/);
    expect(name).toMatch(/^(waybill|process)_[a-z_]+$/);
    expect(name.endsWith("_total"), name).toBe(type === "counter");
  }
});
