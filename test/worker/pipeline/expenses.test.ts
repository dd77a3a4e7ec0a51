/** What the calls of one request are covered by: all of them together, whatever runs beside what. */
import { describe, it } from "vitest";
import type { Candidate } from "../../../worker/domain/decision.ts";
import { RouterError } from "../../../worker/domain/errors.ts";
import { sumOf, UNCOUNTED, type Costs, type Cover } from "../../../worker/domain/purse.ts";
import type { Dispatched, UpstreamCall } from "../../../worker/domain/upstream.ts";
import { Expenses } from "../../../worker/pipeline/expenses.ts";

const ERROR = new RouterError("insufficient_quota", "no", { code: "insufficient_quota" });

function candidate(model: string): Candidate {
  return {
    model,
    score: 0.5,
    standing: 0,
    outputTokensP50: 100,
    costP50MicroUsd: 50,
    costP90MicroUsd: 100,
    ttftMs: 100,
    ttftP90Ms: 200,
    latencyMs: 1_000,
    latencyP90Ms: 2_000,
  };
}

const [DEAR, CHEAP] = [candidate("openai/large"), candidate("groq/tiny")];
const REQUEST = { model: "auto", messages: [{ role: "user" as const, content: "Hi" }] };

function callOf({ model }: Candidate, signal = new AbortController().signal): UpstreamCall {
  return { model, upstreamModel: model, request: REQUEST, signal, timeoutMs: 1_000 };
}

/** Expenses under a purse that answers when the test says so; 100 for the dear one, 10 for the cheap. */
function setUp(dispatch: (call: UpstreamCall) => Promise<Dispatched>) {
  const covers: { costs: Costs; answer(cover: Cover): void; fail(error: Error): void }[] = [];
  const called: string[] = [];
  const expenses = new Expenses(
    {
      request: REQUEST,
      candidates: [DEAR, CHEAP],
      purse: {
        ...UNCOUNTED,
        cover(costs) {
          const { promise, resolve, reject } = Promise.withResolvers<Cover>();
          covers.push({ costs, answer: resolve, fail: reject });
          return promise;
        },
      },
      requestWithin: () => REQUEST,
      holdOf: ({ model }) => (model === DEAR.model ? 100 : 10),
      tokens: 1,
    },
    {
      dispatch(call) {
        called.push(call.model);
        return dispatch(call);
      },
      clock: { nowMs: () => 0 },
    },
  );
  return { expenses, covers, called, asked: () => covers.map(({ costs }) => sumOf(costs)) };
}

/** Lets everything happen that waits for nobody. */
async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await Promise.resolve();
}

function failure(more: Partial<Dispatched & { kind: "failure" }> = {}): Dispatched {
  const common = { kind: "failure", reason: "vendor_error", message: "no" } as const;
  return { ...common, isRetryable: true, calls: 1, ...more };
}

const YES: Cover = { isCovered: true };

describe("expenses", () => {
  it("of two calls at once are covered together", async ({ expect }) => {
    const { expenses, covers, asked } = setUp(() => new Promise(() => {}));
    void expenses.dispatch(callOf(DEAR));
    void expenses.dispatch(callOf(CHEAP));
    await settle();
    expect(asked()).toEqual([100]);
    covers[0]!.answer(YES);
    await settle();
    expect(asked()).toEqual([100, 110]);
  });

  it("of a call beside one that is being raised are covered together", async ({ expect }) => {
    const { expenses, covers, asked } = setUp(() => new Promise(() => {}));
    void expenses.dispatch(callOf(DEAR));
    await settle();
    covers[0]!.answer(YES);
    await settle();
    void expenses.raise(DEAR, 150);
    void expenses.dispatch(callOf(CHEAP));
    await settle();
    covers[1]!.answer(YES);
    await settle();
    expect(asked()).toEqual([100, 150, 160]);
  });

  it("of a call whose raise has failed are held as before", async ({ expect }) => {
    const { expenses, covers, asked } = setUp(() => new Promise(() => {}));
    void expenses.dispatch(callOf(DEAR));
    await settle();
    covers[0]!.answer(YES);
    await settle();
    const raised = expenses.raise(DEAR, 150).catch((error: unknown) => error);
    await settle();
    covers[1]!.fail(new Error("down"));
    expect(await raised).toMatchObject({ message: "down" });
    void expenses.dispatch(callOf(CHEAP));
    await settle();
    expect(asked()).toEqual([100, 150, 110]);
  });

  it.for([
    ["that a vendor bills nothing for are given up for the next", failure(), 10],
    ["that it may bill stay beside the next", failure({ mayBeBilled: true }), 110],
    ["that were left when it was called stay as well", failure({ reason: "aborted" }), 110],
    ["that never reached it are given up", failure({ reason: "aborted", calls: 0 }), 10],
  ] as const)("%s", async ([, outcome, asks], { expect }) => {
    const { expenses, covers, asked } = setUp(async () => outcome);
    const first = expenses.dispatch(callOf(DEAR));
    await settle();
    covers[0]!.answer(YES);
    await first;
    void expenses.dispatch(callOf(CHEAP));
    await settle();
    expect(asked()).toEqual([100, asks]);
  });

  it("say what is left for one call beside the others", async ({ expect }) => {
    const { expenses, covers } = setUp(() => new Promise(() => {}));
    void expenses.dispatch(callOf(DEAR));
    await settle();
    covers[0]!.answer(YES);
    await settle();
    const second = expenses.dispatch(callOf(CHEAP));
    await settle();
    covers[1]!.answer({ isCovered: false, leftMicroUsd: 104, error: ERROR });
    expect(await second).toMatchObject({ reason: "unaffordable", leftMicroUsd: 4, calls: 0 });
  });

  it("name no sum where the budget of one model is spent", async ({ expect }) => {
    const { expenses, covers } = setUp(() => new Promise(() => {}));
    const refused = expenses.dispatch(callOf(DEAR));
    await settle();
    const { model } = DEAR;
    covers[0]!.answer({ isCovered: false, leftMicroUsd: 0, model, error: ERROR });
    expect(await refused).not.toHaveProperty("leftMicroUsd");
  });

  it("of one that is hung up on while it is being covered are none", async ({ expect }) => {
    const client = new AbortController();
    const { expenses, covers } = setUp(async () => failure({ reason: "aborted", calls: 0 }));
    const left = expenses.dispatch(callOf(DEAR, client.signal));
    await settle();
    client.abort();
    covers[0]!.answer(YES);
    expect(await left).toMatchObject({ reason: "aborted" });
    expect(expenses.hasCalled(DEAR)).toBe(false);
    expect(expenses.inVain()).toEqual([]);
    expect(expenses.count).toBe(0);
  });
});
