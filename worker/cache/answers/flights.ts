/**
 * One flight for everybody who asks the same at once: the first to come leads, which is to say that they ask the
 * vendor; whoever comes while they do waits and is handed what they bring.
 *
 * A leader holds a lease and renews it. One that fails, or goes silent until its lease is over, is followed by
 * one of those who wait, but only so often: where several have failed in a row a vendor is in trouble, and those who
 * wait would fail one after the other. They go on alone then, and so they do where an answer is not for others. What
 * was brought is remembered for a while, since who has just found nothing on any shelf may board a moment after it
 * was put there.
 *
 * Always: of one key at most one lease is good, and everybody who boards is told something within WAIT_MS.
 *
 * Source: https://pkg.go.dev/golang.org/x/sync/singleflight
 */
import type { Clock } from "../../lib/clock.ts";
import type { Pause } from "../../lib/pause.ts";

/** What somebody is told who boards. */
export type Boarding =
  /** Ask the vendor, and say under this lease what came of it. */
  | { readonly kind: "lead"; readonly lease: string }
  | { readonly kind: "answer"; readonly answer: Uint8Array }
  /** Ask the vendor, and tell nobody. */
  | { readonly kind: "alone" };

/** What came of a leader: an answer, one that is not for others, or nothing. */
export type Outcome = Uint8Array | "not_for_others" | "failed";

interface FlightOptions {
  readonly clock: Clock;
  readonly pause: Pause;
  readonly mintLease: () => string;
}

interface Flight {
  readonly lease: string;
  /** Leaders of those who wait now, before this one, that have brought nothing. */
  readonly failures: number;
  /** Aborts when those who wait are to look again. */
  readonly landing: AbortController;
  waiting: number;
  untilMs: number;
  /** Those who wait shall do so no longer. */
  isDisbanded: boolean;
}

export const LEASE_MS = 30_000;
/** Longer than most answers take. */
export const WAIT_MS = 90_000;
/** KV shows for about as long that something is not there. */
export const REMEMBERED_MS = 60_000;
const MAX_REMEMBERED_BYTES = 16 << 20;
/** Leaders that fail while others wait. */
const MAX_FAILURES = 2;
const MAX_FLIGHTS = 10_000;

export class Flights {
  readonly #options: FlightOptions;
  readonly #flights = new Map<string, Flight>();
  /** In the order in which they were brought. */
  readonly #brought = new Map<string, { readonly answer: Uint8Array; readonly untilMs: number }>();
  #broughtBytes = 0;

  constructor(options: FlightOptions) {
    this.#options = options;
  }

  /** Resolves with what whoever asks this is to do: at once, unless somebody leads. Never rejects. */
  async board(key: string): Promise<Boarding> {
    const { clock, pause } = this.#options;
    const patienceMs = clock.nowMs() + WAIT_MS;
    for (;;) {
      const nowMs = clock.nowMs();
      this.#forget(nowMs);
      const brought = this.#brought.get(key);
      if (brought !== undefined) return { kind: "answer", answer: brought.answer };
      const flight = this.#flights.get(key);
      if (flight === undefined) return this.#lead(key, 0);
      if (flight.untilMs <= nowMs) return this.#succeed(key, flight);
      if (patienceMs <= nowMs) return { kind: "alone" };
      flight.waiting++;
      await pause(Math.min(flight.untilMs, patienceMs) - nowMs, flight.landing.signal);
      flight.waiting--;
      if (flight.isDisbanded) return { kind: "alone" };
    }
  }

  /** Makes a lease good for longer; false where it is none any more. */
  renew(key: string, lease: string): boolean {
    const flight = this.#flights.get(key);
    const nowMs = this.#options.clock.nowMs();
    if (flight?.lease !== lease || flight.untilMs <= nowMs) return false;
    flight.untilMs = nowMs + LEASE_MS;
    return true;
  }

  /** What came of a leader. An answer is welcome from whoever brings one, the rest is the lease's to say. */
  land(key: string, lease: string, outcome: Outcome): void {
    const flight = this.#flights.get(key);
    if (outcome instanceof Uint8Array) {
      this.#remember(key, outcome);
      if (flight !== undefined) this.#end(key, flight);
    } else if (flight?.lease === lease) {
      if (outcome === "not_for_others") this.#disband(key, flight);
      else this.#fail(key, flight);
    }
  }

  /** Everything that was brought, and who waits goes on alone. */
  clear(): void {
    for (const [key, flight] of this.#flights) this.#disband(key, flight);
    this.#brought.clear();
    this.#broughtBytes = 0;
  }

  #lead(key: string, failures: number): Boarding {
    const { clock, mintLease } = this.#options;
    const nowMs = clock.nowMs();
    if (this.#flights.size >= MAX_FLIGHTS) this.#sweep(nowMs);
    if (this.#flights.size >= MAX_FLIGHTS) return { kind: "alone" };
    const lease = mintLease();
    const landing = new AbortController();
    const untilMs = nowMs + LEASE_MS;
    const flight = { lease, failures, landing, waiting: 0, untilMs, isDisbanded: false };
    this.#flights.set(key, flight);
    return { kind: "lead", lease };
  }

  /** Takes the place of a leader that has failed or gone silent. */
  #succeed(key: string, before: Flight): Boarding {
    const failures = before.failures + 1;
    if (failures >= MAX_FAILURES) {
      this.#disband(key, before);
      return { kind: "alone" };
    }
    this.#flights.delete(key);
    const boarding = this.#lead(key, failures);
    before.landing.abort();
    return boarding;
  }

  #fail(key: string, flight: Flight): void {
    if (flight.waiting === 0) return this.#end(key, flight);
    if (flight.failures + 1 >= MAX_FAILURES) return this.#disband(key, flight);
    flight.untilMs = 0;
    flight.landing.abort();
  }

  #disband(key: string, flight: Flight): void {
    flight.isDisbanded = true;
    this.#end(key, flight);
  }

  #end(key: string, flight: Flight): void {
    this.#flights.delete(key);
    flight.landing.abort();
  }

  #remember(key: string, answer: Uint8Array): void {
    this.#drop(key);
    this.#brought.set(key, { answer, untilMs: this.#options.clock.nowMs() + REMEMBERED_MS });
    this.#broughtBytes += answer.length;
    for (const oldest of this.#brought.keys()) {
      if (this.#broughtBytes <= MAX_REMEMBERED_BYTES || oldest === key) break;
      this.#drop(oldest);
    }
  }

  #forget(nowMs: number): void {
    for (const [key, { untilMs }] of this.#brought) {
      if (nowMs < untilMs) break;
      this.#drop(key);
    }
  }

  #drop(key: string): void {
    this.#broughtBytes -= this.#brought.get(key)?.answer.length ?? 0;
    this.#brought.delete(key);
  }

  /** Flights whose leaders are gone and that nobody waits for. */
  #sweep(nowMs: number): void {
    for (const [key, { untilMs, waiting }] of this.#flights)
      if (untilMs <= nowMs && waiting === 0) this.#flights.delete(key);
  }
}
