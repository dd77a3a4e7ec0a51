/**
 * Holds a vendor's answer to a prompt against what its neighbour was answered, and tells the namespace's object, whose
 * trust in likeness is made of nothing else.
 *
 * Both kinds of audit come here: of misses, which a vendor has answered anyway, and of the sample of hits for which one
 * was asked for nothing else.
 */
import type { Neighbour } from "../../domain/neighbours.ts";
import { isRight, textOf, type Judge } from "../trust/agreement.ts";
import type { Verdict } from "../trust/trust.ts";
import type { Entry } from "./entry.ts";
import type { CacheObject } from "./namespace-object.ts";
import type { Patience } from "./patience.ts";

/** A prompt that was compared with its neighbour. */
export interface Compared {
  readonly text: string;
  readonly neighbour: Neighbour;
  readonly verdict: Verdict;
  /** The neighbour's answer was given out. */
  readonly wasServed: boolean;
}

interface AuditOptions {
  readonly object: () => DurableObjectStub<CacheObject>;
  /** Asked where words do not tell; without one what they do not tell counts as wrong. */
  readonly judge: Judge | undefined;
  readonly patience: Patience;
  /** The share of semantic hits that may be wrong. */
  readonly budget: number;
}

export class Audits {
  readonly #options: AuditOptions;

  constructor(options: AuditOptions) {
    this.#options = options;
  }

  /**
   * @param kept What the neighbour was answered.
   * @param body What a vendor answers to the prompt itself, OpenAI's. Never rejects.
   */
  async hold(compared: Compared, kept: Entry, body: Record<string, unknown>): Promise<void> {
    const { object, judge, patience, budget } = this.#options;
    const { text, neighbour, verdict, wasServed } = compared;
    const said = textOf(body);
    if (kept.said === null || said === undefined) return;
    const answers = [said, kept.said] as const;
    await patience.try("audit", async () => {
      const isSame = await isRight({ question: text, answers }, judge);
      if (isSame === undefined) return;
      const { auditShare, generation } = verdict;
      const { similarity, id: cluster } = neighbour;
      const audit = { similarity, cluster, wasServed, auditShare, generation, isRight: isSame };
      await object().audit(audit, { budget });
    });
  }
}
