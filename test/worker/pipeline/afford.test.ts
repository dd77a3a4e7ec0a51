/** The first model that budgets can pay for: in the decision's order, and none passed over that could be paid. */
import { describe, it } from "vitest";
import type { Candidate, Decision } from "../../../worker/domain/decision.ts";
import { RouterError } from "../../../worker/domain/errors.ts";
import { UNCOUNTED, type Costs, type Cover } from "../../../worker/domain/purse.ts";
import { afford } from "../../../worker/pipeline/afford.ts";
import { Expenses } from "../../../worker/pipeline/expenses.ts";

function candidate(model: string, costP90MicroUsd: number): Candidate {
  return {
    model,
    score: 0.5,
    standing: 0,
    outputTokensP50: 100,
    costP50MicroUsd: 1,
    costP90MicroUsd,
    ttftMs: 100,
    ttftP90Ms: 200,
    latencyMs: 1_000,
    latencyP90Ms: 2_000,
  };
}

function errorFor(model: string): RouterError {
  return new RouterError("insufficient_quota", model, { code: "insufficient_quota" });
}

const REQUEST = { model: "auto", messages: [{ role: "user" as const, content: "Hi" }] };

/** Dear to cheap; the first two are the attempts. */
const CANDIDATES = [500, 400, 300, 200, 100].map((cost) => candidate(`vendor/m${cost}`, cost));

function decisionOf(candidates: readonly Candidate[]): Decision {
  return {
    attempts: candidates.slice(0, 2),
    candidates,
    reason: "best_utility",
    excluded: [],
    reference: candidates[0]!,
    lambda: 0,
  };
}

function holdOf({ costP90MicroUsd }: Candidate): number {
  return costP90MicroUsd;
}

/** Affords under a purse that answers as `cover` says. */
async function affordUnder(
  candidates: readonly Candidate[],
  cover: (model: string, costs: Costs) => Cover | Promise<Cover>,
) {
  const asked: string[] = [];
  const expenses = new Expenses(
    {
      request: REQUEST,
      candidates,
      purse: {
        ...UNCOUNTED,
        async cover(costs) {
          const [model] = costs.keys();
          asked.push(model!);
          return cover(model!, costs);
        },
      },
      holdOf,
      requestWithin: () => REQUEST,
      tokens: 1,
    },
    {
      dispatch: () => Promise.reject(new Error("Nobody is to be called")),
      clock: { nowMs: () => 0 },
    },
  );
  const decision = afford(decisionOf(candidates), { expenses, holdOf });
  return { decision, asked };
}

describe("afford", () => {
  it("leaves the decision as it is where the preferred model is paid", async ({ expect }) => {
    const { decision, asked } = await affordUnder(CANDIDATES, () => ({ isCovered: true }));
    expect(await decision).toEqual(decisionOf(CANDIDATES));
    expect(asked).toEqual(["vendor/m500"]);
  });

  it("goes at once to the first that what is left does for", async ({ expect }) => {
    const { decision, asked } = await affordUnder(CANDIDATES, (model, costs) =>
      costs.get(model)! > 250
        ? { isCovered: false, leftMicroUsd: 250, error: errorFor(model) }
        : { isCovered: true },
    );
    const { attempts, reason } = await decision;
    expect(attempts.map(({ model }) => model)).toEqual(["vendor/m200", "vendor/m500"]);
    expect(reason).toBe("within_budget");
    expect(asked).toEqual(["vendor/m500", "vendor/m200"]);
  });

  it("says what the preferred model was refused for where none is paid", async ({ expect }) => {
    const { decision, asked } = await affordUnder(CANDIDATES, (model) => ({
      isCovered: false,
      leftMicroUsd: 100,
      error: errorFor(model),
    }));
    await expect(decision).rejects.toMatchObject({ message: "vendor/m500" });
    expect(asked).toEqual(["vendor/m500", "vendor/m100"]);
  });

  it("passes over any number of models whose own budgets are spent", async ({ expect }) => {
    const many = Array.from({ length: 30 }, (_, at) => candidate(`vendor/m${at}`, 100));
    const { decision } = await affordUnder(many, (model) =>
      model === "vendor/m29"
        ? { isCovered: true }
        : { isCovered: false, leftMicroUsd: 0, model, error: errorFor(model) },
    );
    expect((await decision).attempts[0]!.model).toBe("vendor/m29");
  });

  it("throws what says no to all models alike", async ({ expect }) => {
    const limit = new RouterError("rate_limit_error", "no", { code: "rate_limit_exceeded" });
    const { decision, asked } = await affordUnder(CANDIDATES, () => Promise.reject(limit));
    await expect(decision).rejects.toBe(limit);
    expect(asked).toHaveLength(1);
  });
});
