/**
 * The circuit breaker: whether a vendor that has failed may be called again. Pure.
 *
 *     closed ──many failures, or one that says "not before"──▶ open ──time──▶ half-open ──success──▶ closed
 *                                                              ▲                  │
 *                                                              └─────failure──────┘
 *
 * Half-open is no state of its own but an opening whose time is over: then one call at a time is let
 * through, and what becomes of it decides. Each opening in a row lasts longer than the one before, and
 * by chance a little more or less, so that many isolates do not probe at one moment.
 *
 * Which failures are the vendor's fault is not known here; providers/circuits.ts says it. A stream's
 * first byte closes a circuit, only its end counts as a success.
 *
 * Source: M. Nygard, Release It! (2007), chapter 5.
 */

interface Call {
  readonly atMs: number;
  readonly hasFailed: boolean;
}

export interface Circuit {
  /** The latest calls, oldest first, at most WINDOW_CALLS. */
  readonly recent: readonly Call[];
  /** Calls are refused until then; absent while closed. */
  readonly openUntilMs?: number;
  /** Openings since the last success. */
  readonly openings: number;
  /** While a probe is under way: when another may go out, should its outcome never be told. */
  readonly probeUntilMs?: number;
  /** Opened by what another isolate told, and by nothing that happened here. */
  readonly isHearsay?: true;
}

export type CircuitEvent =
  /** An admitted call goes out. */
  | { readonly kind: "call" }
  /** The first byte of a stream has come. */
  | { readonly kind: "begun" }
  | { readonly kind: "success" }
  | {
      readonly kind: "failure";
      /** Uniform in [0, 1). */
      readonly jitter: number;
      /** The vendor says when to come back: opens at once, until then. */
      readonly retryAfterMs?: number;
      /** The next call would fail as well: opens at once. */
      readonly isCertain?: boolean;
    }
  /** A probe ended without telling anything about the vendor. */
  | { readonly kind: "abandoned" }
  /** Another isolate's circuit is open until then. */
  | { readonly kind: "heard"; readonly openUntilMs: number }
  /** No other isolate says any more that it is open. */
  | { readonly kind: "unheard" };

export const CLOSED: Circuit = { recent: [], openings: 0 };

const WINDOW_CALLS = 20;
/** What happened a minute ago says little about now. */
const WINDOW_MS = 60_000;
/** So many failures among the latest calls, and at least this share of them, open a circuit. */
const LEAST_FAILURES = 5;
const FAILURE_SHARE = 0.5;
const FIRST_OPENING_MS = 5_000;
const MAX_OWN_OPENING_MS = 300_000;
/** The longest that a vendor's retry-after, or another isolate, may close it for. */
export const MAX_OPENING_MS = 3_600_000;
/** Longer than any attempt lasts by default before its first byte. */
const PROBE_MS = 300_000;

/** Whether a call may go out now. */
export function admits({ openUntilMs, probeUntilMs = 0 }: Circuit, nowMs: number): boolean {
  if (openUntilMs === undefined) return true;
  return nowMs >= openUntilMs && nowMs >= probeUntilMs;
}

/** Milliseconds from now until a call may go out, at least; 0 when one may. */
export function closedForMs(circuit: Circuit, nowMs: number): number {
  if (admits(circuit, nowMs)) return 0;
  const leftMs = (circuit.openUntilMs ?? 0) - nowMs;
  // A probe under way is decided soon, though nobody knows when.
  return leftMs > 0 ? leftMs : 1_000;
}

/** The circuit after `event`. Total: an event that does not fit changes nothing. */
export function advance(circuit: Circuit, event: CircuitEvent, nowMs: number): Circuit {
  if (event.kind === "failure") return afterFailure(circuit, event, nowMs);
  if (event.kind === "heard") return afterHearing(circuit, event.openUntilMs, nowMs);
  if (event.kind === "unheard") return afterSilence(circuit, nowMs);
  const { openUntilMs } = circuit;
  if (openUntilMs === undefined) {
    if (event.kind !== "success") return circuit;
    return { recent: withCall(circuit, { atMs: nowMs, hasFailed: false }), openings: 0 };
  }
  // A call from before the opening knows nothing of what has happened since.
  return nowMs < openUntilMs ? circuit : whenHalfOpen(circuit, event.kind, nowMs);
}

function whenHalfOpen(
  circuit: Circuit,
  kind: "call" | "begun" | "success" | "abandoned",
  nowMs: number,
): Circuit {
  if (kind === "success") return CLOSED;
  // A stream that has begun may still break: only its end takes back the length of the openings.
  if (kind === "begun") return { recent: [], openings: circuit.openings };
  return { ...circuit, probeUntilMs: kind === "call" ? nowMs + PROBE_MS : 0 };
}

function afterFailure(
  circuit: Circuit,
  { jitter, retryAfterMs, isCertain = false }: Extract<CircuitEvent, { kind: "failure" }>,
  nowMs: number,
): Circuit {
  const { openUntilMs } = circuit;
  const askedMs = Math.min(retryAfterMs ?? 0, MAX_OPENING_MS);
  if (openUntilMs !== undefined && nowMs < openUntilMs)
    return { ...circuit, openUntilMs: Math.max(openUntilMs, nowMs + askedMs) };
  const recent = withCall(circuit, { atMs: nowMs, hasFailed: true });
  const isTold = retryAfterMs !== undefined || isCertain;
  if (openUntilMs === undefined && !isTold && !isTooMuch(recent)) return { ...circuit, recent };
  const openings = circuit.openings + 1;
  const ownMs = Math.min(FIRST_OPENING_MS * 2 ** Math.min(openings - 1, 20), MAX_OWN_OPENING_MS);
  const lastsMs = retryAfterMs === undefined ? Math.round(ownMs * (0.75 + jitter / 4)) : askedMs;
  return { recent: [], openings, openUntilMs: nowMs + lastsMs };
}

function afterHearing(circuit: Circuit, untilMs: number, nowMs: number): Circuit {
  const openUntilMs = Math.min(untilMs, nowMs + MAX_OPENING_MS);
  if (openUntilMs <= Math.max(nowMs, circuit.openUntilMs ?? 0)) return circuit;
  const isNew = circuit.openUntilMs === undefined || circuit.isHearsay;
  return { ...circuit, openUntilMs, ...(isNew && { isHearsay: true }) };
}

/** Nobody says any more that it is open: not closed by that, but one call shall find out. */
function afterSilence(circuit: Circuit, nowMs: number): Circuit {
  const { openUntilMs, isHearsay } = circuit;
  if (openUntilMs === undefined || !isHearsay || openUntilMs <= nowMs) return circuit;
  return { ...circuit, openUntilMs: nowMs };
}

function withCall({ recent }: Circuit, call: Call): readonly Call[] {
  const young = recent.filter(({ atMs }) => call.atMs - atMs < WINDOW_MS);
  return [...young, call].slice(-WINDOW_CALLS);
}

function isTooMuch(recent: readonly Call[]): boolean {
  const failures = recent.filter(({ hasFailed }) => hasFailed).length;
  return failures >= LEAST_FAILURES && failures >= FAILURE_SHARE * recent.length;
}
