/**
 * One month, played by everybody: the same requests, and the same people.
 *
 * - frozen: trained before the month and never again, as a deployment is that does nothing
 * - exploring: the same, trying other models now and then; what learning costs before it earns anything
 * - watched: and with the live watch's shifts
 * - lifted: and with the lifts that an exploring tenant's own words give
 * - retrained: weights made anew every few days, without the watch
 * - rewatched: both
 * - gated: both, and new weights are taken only where the gates let them pass
 * - single: the one model that was best before the month
 */
import type { Exploration } from "../../worker/domain/event.ts";
import { entriesOf, type Entry } from "./accounts.ts";
import { refusalOf } from "./gate.ts";
import { always, oracle, play, random, type Player } from "./play.ts";
import type { Router } from "./router.ts";
import { ServedPlayer, type Coach, type Habits, type Retraining } from "./served.ts";
import type { Alarm } from "./watching.ts";
import { requestsOf, type People, type Request, type World } from "./world.ts";

export const SERVED = [
  "frozen",
  "exploring",
  "watched",
  "lifted",
  "retrained",
  "rewatched",
  "gated",
] as const;
export type ServedName = (typeof SERVED)[number];
export type PlayerName = ServedName | "oracle" | "single" | "random";

export interface Played {
  readonly entries: readonly Entry[];
  readonly alarms: readonly Alarm[];
  readonly retrainings: readonly Retraining[];
}

export interface Month {
  readonly seed: number;
  readonly requests: readonly Request[];
  readonly players: ReadonlyMap<PlayerName, Played>;
}

export interface MonthTerms {
  readonly start: Router;
  readonly coach: Omit<Coach, "gate">;
  /** The best single model of before the month. */
  readonly single: string;
  readonly exploration: Exploration;
  readonly retrainsEvery: number;
  readonly requests: number;
  readonly people: Omit<People, "seed">;
  readonly seed: number;
  readonly onPlayer?: (name: PlayerName) => void;
}

export async function playMonth(world: World, terms: MonthTerms): Promise<Month> {
  const { seed, start, coach, onPlayer } = terms;
  const requests = requestsOf(world, { count: terms.requests, seed });
  const people = { ...terms.people, seed };
  const players = new Map<PlayerName, Played>();
  async function lived(name: PlayerName, player: Player): Promise<Played> {
    onPlayer?.(name);
    const choices = await play(world, requests, { player, people });
    return { entries: entriesOf(world, requests, choices), alarms: [], retrainings: [] };
  }
  for (const name of SERVED) {
    const gate = name === "gated" ? { gate: refusalOf } : {};
    const habits = habitsOf(name, terms);
    const player = new ServedPlayer(world, start, { habits, coach: { ...coach, ...gate }, seed });
    const { entries } = await lived(name, player);
    const { alarms, retrainings } = player;
    players.set(name, { entries, alarms, retrainings });
    await player.release();
  }
  players.set("oracle", await lived("oracle", oracle(world)));
  players.set("single", await lived("single", always(terms.single)));
  players.set("random", await lived("random", random(world, seed)));
  return { seed, requests, players };
}

function habitsOf(name: ServedName, { exploration, retrainsEvery }: MonthTerms): Habits {
  const explores = { explores: exploration };
  const habits: Record<ServedName, Habits> = {
    frozen: {},
    exploring: explores,
    watched: { ...explores, watches: true },
    lifted: { ...explores, watches: true, lifts: true },
    retrained: { ...explores, retrainsEvery },
    rewatched: { ...explores, watches: true, retrainsEvery },
    gated: { ...explores, watches: true, retrainsEvery },
  };
  return habits[name];
}
