/**
 * What operators are told about budgets: a share of a limit has been reached, a soft budget has gone beyond its
 * limit, a hard one has turned a request away. Pure.
 *
 * A settlement says what an account had spent before it and what after, and the ledger settles one at a time.
 * So each step of an account ends where the next begins, and a share lies in exactly one of them: nothing has to
 * be remembered for an alert to go out once. What lapses is spent without a settlement, and a share that only
 * a lapse has passed is not told.
 *
 * An event's id is made of what it says, so a receiver drops what a queue delivers twice, and what two isolates
 * say of one refusal. A rolling window has no beginning: its events may come again once per length of it.
 */
import { z } from "zod";
import type { Budget } from "../domain/budget.ts";
import type { Balance, Settled } from "../domain/ledger.ts";
import { sha256 } from "../lib/digest.ts";
import type { Entry } from "./accounts.ts";

/** Whose request it was; a caller, as far as it is told. */
export type Whose = Readonly<Record<"organisation" | "tenant" | "key", { readonly id: string }>>;

/** One event, as it travels through the queue and as a webhook's body. Further fields pass: versions may meet. */
export const alertSchema = z.looseObject({
  id: z.string().regex(/^evt_[0-9a-f]{32}$/),
  type: z.enum(["budget.threshold", "budget.exceeded", "budget.refused"]),
  /** When it happened; attempts to deliver it have times of their own. */
  timestamp: z.iso.datetime(),
  data: z.looseObject({
    organisation: z.string(),
    /** Down to whom the budget belongs to. */
    tenant: z.string().optional(),
    key: z.string().optional(),
    model: z.string().optional(),
    window: z.string(),
    /** Length of a rolling window. */
    hours: z.number().optional(),
    time_zone: z.string(),
    limit_usd: z.number(),
    spent_usd: z.number(),
    /** By requests under way. */
    held_usd: z.number(),
    /** The highest share of the limit that was reached, and all that were. */
    share: z.number().optional(),
    shares: z.array(z.number()).optional(),
    /** Of a day, week or month. */
    window_starts_at: z.iso.datetime().optional(),
    resets_at: z.iso.datetime().optional(),
  }),
});

export type Alert = z.output<typeof alertSchema>;

/** An event before it has a time and an id. */
export interface AlertDraft {
  /** What makes it this event and no other. */
  readonly identity: string;
  readonly type: Alert["type"];
  readonly data: Alert["data"];
}

/** The events of one settlement: of each budget at most one for its shares and one for its limit. */
export function alertsOf(
  whose: Whose,
  entries: readonly Entry[],
  { balances }: Pick<Settled, "balances">,
): AlertDraft[] {
  const byName = new Map(balances.map((balance) => [balance.name, balance]));
  return entries.flatMap((entry) => {
    const balance = byName.get(entry.account.name);
    const { budget, limit } = entry.standing;
    if (balance === undefined || budget === undefined || limit === undefined) return [];
    const { spentBefore, spent } = balance;
    const shares = [...new Set(budget.alerts)]
      .toSorted((a, b) => a - b)
      .filter((share) => {
        const reached = Math.max(Math.round(share * limit), 1);
        return spentBefore < reached && reached <= spent;
      });
    const subject = { whose, entry, budget };
    const share = shares.at(-1);
    const drafts: AlertDraft[] = [];
    if (share !== undefined)
      drafts.push(draftOf("budget.threshold", subject, { ...balance, share, shares }));
    if (budget.kind === "soft" && spentBefore <= limit && limit < spent)
      drafts.push(draftOf("budget.exceeded", subject, balance));
    return drafts;
  });
}

/** The event of a request that a budget has turned away; undefined for what is no budget. */
export function refusalOf(whose: Whose, entry: Entry, balance: Balance): AlertDraft | undefined {
  const { budget } = entry.standing;
  return budget && draftOf("budget.refused", { whose, entry, budget }, balance);
}

/** The event, with an id that is the same wherever and whenever it is drawn up. */
export async function alertOf({ identity, type, data }: AlertDraft, nowMs: number): Promise<Alert> {
  const id = `evt_${(await sha256(identity)).slice(0, 32)}`;
  return { id, type, timestamp: isoOf(nowMs), data };
}

interface Subject {
  readonly whose: Whose;
  readonly entry: Entry;
  readonly budget: Budget;
}

type Crossing = Pick<Balance, "spent" | "held"> & {
  readonly share?: number;
  readonly shares?: number[];
};

function draftOf(
  type: Alert["type"],
  { whose, entry: { account, standing }, budget }: Subject,
  { spent, held, share, shares }: Crossing,
): AlertDraft {
  const { scope, startsMs, resetsMs } = standing;
  const { model, hours, window } = budget;
  const organisation = whose.organisation.id;
  const period = periodMs(account.slotMs, hours);
  return {
    identity: JSON.stringify([organisation, account.name, period, type, share]),
    type,
    data: {
      organisation,
      ...(scope !== "organisation" && { tenant: whose.tenant.id }),
      ...(scope === "key" && { key: whose.key.id }),
      ...(model !== undefined && { model }),
      window,
      ...(hours !== undefined && { hours }),
      time_zone: budget.time_zone,
      limit_usd: budget.limit_usd,
      spent_usd: spent / 1e6,
      held_usd: held / 1e6,
      ...(share !== undefined && { share, shares }),
      ...(startsMs !== undefined && { window_starts_at: isoOf(startsMs) }),
      ...(startsMs !== undefined && resetsMs !== undefined && { resets_at: isoOf(resetsMs) }),
    },
  };
}

/** What tells this window from the one after it. @param hours Length of a rolling one. */
function periodMs(slotMs: number, hours: number | undefined): number {
  if (hours === undefined) return slotMs;
  const lengthMs = hours * 3_600_000;
  return Math.floor(slotMs / lengthMs) * lengthMs;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
