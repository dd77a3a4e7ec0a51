/**
 * The first of a decision's models that the budgets can pay for, held for its first call.
 *
 * Where the money left does not do for the preferred model it may do for a cheaper one: the candidates are asked for
 * in the decision's own order, without those that cost more than what is left. Rate limits, a key that was turned
 * off, a ledger that cannot be reached: those say no to all models alike, and are thrown.
 */
import type { Candidate, Decision } from "../domain/decision.ts";
import type { RouterError } from "../domain/errors.ts";
import type { Expenses } from "./expenses.ts";

/** Each costs a trip to the ledger; after a refusal only what should fit is asked for. Models' own budgets may all be spent. */
const MAX_TRIES = 50;

/** The decision, with the affordable model first. Throws RouterError: 402, 429, 401, 503. */
export async function afford(
  decision: Decision,
  { expenses, holdOf }: { expenses: Expenses; holdOf: (candidate: Candidate) => number },
): Promise<Decision> {
  let queue = [...new Set([...decision.attempts, ...decision.candidates])];
  let refusal: RouterError | undefined;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const [candidate, ...rest] = queue;
    if (candidate === undefined) break;
    const cover = await expenses.cover(candidate);
    if (cover.isCovered) return startingWith(candidate, decision);
    refusal ??= cover.error;
    const { model, leftMicroUsd } = cover;
    queue = rest.filter((other) =>
      model === undefined ? holdOf(other) <= leftMicroUsd : other.model !== model,
    );
  }
  throw refusal ?? new Error("A decision without attempts");
}

function startingWith(candidate: Candidate, decision: Decision): Decision {
  const { attempts } = decision;
  if (candidate === attempts[0]) return decision;
  const others = attempts.filter((attempt) => attempt !== candidate);
  const reordered = [candidate, ...others].slice(0, attempts.length);
  return { ...decision, attempts: reordered, reason: "within_budget" };
}
