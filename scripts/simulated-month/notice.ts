/**
 * How soon a collapse is noticed and routed around, and how often the watch alarms for nothing.
 *
 * Fortnights in which one model collapses at some moment of the middle days and nothing else happens, and months in
 * which nothing happens at all, many of each, with the weights of before the month. A collapse is noticed with the
 * first alarm of that model. It is routed around as soon as of the last WINDOW requests less than a tenth of the model's
 * share before went to it.
 */
import type { Exploration } from "../../worker/domain/event.ts";
import { hashText } from "../../worker/lib/prng.ts";
import { play } from "./play.ts";
import type { Router } from "./router.ts";
import { ServedPlayer, type Coach, type Habits } from "./served.ts";
import { requestsOf, type People, type Request, type World } from "./world.ts";

export interface NoticeTerms {
  readonly start: Router;
  readonly coach: Coach;
  readonly exploration: Exploration;
  /** Requests of a day. */
  readonly perDay: number;
  readonly people: Omit<People, "seed">;
  readonly seed: number;
}

/** Counted from the collapse; undefined where it did not come in the fortnight. */
export interface Noticed {
  /** The model's share of the requests before. */
  readonly share: number;
  /** Requests, and words on the model, until the first alarm. */
  readonly untilAlarm: { readonly requests: number; readonly words: number } | undefined;
  /** Requests until it is routed around. */
  readonly untilAround: number | undefined;
}

const FORTNIGHT = 14;
const MIDDLE = 7;
const FACTOR = 0.2;
const WINDOW = 200;
const PART = 0.1;

export interface Fortnight {
  readonly model: string;
  readonly run: number;
  readonly watches: boolean;
}

export async function noticed(
  world: World,
  { model, run, watches }: Fortnight,
  terms: NoticeTerms,
): Promise<Noticed> {
  const day = MIDDLE + hashText(`collapse ${terms.seed} ${run}`) / 2 ** 32;
  const happenings = [{ what: "collapses", day, model, factor: FACTOR } as const];
  const own = { ...world, happenings, days: FORTNIGHT };
  const { requests, choices, player } = await lived(own, { watches }, { ...terms, run });
  const from = requests.findIndex((request) => request.day >= day);
  const alarm = player.alarms.find((one) => one.model === model && one.day >= day);
  const share = shareIn(choices.slice(0, from), model);
  return {
    share,
    untilAlarm: alarm && {
      requests: requests.filter((one) => one.day >= day && one.day < alarm.day).length,
      words: player.rewarded.filter(
        (one) => one.model === model && one.heard >= day && one.heard <= alarm.day,
      ).length,
    },
    untilAround: untilAround(choices, { model, from, share }),
  };
}

function untilAround(
  choices: readonly string[],
  { model, from, share }: { model: string; from: number; share: number },
): number | undefined {
  for (let at = from + WINDOW; at <= choices.length; at++)
    if (shareIn(choices.slice(at - WINDOW, at), model) < PART * share) return at - from;
  return undefined;
}

function shareIn(choices: readonly string[], model: string): number {
  return choices.filter((choice) => choice === model).length / choices.length;
}

/** Alarms of a month in which nothing happens. */
export async function falseAlarms(world: World, run: number, terms: NoticeTerms): Promise<number> {
  const calm = { ...world, happenings: [] };
  const { player } = await lived(calm, { watches: true }, { ...terms, run });
  return player.alarms.length;
}

async function lived(
  world: World,
  habits: Habits,
  { start, coach, exploration, perDay, people, seed, run }: NoticeTerms & { run: number },
): Promise<{ requests: Request[]; choices: string[]; player: ServedPlayer }> {
  const own = hashText(`fortnight ${seed} ${run}`);
  const requests = requestsOf(world, { count: perDay * world.days, seed: own });
  const player = new ServedPlayer(world, start, {
    habits: { ...habits, explores: exploration },
    coach,
    seed: own,
  });
  const choices = await play(world, requests, { player, people: { ...people, seed: own } });
  return { requests, choices, player };
}
