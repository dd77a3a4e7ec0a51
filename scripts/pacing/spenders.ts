/**
 * Who spends the budget: the pacer that serves, and what it is held against.
 *
 * - paced: worker/routing/pace.ts, one book for each isolate; unprepared where it is given no window before
 * - fixed: a preset, or one price for the whole window, until the money is gone
 * - descent: dual descent on the price, a step after every decision, each isolate its own; the step towards what is left
 *   for each request still to come at the rate so far. It knows no window before
 */
import type { Decision } from "../../worker/domain/decision.ts";
import { policySchema, type Preset } from "../../worker/domain/policy.ts";
import { decide, offersOf } from "../../worker/routing/decide.ts";
import { DEAREST_MONEY, PaceBook, type Pace, type PaceFacts } from "../../worker/routing/pace.ts";
import type { Question } from "./questions.ts";
import type { Known, Spender, Window } from "./simulation.ts";

type Budget = Pick<Window, "windowMs" | "limitMicroUsd" | "before">;

const ACCOUNT = "budget";

export function paced(budget: Budget): Spender {
  const books = new Map<number, PaceBook>();
  function bookOf(isolate: number): PaceBook {
    const book = books.get(isolate) ?? new PaceBook();
    books.set(isolate, book);
    return book;
  }
  return {
    decide(arrival, known) {
      const book = bookOf(arrival.isolate);
      const facts = factsOf(budget, known, arrival.atMs);
      book.observe(ACCOUNT, offersOf(decideFor(arrival.question), BALANCED), facts);
      return decideFor(arrival.question, book.paceFor(ACCOUNT, facts));
    },
    settle: (arrival, bill) => bookOf(arrival.isolate).settle(ACCOUNT, bill),
  };
}

/** The same preset, or the same price in score per dollar, from first to last. */
export function fixed(choice: { preset: Preset } | { qualityPerUsd: number }): Spender {
  const decisions = new Map<Question, Decision>();
  return {
    decide({ question }) {
      const decision = decisions.get(question) ?? decideFor(question, choice);
      decisions.set(question, decision);
      return decision;
    },
  };
}

/** @param step By how much the logarithm of the price moves when a request costs twice its target. */
export function descent(budget: Budget, step: number): Spender {
  const prices = new Map<number, number>();
  return {
    decide(arrival, known) {
      const { question, isolate, atMs } = arrival;
      const first = decideFor(question);
      const qualityPerUsd =
        prices.get(isolate) ?? (first.lambda * 1e6) / first.reference.costP50MicroUsd;
      const decision = decideFor(question, { qualityPerUsd });
      const { remainingMicroUsd, requests, elapsedMs, leftMs } = factsOf(budget, known, atMs);
      const toCome = ((requests + 1) * leftMs) / Math.max(elapsedMs, leftMs / 100, 1);
      const target = remainingMicroUsd / Math.max(toCome, 1);
      const excess = decision.attempts[0]!.costP50MicroUsd / Math.max(target, 1) - 1;
      const moved = qualityPerUsd * Math.exp(step * Math.min(excess, MOST_EXCESS));
      prices.set(isolate, Math.min(moved, DEAREST_MONEY));
      return decision;
    },
  };
}

/** One request of hundred times its target must not end all spending. */
const MOST_EXCESS = 10;

const BALANCED = policySchema.parse({});

function decideFor(
  { candidates }: Question,
  { preset, ...pace }: { preset?: Preset } & Partial<Pace> = {},
): Decision {
  const policy = preset === undefined ? BALANCED : policySchema.parse({ preset });
  const decision = decide({ candidates, excluded: [], policy, ...pace });
  if (!("reason" in decision)) throw new Error("A question has no candidate");
  return decision;
}

function factsOf(
  { windowMs, limitMicroUsd, before }: Budget,
  { spentMicroUsd, heldMicroUsd, requests, asOfMs }: Known,
  nowMs: number,
): PaceFacts {
  return {
    remainingMicroUsd: limitMicroUsd - spentMicroUsd - heldMicroUsd,
    requests,
    elapsedMs: asOfMs,
    leftMs: windowMs - nowMs,
    ...(before === undefined ? {} : { before }),
  };
}
