/**
 * What an isolate remembers of the lifts of exploring tenants. A decision takes what is remembered and waits for nobody;
 * which tenants have decided is noted, and their tables are asked for after an answer, now and then.
 */
import type { Lesson, Lessons } from "../../domain/lessons.ts";
import { BoundedMap } from "../../lib/bounded-map.ts";
import type { Clock } from "../../lib/clock.ts";
import { liftsAt, liftTableSchema, type LiftTable } from "./lift-table.ts";

/** Tables change once an hour. */
const FRESH_MS = 60_000;
const MAX_TENANTS = 200;

interface DeskOptions {
  readonly clock: Clock;
  /** A tenant's table, as it is kept. Rejects where it cannot be reached. */
  readonly ask: (tenant: string) => Promise<unknown>;
}

interface Known {
  readonly table: LiftTable;
  readonly askedMs: number;
}

const NO_LESSON: Lesson = { lifts: new Map(), caution: 0 };
const NOTHING: Known = { table: {}, askedMs: -Infinity };

export class LiftDesk implements Lessons {
  readonly #options: DeskOptions;
  readonly #known = new BoundedMap<string, Known>(MAX_TENANTS);
  readonly #wanted = new Set<string>();

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** Nothing until the tenant's table has come, and nothing of tenants that do not explore. */
  of(asked: Parameters<Lessons["of"]>[0]): Lesson {
    const { tenant, isExploring } = asked;
    if (!isExploring) return NO_LESSON;
    const { table, askedMs } = this.#known.get(tenant) ?? NOTHING;
    if (this.#options.clock.nowMs() - askedMs >= FRESH_MS && this.#wanted.size < MAX_TENANTS)
      this.#wanted.add(tenant);
    return { lifts: liftsAt(table, asked), caution: 0 };
  }

  /** Asks for what was wanted. Never rejects: what cannot be reached stays as it was, and is wanted again. */
  async refresh(): Promise<void> {
    const wanted = [...this.#wanted];
    this.#wanted.clear();
    await Promise.all(wanted.map((tenant) => this.#ask(tenant)));
  }

  async #ask(tenant: string): Promise<void> {
    const askedMs = this.#options.clock.nowMs();
    try {
      const table = liftTableSchema.parse(await this.#options.ask(tenant));
      this.#known.set(tenant, { table, askedMs });
    } catch {
      const { table } = this.#known.get(tenant) ?? NOTHING;
      this.#known.set(tenant, { table, askedMs });
    }
  }
}
