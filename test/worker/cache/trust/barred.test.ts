/** Who is barred, up to where, and who is forgotten first. */
import { describe, it } from "vitest";
import { isBarred, MAX_BARS, withBar, type Bar } from "../../../../worker/cache/trust/barred.ts";

const ID = "0123456789abcdef".repeat(4);

describe("a bar", () => {
  it("holds up to its step and for its cluster alone", ({ expect }) => {
    const bars = withBar([], ID, 5);
    expect([4, 5, 6].map((step) => isBarred(bars, ID, step))).toEqual([true, true, false]);
    expect(isBarred(bars, `f${ID}`, 0)).toBe(false);
    expect(isBarred(bars, undefined, 0)).toBe(false);
  });

  it("is raised and never lowered", ({ expect }) => {
    const raised = withBar(withBar([], ID, 5), ID, 8);
    expect(withBar(raised, ID, 2)).toEqual(raised);
    expect(isBarred(raised, ID, 8)).toBe(true);
  });

  it("gives way to others when there are too many: the lowest first, of these the oldest", ({
    expect,
  }) => {
    let bars: readonly Bar[] = withBar(withBar(withBar([], "high", 9), "low", 1), "low too", 1);
    for (let k = 3; k < MAX_BARS; k++) bars = withBar(bars, `other ${k}`, 4);
    bars = withBar(bars, "last", 4);
    expect(bars).toHaveLength(MAX_BARS);
    expect(["high", "low", "low too", "last"].map((name) => isBarred(bars, name, 1))).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });
});
