/**
 * The month as a player lives it: requests one after the other, and what people say of its answers when they say it.
 *
 * A player is never told of a happening. It sees the catalogue, whose models and prices every operator knows, and words.
 */
import { hashText } from "../../worker/lib/prng.ts";
import { answerAt, bestModelAt, catalogAt, wordOn } from "./world.ts";
import type { People, Request, World } from "./world.ts";

/** What somebody said of an earlier answer. */
export interface Said {
  readonly request: Request;
  /** 0..1 */
  readonly score: number;
  /** When. */
  readonly day: number;
}

/** Somebody who chooses models. */
export interface Player {
  /** Told before the first request of each whole day, the first one excepted. */
  beginDay?(day: number): Promise<void>;
  /** The model that answers; one of the catalogue's at that moment. */
  choose(request: Request): Promise<string> | string;
  hear?(said: Said): void;
}

/** The models that it chose, in the order of the requests. */
export async function play(
  world: World,
  requests: readonly Request[],
  { player, people }: { readonly player: Player; readonly people: People },
): Promise<string[]> {
  const choices: string[] = [];
  const spoken: Said[][] = requests.map(() => []);
  let today = 0;
  for (const request of requests) {
    for (; today < Math.floor(request.day); today++) await player.beginDay?.(today + 1);
    for (const said of spoken[request.index]!) player.hear?.(said);
    const model = await player.choose(request);
    choices.push(model);
    const word = wordOn(request, answerAt(world, request, model).quality, people);
    if (word === undefined) continue;
    const heardBy = Math.ceil((word.day * requests.length) / world.days);
    spoken[Math.max(heardBy, request.index + 1)]?.push({ request, ...word });
  }
  return choices;
}

/** Always the same model. */
export function always(model: string): Player {
  return { choose: () => model };
}

/** Any model of the moment. */
export function random(world: World, seed: number): Player {
  return {
    choose({ index, day }) {
      const unit = hashText(`random ${seed} ${index}`) / 2 ** 32;
      const models = catalogAt(world, day);
      return models[Math.floor(unit * models.length)]!.id;
    },
  };
}

/** Knows every outcome. */
export function oracle(world: World): Player {
  return { choose: (request) => bestModelAt(world, request) };
}
