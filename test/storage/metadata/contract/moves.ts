import { afterEach, expect, test } from "bun:test";
import { refuseMoved } from "../../../../src/storage/metadata/moves.ts";
import type { SourceState, TargetState } from "../../../../src/storage/metadata/moving/move-state.ts";
import type { Suite } from "../databases.ts";

export function moves(suite: Suite): void {
  const copying: TargetState = { phase: "copying", installation: "there" };
  const source = (phase: SourceState["phase"]): SourceState => ({
    phase,
    to: "postgres://elsewhere/waybill",
    at: 1000,
  });

  async function keep(side: "source" | "target", state: SourceState | TargetState): Promise<void> {
    await suite.metadata.write((write) =>
      write
        .insertInto("moves")
        .values({ side, state: JSON.stringify(state) })
        .execute(),
    );
  }

  afterEach(async () => {
    await suite.metadata.write((write) => write.deleteFrom("moves").execute());
  });

  test.each([
    ["that never moved", "source", undefined],
    ["that is being copied while it serves", "source", source("following")],
    ["that has moved in whole", "target", { ...copying, phase: "done" as const }],
  ] as const)("a database %s may serve", async (_, side, state) => {
    if (state) await keep(side, state);
    await refuseMoved(suite.metadata.read);
  });

  test.each([
    ["that is not whole yet", "target", copying, "not whole yet"],
    ["that is closed for the finish", "source", source("closed"), "about to be at postgres://elsewhere/waybill"],
    ["that was left", "source", source("moved"), "was moved to postgres://elsewhere/waybill"],
  ] as const)("a database %s may not serve, and the refusal says why", async (_, side, state, reason) => {
    await keep(side, state);
    const refused = refuseMoved(suite.metadata.read);
    await expect(refused).rejects.toMatchObject({ code: "WAYBILL_MOVED" });
    await expect(refused).rejects.toThrow(reason);
  });
}
