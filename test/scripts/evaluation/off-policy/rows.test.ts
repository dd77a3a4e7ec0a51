/** Logged choices as rows: probabilities by hand, what could not have been logged, and what is predicted. */
import { describe, it } from "vitest";
import {
  offPolicyRows,
  type LoggedChoice,
} from "../../../../scripts/evaluation/off-policy/rows.ts";

function choice(own: Partial<LoggedChoice> = {}): LoggedChoice {
  return {
    chosen: "a/a",
    logged: new Map([
      ["a/a", 0.8],
      ["b/b", 0.2],
    ]),
    target: new Map([
      ["b/b", 0.7],
      ["c/c", 0.3],
    ]),
    incumbent: new Map([["a/a", 1]]),
    scores: new Map([
      ["a/a", 0.5],
      ["b/b", 0.6],
      ["c/c", 0.9],
    ]),
    reward: { value: 1, weight: 0.5 },
    cluster: "c",
    slice: "s",
    ...own,
  };
}

describe("offPolicyRows", () => {
  it("says how likely the choice was to each policy, and what neither log nor row can tell", ({
    expect,
  }) => {
    const [row] = offPolicyRows([choice()]);
    expect(row).toMatchObject({ propensity: 0.8, target: 0, incumbent: 1, weight: 0.5, reward: 1 });
    expect(row!.unsupported).toBeCloseTo(0.3, 12);
  });

  it("expects of a policy what it would draw", ({ expect }) => {
    // The only row is in the half that is not read, so scores stand as they are.
    const [row] = offPolicyRows([choice()]);
    expect(row!.predicted.logged).toBeCloseTo(0.5, 6);
    expect(row!.predicted.target).toBeCloseTo(0.7 * 0.6 + 0.3 * 0.9, 6);
    expect(row!.predicted.incumbent).toBeCloseTo(0.5, 6);
  });

  it("takes a choice that the log gives no probability for one that cannot have been drawn", ({
    expect,
  }) => {
    const [row] = offPolicyRows([choice({ chosen: "c/c" })]);
    expect(row).toMatchObject({ propensity: 0, target: 0.3 });
    expect(row!.unsupported).toBeCloseTo(0.3, 12);
  });
});
