/**
 * A player that routes as the service does: scorer, lifts, candidates, decide, explore. Habits say what it learns by.
 *
 * The frozen one has none: it was trained before the month and never again. A retraining sees nothing but the rows of
 * before the month and the player's own log. Whether new weights are taken is for its gate to say.
 */
import type { CatalogModel } from "../../router-models/catalog.ts";
import type { Decision } from "../../worker/domain/decision.ts";
import type { Exploration } from "../../worker/domain/event.ts";
import { policySchema } from "../../worker/domain/policy.ts";
import { learnLifts, liftsAt, type LiftTable } from "../../worker/learning/lifts/lift-table.ts";
import { hashText, randomFrom } from "../../worker/lib/prng.ts";
import { decide } from "../../worker/routing/decide.ts";
import { explore, propensitiesOf } from "../../worker/routing/explore.ts";
import { lifted } from "../../worker/routing/lift.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import { rowCandidates } from "../evaluation/row-candidates.ts";
import { DAY_MS } from "../pacing/days.ts";
import { Split } from "../retraining/split.ts";
import type { Lesson } from "./lessons.ts";
import type { Player, Said } from "./play.ts";
import type { Course, Router } from "./router.ts";
import { LiveWatch, type Alarm } from "./watching.ts";
import { catalogAt, type Request, type World } from "./world.ts";

export interface Habits {
  /** How it explores; not at all where left out. */
  readonly explores?: Exploration | undefined;
  /** Lifts scores by what its own words say against them. */
  readonly lifts?: boolean;
  readonly watches?: boolean;
  /** Days between retrainings; never where left out. */
  readonly retrainsEvery?: number | undefined;
}

/** What a request was decided by. */
export interface Logged extends Pick<Lesson, "request" | "model" | "scores"> {
  readonly weights: string;
  /** Of the model, before lifts. */
  readonly score: number;
  readonly demand: Float32Array;
  readonly propensities: ReadonlyMap<string, number>;
}

/** A request of which somebody has spoken. */
export interface Rewarded extends Logged, Lesson {
  /** When that was heard. */
  readonly heard: number;
}

export interface Retraining {
  readonly day: number;
  /** Words that it learnt from. */
  readonly words: number;
  /** Why the new weights were not taken; undefined where they were. */
  readonly refusal: string | undefined;
}

export interface Coach {
  /** Rows of before the month, probes included. */
  readonly known: readonly OutcomeRow[];
  /** Outcomes of models that appear, by which they are placed where weights do not know them. */
  readonly probes: readonly OutcomeRow[];
  readonly train: (course: Course, version: string) => Promise<Router>;
  /** Why the candidate is not to take the incumbent's place; undefined where it is. */
  readonly gate?: (trial: Trial) => Promise<string | undefined>;
}

/** New weights against those in service. */
export interface Trial {
  readonly candidate: Router;
  readonly incumbent: Router;
  /** The part of the log that the candidate has not learnt from. */
  readonly judged: readonly Rewarded[];
  /** How one of them would decide a request, with what has been learnt of it since. */
  readonly decideBy: (router: Router, request: Request) => Promise<Decision>;
  readonly scoreBy: (router: Router, request: Request, model: string) => Promise<number>;
}

const POLICY = policySchema.parse({});
/** Of the log, the last part that judges new weights where there are gates; as `npm run retrain` has it. */
const JUDGED_SHARE = 0.2;

/** As the companion splits its log: no question is on both sides. */
function sidesOf(
  log: readonly Rewarded[],
  judgedShare: number,
): { learnt: readonly Rewarded[]; judged: readonly Rewarded[] } {
  if (judgedShare === 0) return { learnt: log, judged: [] };
  const dated = log.map(({ request }) => {
    return { prompt: request.question.gid, atMs: request.day * DAY_MS };
  });
  const split = new Split(dated, judgedShare);
  const sides = Map.groupBy(log, (_, k) => split.sideOf(dated[k]!));
  return { learnt: sides.get("learn") ?? [], judged: sides.get("judge") ?? [] };
}

export class ServedPlayer implements Player {
  readonly #world: World;
  readonly #habits: Habits;
  readonly #coach: Coach;
  readonly #seed: number;
  readonly #watch = new LiveWatch();
  readonly #log = new Map<number, Logged>();
  readonly #rewarded: Rewarded[] = [];
  readonly #retrainings: Retraining[] = [];
  readonly #own: Router[] = [];
  #router: Router;
  #table: LiftTable = {};
  #tableHour = -1;

  /** @param start Stays its owner's. */
  constructor(
    world: World,
    start: Router,
    { habits, coach, seed }: { habits: Habits; coach: Coach; seed: number },
  ) {
    this.#world = world;
    this.#router = start;
    this.#habits = habits;
    this.#coach = coach;
    this.#seed = seed;
    this.#watch.begin(start.label);
  }

  get alarms(): readonly Alarm[] {
    return this.#watch.alarms;
  }

  /** Requests that somebody has spoken of, as they were heard. */
  get rewarded(): readonly Rewarded[] {
    return this.#rewarded;
  }

  get retrainings(): readonly Retraining[] {
    return this.#retrainings;
  }

  async choose(request: Request): Promise<string> {
    const decision = await this.#decideBy(this.#router, request);
    const { model } = decision.attempts[0]!;
    const { forecast, demand } = await this.#router.read(
      request.question,
      this.#catalog(request.day),
    );
    const scores = new Map(forecast.models.map(({ id, score }) => [id, score]));
    this.#log.set(request.index, {
      request,
      model,
      weights: this.#router.label,
      score: scores.get(model)!,
      scores,
      demand,
      propensities: propensitiesOf(decision),
    });
    return model;
  }

  hear({ request, score, day }: Said): void {
    const logged = this.#log.get(request.index)!;
    this.#rewarded.push({ ...logged, reward: score, heard: day });
    if (this.#habits.watches) this.#watch.hear(logged, { score, day });
  }

  async beginDay(day: number): Promise<void> {
    const { retrainsEvery = Infinity } = this.#habits;
    if (day % retrainsEvery !== 0) return;
    const incumbent = this.#router;
    const { known, train, gate } = this.#coach;
    const { learnt, judged } = sidesOf(this.#rewarded, gate === undefined ? 0 : JUDGED_SHARE);
    const candidate = await train({ rows: known, lessons: learnt }, `day-${day}`);
    const refusal = await gate?.({
      candidate,
      incumbent,
      judged,
      decideBy: this.#decideBy.bind(this),
      scoreBy: this.#scoreBy.bind(this),
    });
    this.#own.push(candidate);
    if (refusal === undefined) {
      this.#router = candidate;
      this.#watch.begin(candidate.label);
    }
    this.#retrainings.push({ day, words: learnt.length, refusal });
  }

  /** Frees the weights that it has trained. */
  async release(): Promise<void> {
    for (const router of this.#own) await router.release();
  }

  async #decideBy(router: Router, request: Request): Promise<Decision> {
    const { day, question, index } = request;
    const catalog = this.#catalog(day);
    for (const { id } of catalog) await router.place(id, this.#coach.probes);
    const { forecast, demand } = await router.read(question, catalog);
    const lifts = this.#liftsOf(router, demand, day);
    const candidates = rowCandidates(lifted(forecast, lifts), catalog);
    const decision = decide({ candidates, excluded: [], policy: POLICY });
    if (!("reason" in decision)) throw new Error("A request has no candidate");
    const { explores } = this.#habits;
    if (explores === undefined) return decision;
    const unit = randomFrom(hashText(`explore ${this.#seed} ${index}`))();
    return explore(decision, { ...explores, policy: POLICY, unit });
  }

  async #scoreBy(router: Router, { question, day }: Request, model: string): Promise<number> {
    const catalog = this.#catalog(day);
    for (const { id } of catalog) await router.place(id, this.#coach.probes);
    const { forecast } = await router.read(question, catalog);
    return forecast.models.find(({ id }) => id === model)?.score ?? 0.5;
  }

  /** What is watched and lifted are the weights in service; of others nothing is known yet. */
  #liftsOf(router: Router, demand: Float32Array, day: number): Map<string, number> {
    const lifts = new Map<string, number>();
    if (router !== this.#router) return lifts;
    if (this.#habits.lifts) {
      const hour = Math.floor(24 * day);
      if (hour !== this.#tableHour) this.#table = this.#learnLifts();
      this.#tableHour = hour;
      for (const [model, lift] of liftsAt(this.#table, { weights: router.label, demand }))
        lifts.set(model, lift);
    }
    if (this.#habits.watches)
      for (const [model, shift] of this.#watch.shifts(day))
        lifts.set(model, together(shift, lifts.get(model) ?? 0));
    return lifts;
  }

  #learnLifts(): LiftTable {
    const own = this.#rewarded.filter(({ weights }) => weights === this.#router.label);
    return learnLifts(own.map((one) => ({ ...one, reward: { value: one.reward, weight: 1 } })));
  }

  #catalog(day: number): CatalogModel[] {
    return catalogAt(this.#world, day);
  }
}

/** As learning/watch/watch-desk.ts: both know of the same words. */
function together(a: number, b: number): number {
  if (a * b <= 0) return a + b;
  return Math.abs(a) >= Math.abs(b) ? a : b;
}
