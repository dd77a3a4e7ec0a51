/**
 * The ledger on Upstash Redis, for those who keep their state there: ledger-scripts.ts decides, this file packs what
 * is asked and reads what is answered.
 *
 * An operation is one script, run by its digest and sent in full only where Redis does not know it. All of it may be
 * repeated, so the client may try again when the network fails; whether the first try arrived then does not matter.
 * Redis has no alarms. A request that asks to hold first ends what has expired, so nobody is refused for a hold that
 * is over, and so does a treasury that is to list what waits for its bill.
 *
 * The client's own batching is off: it would make requests of one isolate wait for each other's I/O, which the
 * platform forbids. Redis must keep what it is told: no eviction (`noeviction`), and persistence on.
 *
 * Source: https://upstash.com/docs/redis/features/restapi
 */
import { Redis } from "@upstash/redis/cloudflare";
import { z } from "zod";
import type { Account, Balance, Draw, Ledger, Reserved } from "../domain/ledger.ts";
import { jsonIn } from "../lib/json.ts";
import { MAX_LAPSES, SCRIPTS } from "./ledger-scripts.ts";
import { unbilledOf, type Hold } from "./ledger-state.ts";

/** Tries of one command, after a network error. */
const RETRIES = 2;
const BACKOFF_MS = 50;
/** An operation with all its tries; one takes milliseconds, but thousands may come at once. */
const TIMEOUT_MS = 30_000;
/** Times that a refused request asks again while holds are ended, a hundred each time. */
const MAX_ROUNDS = 100;
/** Characters that are told of an error. */
const MAX_MESSAGE = 200;

const answerSchema = z.array(z.string());
const heldSchema = z
  .tuple([z.enum(["held", "lapsed", "estimated"]), z.string()], z.string())
  .transform(([phase, expiresMs, ...rest]) => ({ phase, expiresMs: Number(expiresMs), rest }));

/** A client for the database, without telemetry, bounded in tries and time. */
export function connectRedis({ url, token }: { url: string; token: string }): Redis {
  return new Redis({
    url,
    token,
    enableTelemetry: false,
    enableAutoPipelining: false,
    automaticDeserialization: false,
    responseEncoding: false,
    retry: { retries: RETRIES, backoff: (tries) => BACKOFF_MS * 2 ** tries },
    signal: () => AbortSignal.timeout(TIMEOUT_MS),
  });
}

/** The ledger of an organisation, under keys of its own. */
export function redisLedger(redis: Redis, organisation: string): Ledger {
  const prefix = `sluice:{${organisation}}:`;
  const keys = ["accounts", "holds", "due", "unbilled", "gates"].map((name) => prefix + name);

  /** @param id The request's, whose mark of being settled is the sixth key. */
  async function run(
    name: keyof typeof SCRIPTS,
    values: readonly (string | number)[],
    id?: string,
  ): Promise<string[]> {
    try {
      const own = id === undefined ? keys : [...keys, `${prefix}settled:${id}`];
      return answerSchema.parse(await runScript(redis, SCRIPTS[name], [own, values.map(String)]));
    } catch (cause) {
      throw new Error(`The ledger's ${name} failed on Redis: ${reasonOf(cause)}`, { cause });
    }
  }

  return {
    async reserve({ id, draws, gates, expiresMs, nowMs }) {
      const values = [id, nowMs, expiresMs, gates.length, ...gates, ...draws.flatMap(limited)];
      for (let round = 1; ; round++) {
        const answer = await run("reserve", values, id);
        if (!mayBeFalse(answer) || round === MAX_ROUNDS) return reservedFrom(answer, draws);
      }
    },
    async settle({ id, draws, isEstimate = false, nowMs }) {
      const values = [id, nowMs, isEstimate ? 1 : 0, ...draws.flatMap(drawn)];
      const [kind, ...numbers] = await run("settle", values, id);
      const balances = draws.map(({ account: { name } }, at) => {
        const [spent, held, spentBefore] = numbers.slice(3 * at, 3 * at + 3).map(Number);
        return { name, spent: spent!, held: held!, spentBefore: spentBefore! };
      });
      return { isRepeat: kind === "repeat", balances };
    },
    async read(accounts) {
      const values = accounts.flatMap(({ name, sinceMs }) => [name, sinceMs]);
      return balancesFrom(await run("read", values), accounts);
    },
    async shut(gate, untilMs) {
      await run("shut", [gate, untilMs]);
    },
    async lapse(nowMs) {
      const [count] = await run("lapse", [nowMs]);
      return Number(count);
    },
    async unbilled(wanted) {
      const answer = await run("unbilled", wanted === undefined ? [] : [wanted]);
      return answer.flatMap((id, at) =>
        at % 2 === 0 ? (unbilledOf(holdFrom(id, answer[at + 1]!)) ?? []) : [],
      );
    },
  };
}

/** By its digest; in full where Redis does not know it, which it then does. */
async function runScript(
  redis: Redis,
  script: string,
  [keys, values]: [keys: string[], values: string[]],
): Promise<unknown> {
  const digest = digests.get(script) ?? (await sha1(script));
  digests.set(script, digest);
  try {
    return await redis.evalsha(digest, keys, values);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
    return await redis.eval(script, keys, values);
  }
}

/** Of the scripts. Only what is known is kept, and no promise of it: requests must not wait for one another's. */
const digests = new Map<string, string>();

async function sha1(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What went wrong; the client goes on to repeat the command, script and all. */
function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.split(", command was:")[0]!.slice(0, MAX_MESSAGE);
}

/** As the scripts read a draw. */
function drawn({ account, amount }: Draw): (string | number)[] {
  const { name, unit, slotMs, sinceMs, keptMs = sinceMs } = account;
  return [name, unit === "concurrent" ? 1 : 0, slotMs, sinceMs, keptMs, amount];
}

/** With what it may come to; empty for one that refuses nothing. */
function limited(draw: Draw): (string | number)[] {
  const { limit, isHard } = draw.account;
  return [...drawn(draw), isHard && limit !== undefined ? limit : ""];
}

/** Refused, after as many holds were ended as one run may: more of them may be due. */
function mayBeFalse([kind, , , lapsed]: readonly string[]): boolean {
  return kind === "refused" && Number(lapsed) === MAX_LAPSES;
}

function reservedFrom([kind, ...rest]: readonly string[], draws: readonly Draw[]): Reserved {
  const accounts = draws.map(({ account }) => account);
  if (kind === "held") return { kind, balances: balancesFrom(rest, accounts) };
  if (kind === "shut") return { kind, gate: rest[0]! };
  if (kind !== "refused") return { kind: "closed" };
  const [account, left, , ...numbers] = rest;
  const balances = balancesFrom(numbers, accounts);
  return { kind, account: account!, left: Number(left), balances };
}

function balancesFrom(numbers: readonly string[], accounts: readonly Account[]): Balance[] {
  return accounts.map(({ name }, at) => ({
    name,
    spent: Number(numbers[2 * at]),
    held: Number(numbers[2 * at + 1]),
  }));
}

/** A hold as the scripts pack it. */
function holdFrom(id: string, packed: string): Hold {
  const { phase, expiresMs, rest } = heldSchema.parse(jsonIn(packed));
  const shares = Array.from({ length: rest.length / 4 }, (_, at) => {
    const [account, startMs, amount, isPassing] = rest.slice(4 * at, 4 * at + 4);
    return {
      account: account!,
      startMs: Number(startMs),
      amount: Number(amount),
      isPassing: isPassing === "1",
    };
  });
  return { id, phase, shares, expiresMs };
}
