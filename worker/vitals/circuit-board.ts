/**
 * The circuits of one isolate, and their news to and from the others.
 *
 * Each key of a vendor has a circuit for every model, and one for itself that opens when the vendor
 * refuses the key altogether; a call needs leave from both. The state machine is routing/health.ts, this
 * only keeps the states, and hands on transitions: openings and closings, never single calls.
 *
 * Nobody waits for the others. `exchange` runs after an answer, seldom, and an isolate that cannot reach
 * the shared list goes on with what it knows.
 */
import type { Clock } from "../lib/clock.ts";
import {
  admits,
  advance,
  CLOSED,
  closedForMs,
  type Circuit,
  type CircuitEvent,
} from "../routing/health.ts";
import { readNotices, type Notice } from "./notices.ts";

/** Where isolates meet. */
export interface NoticeExchange {
  /** Tells these notices and resolves with all that is open anywhere. Rejects when nobody is reached. */
  exchange(told: readonly Notice[]): Promise<unknown>;
}

interface BoardOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Undefined where isolates do not meet. */
  readonly others: NoticeExchange | undefined;
  /** Must not throw. */
  readonly log: (event: BoardEvent) => void;
}

export type BoardEvent =
  | { readonly event: "circuit_opened"; readonly circuit: string; readonly open_ms: number }
  | { readonly event: "circuit_closed"; readonly circuit: string }
  | { readonly event: "vitals_unreachable"; readonly reason: string };

/** What a call came to; providers/circuits.ts says which outcome is which. */
interface Verdict {
  readonly kind: "begun" | "success" | "abandoned" | "failure";
  readonly retryAfterMs?: number;
  readonly isRefused?: "model" | "endpoint";
}

/** The two circuits of a call, and whether it is the probe of each. */
interface Permit {
  readonly endpoint: string;
  readonly model: string;
  readonly isProbe: readonly boolean[];
}

/** With news, and to hear of others'; the list is small, but each isolate asks. */
const TELL_MS = 1_000;
const ASK_MS = 5_000;

export class CircuitBoard {
  readonly #options: BoardOptions;
  readonly #circuits = new Map<string, Circuit>();
  /** By circuit: of several transitions only the last one counts. */
  #news = new Map<string, Notice>();
  #metMs = Number.NEGATIVE_INFINITY;

  constructor(options: BoardOptions) {
    this.#options = options;
  }

  /** Leave to call, or for how many milliseconds there is none. Every leave is to be reported on. */
  enter(
    endpointId: string,
    model: string,
  ): { report(verdict: Verdict): void } | { readonly closedForMs: number } {
    const names = [endpointId, `${endpointId} ${model}`] as const;
    const nowMs = this.#options.clock.nowMs();
    const circuits = names.map((name) => this.#circuitOf(name));
    if (!circuits.every((circuit) => admits(circuit, nowMs)))
      return { closedForMs: Math.max(...circuits.map((circuit) => closedForMs(circuit, nowMs))) };
    const isProbe = circuits.map(({ openUntilMs }) => openUntilMs !== undefined);
    for (const name of names) this.#advance(name, { kind: "call" });
    const permit: Permit = { endpoint: names[0], model: names[1], isProbe };
    return { report: (verdict) => this.#report(permit, verdict) };
  }

  /** Tells the others what is new here and hears what is open there, unless it has just done so. Never rejects. */
  async exchange(): Promise<void> {
    const { clock, others, log } = this.#options;
    const nowMs = clock.nowMs();
    if (others === undefined || nowMs - this.#metMs < (this.#news.size > 0 ? TELL_MS : ASK_MS))
      return;
    this.#metMs = nowMs;
    const told = this.#news;
    this.#news = new Map();
    try {
      this.#hear(readNotices(await others.exchange([...told.values()])));
    } catch (error) {
      for (const [name, notice] of told) if (!this.#news.has(name)) this.#news.set(name, notice);
      const reason = error instanceof Error ? error.message : "not an error";
      log({ event: "vitals_unreachable", reason });
    }
  }

  #report({ endpoint, model, isProbe }: Permit, verdict: Verdict): void {
    const failed = verdict.isRefused === "endpoint" ? endpoint : model;
    for (const [index, name] of [endpoint, model].entries())
      if (verdict.kind !== "failure") this.#end(name, verdict.kind, isProbe[index]);
      else if (name === failed) this.#advance(name, this.#failureOf(verdict));
      else this.#end(name, "abandoned", isProbe[index]); // It says nothing about the other circuit.
  }

  #end(name: string, kind: "begun" | "success" | "abandoned", isProbe = false): void {
    if (kind !== "abandoned" || isProbe) this.#advance(name, { kind });
  }

  #failureOf({ isRefused, retryAfterMs }: Verdict): CircuitEvent {
    return {
      kind: "failure",
      jitter: this.#options.random(),
      isCertain: isRefused !== undefined,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  }

  #hear(notices: readonly Notice[]): void {
    const open = new Map(notices.map(({ circuit, openUntilMs }) => [circuit, openUntilMs]));
    for (const [name, openUntilMs] of open)
      if (!this.#news.has(name)) this.#put(name, { kind: "heard", openUntilMs });
    for (const name of this.#circuits.keys())
      if (!open.has(name)) this.#put(name, { kind: "unheard" });
  }

  #advance(name: string, event: CircuitEvent): void {
    const before = this.#circuitOf(name).openUntilMs;
    const after = this.#put(name, event).openUntilMs;
    if (after === before) return;
    this.#news.set(name, { kind: "circuit", circuit: name, openUntilMs: after ?? 0 });
    this.#options.log(
      after === undefined
        ? { event: "circuit_closed", circuit: name }
        : {
            event: "circuit_opened",
            circuit: name,
            open_ms: Math.round(after - this.#options.clock.nowMs()),
          },
    );
  }

  #put(name: string, event: CircuitEvent): Circuit {
    const circuit = advance(this.#circuitOf(name), event, this.#options.clock.nowMs());
    // A closed circuit without a past is what a name that is not there stands for.
    if (circuit === CLOSED) this.#circuits.delete(name);
    else this.#circuits.set(name, circuit);
    return circuit;
  }

  #circuitOf(name: string): Circuit {
    return this.#circuits.get(name) ?? CLOSED;
  }
}

/** Stands for circuits where a deployment wants none: everybody may always be called. */
export const NO_CIRCUITS: Pick<CircuitBoard, "enter" | "exchange"> = {
  enter: () => ({ report() {} }),
  exchange: async () => {},
};
