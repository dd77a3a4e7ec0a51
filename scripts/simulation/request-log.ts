/**
 * What arrived at the simulated vendor, for tests and for people: which model, which headers and body, and how it
 * ended. A test waits on promises instead of time: `next` for the request to arrive, `ended` for its end.
 *
 * Keys never enter the log. It holds the last requests only, so a vendor may run for days.
 */

import type { Billed } from "./completion.ts";
import type { Fault } from "./faults.ts";

const KEPT = 500;
const SECRET_HEADERS = new Set([
  "authorization",
  "x-api-key",
  "api-key",
  "x-goog-api-key",
  "cookie",
]);

export type RequestState = "open" | "finished" | "aborted" | "failed";

/** One request. `failed` means that the vendor itself broke it off, `aborted` that the client went away. */
export interface RequestRecord {
  readonly index: number;
  readonly vendor: string;
  /** `vendor/model`, as the catalogue has it. */
  readonly model: string;
  /** The name that the request gave: the vendor's own name of the model. */
  readonly upstreamModel: string;
  readonly isStream: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly state: RequestState;
  /** The fault that it drew. */
  readonly fault?: Fault;
  /** What the whole answer is billed as; absent until it is made. */
  readonly billed?: Billed;
  /** Stream events sent so far. */
  readonly sentEvents: number;
  /** Output tokens made so far. */
  readonly madeTokens: number;
  /** Resolves with the final state; never rejects. */
  readonly ended: Promise<RequestState>;
}

type Writable = { -readonly [Key in keyof RequestRecord]: RequestRecord[Key] };

/** What is known of a request when it arrives; headers as Node gives them. */
export interface Arrival {
  readonly vendor: string;
  readonly model: string;
  readonly upstreamModel: string;
  readonly isStream: boolean;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: unknown;
}

/** The writing end of a record, held by whoever answers the request. */
export interface OpenRecord {
  readonly record: RequestRecord;
  /** Notes what the whole answer is billed as, and the fault that strikes it. */
  note(billed: Billed, fault: Fault | undefined): void;
  /** Counts one more event. */
  sent(): void;
  /** Sets how many output tokens are made. */
  made(tokens: number): void;
  /** Sets the final state; later calls change nothing. */
  end(state: RequestState): void;
}

export class RequestLog {
  readonly #records: RequestRecord[] = [];
  #waiting: ((record: RequestRecord) => void)[] = [];
  #count = 0;
  readonly #kept: number;

  /** @param kept How many of the last requests are remembered. */
  constructor(kept = KEPT) {
    this.#kept = kept;
  }

  /** Notes a request and wakes everyone who waits for the next one. */
  open(arrival: Arrival): OpenRecord {
    const { promise, resolve } = Promise.withResolvers<RequestState>();
    const record: Writable = {
      ...arrival,
      headers: withoutSecrets(arrival.headers),
      index: this.#count++,
      state: "open",
      sentEvents: 0,
      madeTokens: 0,
      ended: promise,
    };
    this.#records.push(record);
    if (this.#records.length > this.#kept) this.#records.shift();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake(record);
    return {
      record,
      note(billed, fault) {
        record.billed = billed;
        if (fault !== undefined) record.fault = fault;
      },
      sent: () => void (record.sentEvents += 1),
      made: (tokens) => void (record.madeTokens = tokens),
      end: (state) => {
        if (record.state !== "open") return;
        record.state = state;
        resolve(state);
      },
    };
  }

  /** The next request that arrives from now on. */
  next(): Promise<RequestRecord> {
    const { promise, resolve } = Promise.withResolvers<RequestRecord>();
    this.#waiting.push(resolve);
    return promise;
  }

  /** The requests kept, the oldest first. */
  all(): readonly RequestRecord[] {
    return this.#records;
  }

  clear(): void {
    this.#records.length = 0;
  }
}

function withoutSecrets(headers: Arrival["headers"]): Record<string, string> {
  const kept = Object.entries(headers).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    kept.map(([name, value]) => [
      name,
      SECRET_HEADERS.has(name.toLowerCase()) ? "(withheld)" : String(value),
    ]),
  );
}
