/** What a bill makes of a request's bookings: money in its place, by model in proportion; counts as they were. */
import { describe, it } from "vitest";
import { drawsOfBill } from "../../../worker/budget/late-bill.ts";

function amountsOf(bookings: Readonly<Record<string, number>>, costMicroUsd: number) {
  const amounts = Object.entries(bookings).map(([account, amount]) => ({ account, amount }));
  const unbilled = { id: "req_1", why: "estimated", sinceMs: 0, amounts } as const;
  const draws = drawsOfBill(unbilled, costMicroUsd);
  return Object.fromEntries(draws.map(({ account, amount }) => [account.name, amount]));
}

describe("the draws of a bill", () => {
  it("are the bill on accounts of everything, and its part on one of a model", ({ expect }) => {
    const booked = {
      "organisation:acme/usd/month": 400,
      "tenant:shop/counted-usd/month": 400,
      "tenant:shop/usd/day/openai/small": 100,
      "tenant:shop/usd/day/openai/large": 300,
      "key:k/requests/60s": 1,
      "key:k/tokens/60s": 900,
    };
    expect(amountsOf(booked, 1_000)).toEqual({
      "organisation:acme/usd/month": 1_000,
      "tenant:shop/counted-usd/month": 1_000,
      "tenant:shop/usd/day/openai/small": 250,
      "tenant:shop/usd/day/openai/large": 750,
      "key:k/requests/60s": 1,
      "key:k/tokens/60s": 900,
    });
  });

  it("are nothing where nothing was billed, and whole micro-dollars", ({ expect }) => {
    const booked = { "tenant:shop/usd/day": 3, "tenant:shop/usd/day/openai/small": 1 };
    expect(amountsOf(booked, 0)).toEqual({
      "tenant:shop/usd/day": 0,
      "tenant:shop/usd/day/openai/small": 0,
    });
    expect(amountsOf(booked, 10)).toEqual({
      "tenant:shop/usd/day": 10,
      "tenant:shop/usd/day/openai/small": 3,
    });
  });
});
