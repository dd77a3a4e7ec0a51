/**
 * The providers' side of the circuit breakers: the port that says who may be called, what an attempt's
 * outcome tells about the vendor, and the walk over a vendor's keys.
 *
 * Keys are tried from a random one on, so that load is spread without isolates knowing of one another.
 * A refusal that is about the key (a limit, no credit, no permission) goes on to the vendor's next key
 * within the same attempt; any other outcome would be the same there.
 */
import type { UpstreamFailure, UpstreamOutcome } from "../domain/upstream.ts";
import type { Endpoint, Endpoints } from "./endpoints.ts";

/** What an attempt says about whom it was made at. */
export type Verdict =
  | { readonly kind: "begun" | "success" | "abandoned" }
  | {
      readonly kind: "failure";
      readonly retryAfterMs?: number;
      /** The key is refused: "model" for this model, "endpoint" for everything. */
      readonly isRefused?: "model" | "endpoint";
    };

/** Leave to make one call. Its holder reports one verdict, and may report "begun" before it. */
export interface Permit {
  report(verdict: Verdict): void;
}

/** Which endpoints may be called. Must not throw. */
export interface Circuits {
  /** A permit, or for how many milliseconds there will be none. */
  enter(endpointId: string, model: string): Permit | { readonly closedForMs: number };
}

/** What the failure of an attempt tells. @param isOurLimit The request's own time ran out. */
export function verdictOf(failure: UpstreamFailure, isOurLimit: boolean): Verdict {
  const { reason, status, retryAfterMs } = failure;
  // A size that one account's limit does not allow says nothing about the next request.
  if (isOurLimit || status === 413 || !COUNTED.has(reason)) return { kind: "abandoned" };
  if (status === 400 || status === 401 || status === 402)
    return { kind: "failure", isRefused: "endpoint" };
  if (status === 403) return { kind: "failure", isRefused: "model" };
  return { kind: "failure", ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

const COUNTED: ReadonlySet<UpstreamFailure["reason"]> = new Set([
  "rate_limited",
  "timeout",
  "unreachable",
  "vendor_error",
  "malformed",
]);

/** Statuses of a refused key; Google has 400 for it, which otherwise is the client's fault. */
const KEY_STATUSES: ReadonlySet<number | undefined> = new Set([400, 401, 402, 403]);

/** Whether another key of the vendor may fare better. */
function isOfTheKey(outcome: UpstreamOutcome): boolean {
  if (outcome.kind !== "failure") return false;
  const { reason, status } = outcome;
  return reason === "rate_limited" || (reason === "vendor_error" && KEY_STATUSES.has(status));
}

interface Walk {
  readonly endpoints: Endpoints;
  readonly model: string;
  readonly circuits: Circuits;
  readonly random: () => number;
}

/** The outcome at the first key that is not refused, with the number of calls made; `attempt` never rejects. */
export async function walkKeys<T extends UpstreamOutcome>(
  { endpoints, model, circuits, random }: Walk,
  attempt: (endpoint: Endpoint, permit: Permit) => Promise<T>,
): Promise<(T | UpstreamFailure) & { readonly calls: number }> {
  const start = Math.floor(random() * endpoints.length);
  let last: T | UpstreamFailure | undefined;
  let calls = 0;
  let soonestMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < endpoints.length; i++) {
    const endpoint = endpoints[(start + i) % endpoints.length]!;
    const entry = circuits.enter(endpoint.id, model);
    if ("closedForMs" in entry) {
      soonestMs = Math.min(soonestMs, entry.closedForMs);
      continue;
    }
    calls += 1;
    last = await attempt(endpoint, entry);
    if (!isOfTheKey(last)) break;
  }
  return { ...(last ?? coolingDown(endpoints, soonestMs)), calls };
}

function coolingDown([{ vendor }]: Endpoints, retryAfterMs: number): UpstreamFailure {
  const message = `${vendor.name} is not called for a while, after it failed`;
  return { kind: "failure", reason: "cooling", message, isRetryable: true, retryAfterMs };
}
