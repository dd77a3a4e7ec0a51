/**
 * The accounts that a caller's requests draw on: one for every budget and rate limit of its organisation, its
 * tenant and its key. Organisation, tenant and key share one ledger, so they are checked as one.
 *
 * A name says whose it is, of what and over which window, so a limit may change and the count goes on; another
 * window is another account, which begins at nothing. Two things are counted without a limit: what a tenant spends
 * in a month, and how many requests a paced budget has seen, in parts of its window (rhythm.ts).
 */
import type { Budget, RateLimit } from "../domain/budget.ts";
import type { Account } from "../domain/ledger.ts";
import { sumOf, type Costs } from "../domain/purse.ts";
import type { Standing } from "../domain/standing.ts";
import type { Caller } from "../domain/tenant.ts";
import { partOf } from "./rhythm.ts";
import { slidingWindow, TOTAL, type Calendars, type Window } from "./windows.ts";

/** An account with what is said of it to people. */
export interface Entry {
  readonly account: Account;
  readonly standing: Omit<Standing, "spent" | "held" | "account">;
}

/** Parts of a sliding window: of money it forgets by the sixtieth, of traffic by the twentieth. */
const BUDGET_SLOTS = 60;
const RATE_SLOTS = 20;

const HOUR_MS = 3_600_000;

type Owner = Pick<Standing, "scope" | "id">;

/** All accounts of the caller at this moment. */
export function entriesOf(caller: Caller, calendars: Calendars, nowMs: number): Entry[] {
  const { organisation, tenant, key } = caller;
  const owners = [
    { scope: "organisation", id: organisation.id, budgets: organisation.budgets, limits: [] },
    { scope: "tenant", id: tenant.id, budgets: tenant.budgets, limits: tenant.limits },
    { scope: "key", id: key.id, budgets: key.budgets, limits: key.limits },
  ] as const;
  const limited = owners.flatMap(({ budgets, limits, ...owner }) => [
    ...budgets.flatMap((budget) => {
      const window = windowOf(budget, calendars, nowMs);
      const money = moneyEntry(owner, budget, window);
      if (!budget.is_paced) return [money];
      const name = requestsOf(money.account.name);
      const label = budget.window;
      const counter = countEntry(owner, { name, unit: "requests", label, window });
      return [money, { ...counter, account: { ...counter.account, ...partOf(window, nowMs) } }];
    }),
    ...limits.map((limit) => rateEntry(owner, limit, nowMs)),
  ]);
  if (!isMinted(key.id)) return limited;
  const owner = { scope: "tenant", id: tenant.id } as const;
  const window = calendars.window("month", "UTC", nowMs);
  const name = `${nameOf(owner)}/${COUNTED_USD}/month`;
  return [...limited, countEntry(owner, { name, unit: "usd", label: "month", window })];
}

/** The account that counts a paced budget's requests. @param money The budget's own. */
export function requestsOf(money: string): string {
  return money.replace("/usd/", `/${COUNTED_REQUESTS}/`);
}

/** Whether an account's name says that it counts micro-dollars. */
export function isMoney(name: string): boolean {
  return ["usd", COUNTED_USD].includes(name.split("/", 2)[1] ?? "");
}

const COUNTED_USD = "counted-usd";
const COUNTED_REQUESTS = "counted-requests";

interface Counted {
  readonly name: string;
  readonly unit: "usd" | "requests";
  readonly label: string;
  readonly window: Window;
}

/** Counted without a limit. */
function countEntry(owner: Owner, { name, unit, label, window }: Counted): Entry {
  return {
    account: { name, unit, isHard: false, ...slotOf(window) },
    standing: { ...owner, unit, window: label, isHard: false, isPaced: false, ...timesOf(window) },
  };
}

/** Whether the directory has made the key, and not the deployment's variables. */
function isMinted(keyId: string): boolean {
  return keyId.startsWith("key_");
}

function moneyEntry(owner: Owner, budget: Budget, window: Window): Entry {
  const label = budget.window === "rolling" ? `rolling-${budget.hours}h` : budget.window;
  const isCalendar = ["day", "week", "month"].includes(budget.window);
  const limit = Math.round(budget.limit_usd * 1e6);
  const isHard = budget.kind === "hard";
  const model = budget.model === undefined ? {} : { model: budget.model };
  const suffix = budget.model === undefined ? "" : `/${budget.model}`;
  const name = `${nameOf(owner)}/usd/${label}${suffix}`;
  return {
    account: { name, unit: "usd", limit, isHard, ...slotOf(window) },
    standing: {
      ...owner,
      ...model,
      unit: "usd",
      window: label,
      limit,
      isHard,
      isPaced: budget.is_paced,
      budget,
      ...(isCalendar ? timesOf(window) : resetOf(window)),
    },
  };
}

function rateEntry(
  owner: Owner,
  { unit, limit, window_s: windowS = 60 }: RateLimit,
  nowMs: number,
): Entry {
  const isSliding = unit !== "concurrent";
  const window = isSliding
    ? slidingWindow(nowMs, { lengthMs: windowS * 1000, slots: RATE_SLOTS })
    : TOTAL;
  const label = isSliding ? `${windowS}s` : "now";
  const name = `${nameOf(owner)}/${unit}/${label}`;
  return {
    account: { name, unit, limit, isHard: true, ...slotOf(window) },
    standing: {
      ...owner,
      unit,
      window: label,
      limit,
      isHard: true,
      isPaced: false,
      ...resetOf(window),
    },
  };
}

function windowOf(budget: Budget, calendars: Calendars, nowMs: number): Window {
  const { window, hours = 0, time_zone: timeZone } = budget;
  if (window === "total") return TOTAL;
  if (window === "rolling")
    return slidingWindow(nowMs, { lengthMs: hours * HOUR_MS, slots: BUDGET_SLOTS });
  return calendars.window(window, timeZone, nowMs);
}

function nameOf({ scope, id }: Owner): string {
  return `${scope}:${id}`;
}

function slotOf({ slotMs, sinceMs }: Window): Pick<Account, "slotMs" | "sinceMs"> {
  return { slotMs, sinceMs };
}

function timesOf({ sinceMs, resetsMs }: Window): Pick<Standing, "startsMs" | "resetsMs"> {
  return { startsMs: sinceMs, ...(resetsMs !== undefined && { resetsMs }) };
}

function resetOf({ resetsMs }: Window): Pick<Standing, "resetsMs"> {
  return resetsMs === undefined ? {} : { resetsMs };
}

/** What a request with these costs and tokens draws on an account. */
export function amountOn({ account, standing }: Entry, costs: Costs, tokens: number): number {
  if (account.unit === "tokens") return tokens;
  // Pacing divides money among requests that cost some; decisions alone do not.
  if (account.unit === "requests" && account.limit === undefined) return costs.size > 0 ? 1 : 0;
  if (account.unit !== "usd") return 1;
  return standing.model === undefined ? sumOf(costs) : (costs.get(standing.model) ?? 0);
}
