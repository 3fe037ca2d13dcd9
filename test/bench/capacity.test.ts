import { describe, expect, test } from "bun:test";
import { assumptions, capacity, type MeasuredCosts } from "../../bench/scale/model.ts";

const costs: MeasuredCosts = {
  pull: { cpuSeconds: 0.02, statements: 30, pages: 100, rowsWritten: 1, store: { HEAD: 5 } },
  push: { cpuSeconds: 0.1, statements: 200, pages: 500, rowsWritten: 50, store: { PUT: 5, GET: 1 } },
  blobsPerImage: 5,
};
const given = {
  ...assumptions,
  pullsPerPush: 100,
  peakOverAverage: 4,
  coreShareMax: 0.5,
  coresPerNode: 4,
  spareNodes: 1,
};

describe("capacity", () => {
  test("is what the operations cost, times how many there are at the peak", () => {
    // 864,000 pulls a day are 10 a second, 40 at the peak; pushes are a hundredth of that.
    const plan = capacity(864_000, costs, given);
    expect(plan.peakPullsPerSecond).toBeCloseTo(40);
    expect(plan.statementsPerSecond).toBeCloseTo(40 * 30 + 0.4 * 200);
    expect(plan.rowsWrittenPerSecond).toBeCloseTo(40 * 1 + 0.4 * 50);
    // 0.84 cores busy, to be half of what there is: one node of four cores, and one to spare.
    expect(plan.nodes).toBe(2);
    expect(plan.storeWritesPerDay).toBeCloseTo(8640 * 5);
    expect(plan.storeReadsPerDay).toBeCloseTo(864_000 * 5 + 8640 + 864_000 * 5 * given.blobsMissingShare);
  });

  test("needs a thousand times as much for a thousand times as many, but for what is there in any case", () => {
    const [small, large] = [capacity(1e6, costs, given), capacity(1e9, costs, given)];
    expect(large.statementsPerSecond / small.statementsPerSecond).toBeCloseTo(1000);
    expect(large.dollarsPerMonth.storage / small.dollarsPerMonth.storage).toBeCloseTo(1000);
    expect(large.nodes).toBeGreaterThan(400);
  });

  test.each([
    ["dollarsPerGigabyteMonth", "storage"],
    ["dollarsPerGigabyteOut", "traffic"],
    ["dollarsPerThousandReads", "requests"],
  ] as const)("a price %s that doubles raises the cost of %s", (price, part) => {
    const dearer = { ...given, [price]: given[price] * 2 };
    expect(capacity(1e6, costs, dearer).dollarsPerMonth[part]).toBeGreaterThan(
      capacity(1e6, costs, given).dollarsPerMonth[part],
    );
  });
});
