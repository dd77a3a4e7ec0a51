/**
 * The feedback of one tenant, in the SQLite of a Durable Object of its own, so that one tenant's can be erased as a
 * whole and is nowhere near another's.
 *
 * A row for each request and source. Whatever is kept or changed gets the next number, which is what readers go on
 * by. An alarm forgets what is older than ninety days; of a tenant that says more the latest hundred thousand stay.
 */
import { DurableObject } from "cloudflare:workers";
import { z } from "zod";
import type { Feedback, FeedbackStore, KeptFeedback } from "../domain/feedback.ts";
import { systemClock } from "../lib/clock.ts";

export const FEEDBACK_KEPT_MS = 90 * 24 * 3_600_000;
/** Of one request: a person, a judge, some tests. More of them would be a mistake or a flood. */
export const MAX_SOURCES = 8;

/** The latest changes of a tenant that are kept. */
const MAX_ROWS = 100_000;

const TABLE = `
  CREATE TABLE IF NOT EXISTS feedback (
    at INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id TEXT NOT NULL, source TEXT NOT NULL,
    score REAL NOT NULL, comment TEXT, given_ms INTEGER NOT NULL,
    UNIQUE (request_id, source)
  );
  CREATE INDEX IF NOT EXISTS feedback_by_time ON feedback (given_ms);
`;

const rowSchema = z.object({
  at: z.number(),
  request_id: z.string(),
  source: z.string(),
  score: z.number(),
  comment: z.string().nullable(),
  given_ms: z.number(),
});

export class FeedbackObject extends DurableObject {
  readonly #sql: SqlStorage;

  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env);
    this.#sql = state.storage.sql;
    this.#sql.exec(TABLE);
  }

  async keep(feedback: Feedback): Promise<"kept" | "full"> {
    const outcome = this.#keep(feedback);
    await this.#wake();
    return outcome;
  }

  #keep({ requestId, source, score, comment, givenMs }: Feedback): "kept" | "full" {
    return this.ctx.storage.transactionSync(() => {
      const said = this.#rows("SELECT * FROM feedback WHERE request_id = ?", requestId);
      const before = said.find((row) => row.source === source);
      if (before?.score === score && before.comment === (comment ?? null)) return "kept";
      if (before === undefined && said.length >= MAX_SOURCES) return "full";
      this.#sql.exec(
        `INSERT OR REPLACE INTO feedback (request_id, source, score, comment, given_ms)
         VALUES (?, ?, ?, ?, ?)`,
        requestId,
        source,
        score,
        comment ?? null,
        givenMs,
      );
      this.#sql.exec(
        "DELETE FROM feedback WHERE at <= (SELECT max(at) FROM feedback) - ?",
        MAX_ROWS,
      );
      return "kept";
    });
  }

  list({ after, limit }: { after: number; limit: number }): KeptFeedback[] {
    return this.#rows("SELECT * FROM feedback WHERE at > ? ORDER BY at LIMIT ?", after, limit).map(
      ({ request_id: requestId, given_ms: givenMs, comment, ...row }) => ({
        ...row,
        requestId,
        givenMs,
        ...(comment !== null && { comment }),
      }),
    );
  }

  /** Its numbers go on where they were, so that a reader never takes new rows for old ones. */
  erase(): void {
    this.#sql.exec("DELETE FROM feedback");
  }

  override async alarm(): Promise<void> {
    const beforeMs = systemClock.nowMs() - FEEDBACK_KEPT_MS;
    this.#sql.exec("DELETE FROM feedback WHERE given_ms <= ?", beforeMs);
    await this.#wake();
  }

  /** When the oldest is to be forgotten. */
  async #wake(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) !== null) return;
    const { oldest } = this.#sql
      .exec<{ oldest: number | null }>("SELECT min(given_ms) AS oldest FROM feedback")
      .one();
    if (oldest !== null) await this.ctx.storage.setAlarm(oldest + FEEDBACK_KEPT_MS);
  }

  #rows(query: string, ...values: (string | number)[]): z.output<typeof rowSchema>[] {
    return this.#sql
      .exec(query, ...values)
      .toArray()
      .map((row) => rowSchema.parse(row));
  }
}

/** The feedback of all tenants, each at its object. */
export function feedbackStore(namespace: DurableObjectNamespace<FeedbackObject>): FeedbackStore {
  return {
    keep: async (tenant, feedback) => namespace.getByName(tenant).keep(feedback),
    list: async (tenant, page) => namespace.getByName(tenant).list(page),
    erase: async (tenant) => namespace.getByName(tenant).erase(),
  };
}
