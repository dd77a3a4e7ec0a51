/**
 * A month of traffic whose truth is known: what is asked, and what every model would answer and cost at that moment.
 *
 * Questions are of two kinds. The familiar ones are like those that the router was trained on before the month; the
 * strange ones are of categories that it has never seen. A happening changes the world from a moment on: the mix of the
 * two, the models that there are, how good one is, or its price. Happenings are data, so a month without any is the
 * control. Everything here is a pure function of the world, the moment and a seed; every player of a seed meets
 * the same requests, and the same people would say the same of the same answers.
 *
 * Time is in days since the month began. Requests come evenly. A question is dealt from a shuffled deck, so it comes
 * again only after all others of its kind.
 */
import type { CatalogModel } from "../../router-models/catalog.ts";
import { hashText, randomFrom, shuffle, type Random } from "../../worker/lib/prng.ts";

/** What a call of a model gives. */
export interface Answer {
  /** 0..1 */
  readonly quality: number;
  readonly costMicroUsd: number;
}

export interface Question {
  /** The same for the same question. */
  readonly gid: string;
  readonly prompt: string;
  /** By model, when nothing has happened. */
  readonly answers: ReadonlyMap<string, Answer>;
}

export type Happening =
  | { readonly what: "appears"; readonly day: number; readonly model: string }
  /** Its quality is multiplied by `factor`. */
  | {
      readonly what: "collapses";
      readonly day: number;
      readonly model: string;
      readonly factor: number;
    }
  /** So large a share of the requests is strange. */
  | { readonly what: "shifts"; readonly day: number; readonly share: number }
  | {
      readonly what: "reprices";
      readonly day: number;
      readonly model: string;
      readonly factor: number;
    };

export interface World {
  readonly name: string;
  /** Every model that there will be, at the prices of the first day. */
  readonly catalog: readonly CatalogModel[];
  readonly familiar: readonly Question[];
  readonly strange: readonly Question[];
  /** By ascending day. */
  readonly happenings: readonly Happening[];
  readonly days: number;
  /** The strongest model before the month: what costs are measured by, at the prices of the first day. */
  readonly reference: string;
  /** Quality that a saving of the reference's whole cost may lose, as the preset has it. */
  readonly lambda: number;
}

export interface Request {
  readonly index: number;
  /** When it comes. */
  readonly day: number;
  readonly question: Question;
}

/** The month's requests, by ascending time. @param count At least 1. */
export function requestsOf(
  world: World,
  { count, seed }: { readonly count: number; readonly seed: number },
): Request[] {
  const random = randomFrom(hashText(`month ${world.name} ${seed}`));
  const familiar = deckOf(world.familiar, random);
  const strange = deckOf(world.strange, random);
  return Array.from({ length: count }, (_, index) => {
    const day = (index * world.days) / count;
    const isStrange = random() < strangeShareAt(world, day);
    return { index, day, question: isStrange ? strange() : familiar() };
  });
}

/** Deals questions for ever; each once before any comes again. */
function deckOf(questions: readonly Question[], random: Random): () => Question {
  let left: Question[] = [];
  return () => {
    if (left.length === 0) left = shuffle([...questions], random);
    const next = left.pop();
    if (next === undefined) throw new Error("A month needs questions of both kinds");
    return next;
  };
}

/** The share of strange requests. */
export function strangeShareAt({ happenings }: World, now: number): number {
  return happenings.reduce(
    (share, one) => (one.what === "shifts" && one.day <= now ? one.share : share),
    0,
  );
}

/** The models that there are, at the prices of that day, in the world's order. */
export function catalogAt({ catalog, happenings }: World, now: number): CatalogModel[] {
  const factors = new Map<string, number>();
  const absent = new Set<string>();
  for (const one of happenings) {
    if (one.what === "appears" && one.day > now) absent.add(one.model);
    if (one.what === "reprices" && one.day <= now)
      factors.set(one.model, (factors.get(one.model) ?? 1) * one.factor);
  }
  return catalog
    .filter(({ id }) => !absent.has(id))
    .map((model) => {
      const factor = factors.get(model.id);
      return factor === undefined ? model : { ...model, price: scaled(model.price, factor) };
    });
}

function scaled(price: CatalogModel["price"], factor: number): CatalogModel["price"] {
  const { inputUsdPerMTok, outputUsdPerMTok } = price;
  return {
    inputUsdPerMTok: inputUsdPerMTok * factor,
    outputUsdPerMTok: outputUsdPerMTok * factor,
  };
}

/** What a model gives at that moment. Throws for a model that does not answer the question. */
export function answerAt(
  { happenings }: World,
  { question, day }: Pick<Request, "question" | "day">,
  model: string,
): Answer {
  const first = question.answers.get(model);
  if (first === undefined) throw new Error(`${model} has no answer to ${question.gid}`);
  let { quality, costMicroUsd } = first;
  for (const one of happenings) {
    if (one.what === "shifts" || one.model !== model || one.day > day) continue;
    if (one.what === "collapses") quality *= one.factor;
    if (one.what === "reprices") costMicroUsd *= one.factor;
  }
  return { quality, costMicroUsd };
}

/** Quality less what its cost is worth; what decide.ts maximises, by the truth. */
export function utilityOf(
  { reference, lambda }: Pick<World, "reference" | "lambda">,
  { answers }: Question,
  { quality, costMicroUsd }: Answer,
): number {
  return quality - (lambda * costMicroUsd) / Math.max(answers.get(reference)!.costMicroUsd, 1);
}

/** The model of the highest utility, the first of equals: it knows every outcome. */
export function bestModelAt(world: World, request: Request): string {
  const { question, day } = request;
  let [best, most] = ["", -Infinity];
  for (const { id } of catalogAt(world, day)) {
    const utility = utilityOf(world, question, answerAt(world, request, id));
    if (utility > most) [best, most] = [id, utility];
  }
  return best;
}

/** What somebody says of an answer, and when. */
export interface Word {
  readonly score: number;
  readonly day: number;
}

export interface People {
  /** Of requests of which anything is said. */
  readonly share: number;
  /** Mean days until it is said. */
  readonly delayDays: number;
  /** Of words that say the opposite. */
  readonly wrong: number;
  readonly seed: number;
}

/** Yes or no, the likelier yes the better the answer. Undefined where nothing is said. */
export function wordOn(request: Request, quality: number, people: People): Word | undefined {
  const random = randomFrom(hashText(`word ${people.seed} ${request.index}`));
  if (random() >= people.share) return undefined;
  const day = request.day - people.delayDays * Math.log(1 - random());
  const isContent = random() < quality;
  return { score: isContent === random() >= people.wrong ? 1 : 0, day };
}
