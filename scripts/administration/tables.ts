/** Organisations, tenants, keys and what is spent, for people at a terminal. */
import { textTable } from "../report/text-table.ts";
import type {
  BudgetAnswer,
  CacheAnswer,
  EventsAnswer,
  FeedbackAnswer,
  KeyAnswer,
  OrganisationAnswer,
  TenantAnswer,
  UnbilledAnswer,
} from "./answers.ts";
import { textOfBudget, textOfLimit } from "./budget-words.ts";
import { clean } from "./connection.ts";
import type { Reconciliation } from "./reconciliation.ts";

const NONE = "–";
const BAR_WIDTH = 20;

/** A table with its columns' titles, or the sentence for none. */
function table<T>(
  rows: readonly T[],
  columns: Readonly<Record<string, (row: T) => string>>,
): string {
  const shown = rows.map((row) => Object.values(columns).map((read) => clean(read(row)) || NONE));
  return textTable(Object.keys(columns), shown);
}

/** What is said of one thing, a line each; lines about nothing are left out. */
function sheet(lines: Readonly<Record<string, string | undefined>>): string {
  const said = Object.entries(lines).filter(([, text]) => text !== undefined && text !== "");
  const width = Math.max(...said.map(([title]) => title.length));
  return said.map(([title, text]) => `${title.padEnd(width)}  ${clean(text!)}`).join("\n");
}

export function textOfOrganisations(organisations: readonly OrganisationAnswer[]): string {
  if (organisations.length === 0)
    return 'There is none. "organisation set ID --budget month:500" makes one.';
  return table(organisations, {
    organisation: ({ id }) => id,
    name: ({ name }) => name,
    budgets: ({ budgets }) => budgets.map(textOfBudget).join(" "),
  });
}

export function textOfOrganisation({ id, name, budgets }: OrganisationAnswer): string {
  return sheet({ organisation: id, name, budgets: budgets.map(textOfBudget).join(" ") || "none" });
}

export function textOfTenants(tenants: readonly TenantAnswer[]): string {
  if (tenants.length === 0) return 'There is none. "tenant create ID" makes one.';
  return table(tenants, {
    tenant: ({ id }) => id,
    organisation: ({ organisation = "" }) => organisation,
    name: ({ name }) => name,
    budgets: ({ budgets }) => budgets.map(textOfBudget).join(" "),
    limits: ({ limits }) => limits.map(textOfLimit).join(" "),
    state: ({ is_disabled: isDisabled }) => (isDisabled ? "disabled" : "served"),
  });
}

export function textOfTenant(tenant: TenantAnswer): string {
  const { id, name, organisation, is_disabled: isDisabled, is_private: isPrivate } = tenant;
  return sheet({
    tenant: id,
    name,
    organisation: organisation ?? "its own",
    state: isDisabled ? "disabled" : "served",
    private: isPrivate ? "nothing is kept of it" : "",
    ...eventLines(tenant),
    ...termLines(tenant),
  });
}

export function textOfKeys(keys: readonly KeyAnswer[]): string {
  if (keys.length === 0) return 'There is none. "key create --tenant ID --name TEXT" makes one.';
  return table(keys, {
    key: ({ id }) => id,
    name: ({ name }) => name,
    status: ({ status }) => status,
    "ends in": ({ hint }) => hint,
    scopes: ({ scopes }) => scopes.join(","),
    expires: ({ expires_at: at }) => (at === undefined ? "never" : moment(at)),
    budgets: ({ budgets }) => budgets.map(textOfBudget).join(" "),
    limits: ({ limits }) => limits.map(textOfLimit).join(" "),
  });
}

export function textOfKey(key: KeyAnswer): string {
  const { id, tenant, name, status, hint, scopes } = key;
  return sheet({
    key: id,
    tenant,
    name,
    status,
    "ends in": hint,
    scopes: scopes.join(","),
    ...termLines(key),
    created: moment(key.created_at),
    expires: key.expires_at === undefined ? "never" : moment(key.expires_at),
    rotated: key.rotated_at && moment(key.rotated_at),
    "old secret until": key.grace_until && moment(key.grace_until),
    revoked: key.revoked_at && moment(key.revoked_at),
  });
}

function eventLines({ events, events_days: days, exploration, judge }: TenantAnswer) {
  const terms = Object.entries(exploration ?? {}).map(([name, value]) => `${name}=${value}`);
  return {
    events: events === "off" ? "none are kept" : `${events}, for ${days} days`,
    explores: terms.join(" "),
    judged: judge && `${100 * judge.share} % by ${judge.model ?? "the reference model"}`,
  };
}

function termLines(
  terms: Pick<TenantAnswer, "policy" | "allow_models" | "budgets" | "limits">,
): Record<string, string> {
  const policy = Object.entries(terms.policy).map(([name, value]) => `${name}=${value}`);
  return {
    budgets: terms.budgets.map(textOfBudget).join(" ") || "none",
    limits: terms.limits.map(textOfLimit).join(" ") || "none",
    models: terms.allow_models?.join(", ") ?? "any",
    policy: policy.join(" "),
  };
}

/** What is used of each budget and limit, with a bar: # spent, + held. */
export function textOfBudgets({ budgets, limits }: BudgetAnswer): string {
  const rows = [...budgets.map(budgetRow), ...limits.map(limitRow)];
  if (rows.length === 0) return "Nothing limits it, and nothing is counted.";
  return table(rows, {
    of: ({ of }) => of,
    what: ({ what }) => what,
    kind: ({ kind }) => kind,
    spent: ({ spent }) => spent,
    held: ({ held }) => held,
    limit: ({ limit }) => limit,
    used: ({ bar }) => bar,
    resets: ({ resets }) => resets,
  });
}

export function textOfUnbilled(calls: readonly UnbilledAnswer[]): string {
  if (calls.length === 0) return "The price of every call is known.";
  return table(calls, {
    request: ({ request_id: id }) => id,
    why: ({ why }) => why,
    since: ({ since }) => moment(since),
    // The widest of its accounts has all of it.
    booked: ({ amounts }) => {
      const money = amounts.filter(({ account }) => /^[^/]+\/(counted-)?usd\//.test(account));
      return dollars(Math.max(0, ...money.map(({ amount }) => amount)) / 1e6);
    },
  });
}

export function textOfReconciliation({ settled, billedUsd, waiting }: Reconciliation): string {
  const words = `${settled} calls settled by the bill, ${dollars(billedUsd)} in all`;
  return waiting === 0
    ? `${words}; none waits.`
    : `${words}; ${waiting} are not on it and wait on.`;
}

export function textOfFeedback(said: readonly FeedbackAnswer[]): string {
  if (said.length === 0) return "Nothing has been said yet.";
  return table(said, {
    request: ({ request_id: id }) => id,
    source: ({ source }) => source,
    score: ({ score }) => score.toFixed(2),
    given: ({ given_at: at }) => moment(at),
    comment: ({ comment = "" }) => comment,
  });
}

export function textOfCache({ days, since, likeness, ...total }: CacheAnswer): string {
  if (days.length === 0) return "Nothing has asked it yet; requests do with x-sluice-cache: exact.";
  const rows = [...days, { date: "all", ...total }];
  const shown = table(rows, {
    day: ({ date }) => date,
    hits: ({ hits }) => String(hits),
    "in other words": ({ semantic }) => String(semantic),
    misses: ({ misses }) => String(misses),
    share: ({ hits, misses }) => `${((hits / Math.max(hits + misses, 1)) * 100).toFixed(1)} %`,
    audits: ({ audits }) => String(audits),
    wrong: ({ wrong }) => String(wrong),
    saved: ({ saved_usd: usd }) => dollars(usd),
  });
  const { state, most_wrong: mostWrong, trips } = likeness;
  const known = `Other words: ${state}; ${(mostWrong * 100).toFixed(2)} % wrong at most, tripped ${trips} times.`;
  return since ? `${shown}\n\n${known}\nIts oldest entry is of ${moment(since)} or later.` : shown;
}

export function textOfEvents(events: EventsAnswer): string {
  const { days, rows, first_at: first, last_at: last, unfiled, files_pending: pending } = events;
  if (!days) return "Nothing was ever kept of it.";
  return sheet({
    kept: `${days} days`,
    "latest rows": String(rows),
    first: first ? moment(first) : "",
    last: last ? moment(last) : "",
    "in no file yet": String(unfiled),
    "files under way": String(pending),
    lost: events.lost > 0 ? `${events.lost} rows, for want of room` : "",
  });
}

type Row = Readonly<
  Record<"of" | "what" | "kind" | "spent" | "held" | "limit" | "bar" | "resets", string>
>;

function budgetRow(entry: BudgetAnswer["budgets"][number]): Row {
  const { window, model, kind, limit_usd: limit, spent_usd: spent, held_usd: held } = entry;
  return {
    of: `${entry.scope} ${entry.id}`,
    what: `usd ${window}${model === undefined ? "" : `@${model}`}`,
    kind,
    spent: dollars(spent),
    held: dollars(held),
    limit: limit === null ? "" : dollars(limit),
    bar: limit === null ? "" : barOf(spent / limit, held / limit),
    resets: entry.resets_at ? moment(entry.resets_at) : "",
  };
}

function limitRow(entry: BudgetAnswer["limits"][number]): Row {
  const { window, unit, limit, used } = entry;
  return {
    of: `${entry.scope} ${entry.id}`,
    what: `${unit} ${window}`,
    kind: "",
    spent: String(used),
    held: "",
    limit: String(limit),
    bar: barOf(used / limit, 0),
    resets: entry.resets_at ? moment(entry.resets_at) : "",
  };
}

/** Cents, and of what is less than a dollar hundredths of them. */
function dollars(usd: number): string {
  return `$${usd.toFixed(usd < 1 ? 4 : 2)}`;
}

function barOf(spent: number, held: number): string {
  const [solid, filled] = [spent, spent + held].map((share) =>
    Math.min(Math.round(share * BAR_WIDTH), BAR_WIDTH),
  );
  const bar = "#".repeat(solid!).padEnd(filled!, "+").padEnd(BAR_WIDTH, ".");
  return `${bar} ${Math.round((spent + held) * 100)} %`;
}

/** Such as "2027-01-31 12:00 UTC". */
function moment(iso: string): string {
  return `${iso.slice(0, 16).replace("T", " ")} UTC`;
}
