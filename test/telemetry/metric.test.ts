import { describe, expect, test } from "bun:test";
import { Metrics } from "../../src/telemetry/metric.ts";
import { routeClassOf } from "../../src/telemetry/route-class.ts";

describe("the page of metrics", () => {
  test("has help, type and every series, in Prometheus' text format", async () => {
    const metrics = new Metrics();
    const requests = metrics.counter("requests_total", "Requests.", "route", "status");
    requests.of("blob", "200").add();
    requests.of("blob", "200").add(2);
    metrics.gauge("open", "Open ones.");
    const seconds = metrics.histogram("seconds", "Time.", [0.1, 1], "route").of("blob");
    for (const value of [0.1, 0.5, 2]) seconds.observe(value);
    expect(await metrics.page()).toBe(
      `# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{route="blob",status="200"} 3
# HELP open Open ones.
# TYPE open gauge
open 0
# HELP seconds Time.
# TYPE seconds histogram
seconds_bucket{route="blob",le="0.1"} 1
seconds_bucket{route="blob",le="1"} 2
seconds_bucket{route="blob",le="+Inf"} 3
seconds_sum{route="blob"} 2.6
seconds_count{route="blob"} 3
`,
    );
  });

  test("quotes what a label cannot have as it is", async () => {
    const metrics = new Metrics();
    metrics.gauge("g", "G.", "l").of('a"b\\c\nd').value = 1;
    expect(await metrics.page()).toContain('g{l="a\\"b\\\\c\\nd"} 1\n');
  });

  test("is there when one of its questions has no answer", async () => {
    const metrics = new Metrics();
    const value = metrics.gauge("g", "G.").of();
    metrics.beforeScrape(() => Promise.reject(new Error("the database is away")));
    metrics.beforeScrape(() => {
      value.value = 7;
    });
    expect(await metrics.page()).toContain("g 7\n");
  });
});

test("every path has a class, and a few have their own", () => {
  const rows: [string, string][] = [
    ["/v2/", "version"],
    ["/v2/token", "token"],
    ["/v2/p/a/manifests/latest", "manifest"],
    ["/v2/p/a/blobs/sha256:0", "blob"],
    ["/v2/p/a/blobs/uploads/", "upload"],
    ["/v2/p/a/blobs/uploads/x", "upload"],
    ["/v2/p/a/tags/list", "tags"],
    ["/v2/p/a/referrers/sha256:0", "referrers"],
    ["/v2/_catalog", "catalog"],
    ["/v2/p/nothing", "other"],
    ["/v1/search", "search"],
    ["/v1/projects", "api"],
    ["/token", "oauth"],
    ["/console/x", "console"],
    ["/healthz", "health"],
    ["/../..", "other"],
    ["*", "other"],
  ];
  for (const [path, expected] of rows) expect([path, routeClassOf(path)] as [string, string]).toEqual([path, expected]);
});
