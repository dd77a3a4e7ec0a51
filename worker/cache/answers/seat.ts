/**
 * One request's seat in the flight of all who ask the same (flights.ts), which is in the namespace's object.
 *
 * Always: a lease that was taken is landed, also one that came when nobody waited for it any more.
 */
import type { KeepAlive } from "../../lib/lookup-cache.ts";
import type { Pause } from "../../lib/pause.ts";
import { LEASE_MS, WAIT_MS, type Boarding, type Outcome } from "./flights.ts";
import type { CacheObject } from "./namespace-object.ts";
import type { Patience } from "./patience.ts";

interface SeatOptions {
  /** What is asked: the entry's name. */
  readonly name: string;
  /** The namespace's object, for the request that asks. */
  readonly object: () => DurableObjectStub<CacheObject>;
  readonly pause: Pause;
  readonly patience: Patience;
  readonly keepAlive: KeepAlive;
}

/** An object that has said nothing so long after it should have is given up. */
const GRACE_MS = 5_000;
/** Between two renewals of a lease. */
const RENEW_MS = LEASE_MS / 3;

/** Nothing here rejects. */
export class Seat {
  readonly #options: SeatOptions;

  constructor(options: SeatOptions) {
    this.#options = options;
  }

  /** Waits no longer than whoever asks. */
  async board(): Promise<Boarding> {
    const { name, object, patience, keepAlive } = this.#options;
    const boarding = (async (): Promise<Boarding> => object().board(name))();
    const told = await patience.within(WAIT_MS + GRACE_MS, "flight", boarding);
    if (told !== undefined) return told;
    // A lease that comes too late would make others wait for nobody.
    keepAlive(
      boarding.then(
        (late) => (late.kind === "lead" ? this.land(late.lease, "failed") : undefined),
        () => {},
      ),
    );
    return { kind: "alone" };
  }

  async land(lease: string, outcome: Outcome): Promise<void> {
    const { name, object, patience } = this.#options;
    await patience.try("flight", async () => object().land(name, lease, outcome));
  }

  /** Keeps a lease good until its flight has ended. */
  async renew(lease: string, ended: AbortSignal): Promise<void> {
    const { name, object, pause, patience } = this.#options;
    await patience.try("flight", async () => {
      do await pause(RENEW_MS, ended);
      while (!ended.aborted && (await object().renew(name, lease)));
    });
  }
}
