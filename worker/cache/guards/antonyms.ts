/**
 * Opposites, as rows of two sides. Either side lists words that may stand for one another in this respect.
 *
 * The rows are English and hand-made. What can be said with "not" or a prefix is negation.ts's; what tells two things
 * apart without being opposite (two towns, two colours) is none of this.
 */
import { stem } from "./stem.ts";

/** Two prompts that both mention the row must mention the same sides of it. */
const STRICT = [
  "more | less fewer",
  "most | least",
  "best | worst",
  "better | worse",
  "good great | bad terrible awful",
  "increase raise boost grow growth rise | decrease lower reduce reduction shrink fall decline drop",
  "maximum maximise maximize max highest largest biggest | minimum minimise minimize min lowest smallest",
  "before prior | after afterwards",
  "allow permit let enable | forbid prohibit ban disallow disable prevent block deny",
  "activate | deactivate",
  "accept approve | reject decline refuse",
  "add insert append | remove delete subtract",
  "create make build | destroy demolish",
  "install | uninstall",
  "connect | disconnect",
  "attach mount | detach unmount",
  "subscribe follow | unsubscribe unfollow",
  "open | close shut",
  "lock | unlock",
  "show display | hide",
  "include | exclude",
  "import | export",
  "upload | download",
  "encode | decode",
  "encrypt | decrypt",
  "compress zip | decompress unzip extract",
  "push | pull",
  "read | write",
  "send | receive",
  "start begin launch | stop end quit finish",
  "first earliest oldest | last latest newest",
  "early | late",
  "win won | lose lost",
  "gain | lose lost",
  "love like | hate dislike",
  "pass | fail",
  "true | false",
  "positive | negative",
  "advantage benefit pro pros upside strength | disadvantage drawback con cons downside weakness",
  "male man men boy boys | female woman women girl girls",
  "father dad | mother mom mum",
  "husband | wife",
  "brother | sister",
  "son | daughter",
  "king | queen",
  "north northern | south southern",
  "east eastern | west western",
  "morning | evening",
  "summer | winter",
  "hot warm | cold cool",
  "heat | cool",
  "big large | small little tiny",
  "tall | short",
  "longest | shortest",
  "fast quick rapid quickly | slow slowly",
  "fastest | slowest",
  "easy simple | hard difficult complex",
  "cheap cheapest affordable inexpensive | expensive dear costly",
  "ascend | descend",
  "horizontal horizontally | vertical vertically",
  "row | column",
  "internal | external",
  "input | output",
  "public | private",
  "local | remote global",
  "server | client",
  "frontend | backend",
  "top | bottom",
  "inside | outside",
  "upper uppercase | lower lowercase",
  "rich wealthy | poor",
  "strong | weak",
  "wet | dry",
  "thick | thin",
  "wide | narrow",
  "deep | shallow",
  "buy bought purchase | sell sold",
  "borrow | lend",
  "deposit | withdraw withdrawal",
  "credit | debit",
  "asset | liability",
  "profit | loss",
  "supply | demand",
  "employer | employee",
  "parent | child",
  "arrive arrival | depart departure leave",
  "enter | exit leave",
  "above | below beneath",
  "over | under",
  "expand lengthen | summarise summarize shorten condense",
  "polite | rude",
  "funny | serious",
  "optimistic | pessimistic",
  "sync synchronous | async asynchronous",
  "static | dynamic",
  "clockwise | counterclockwise anticlockwise",
  "raw | cooked",
  "alive living | dead",
  "life | death",
  "born birth | died death",
  "war | peace",
  "friend | enemy",
  "guilty | innocent",
  "singular | plural",
  "synonym | antonym",
  "ancient | modern",
  "encourage | discourage",
  "appear | disappear",
  "freeze | thaw melt",
  "charge | discharge",
  "vegetarian vegan | meat",
  "multiply | divide",
  "addition sum plus | subtraction minus",
  "numerator | denominator",
  "integrate integral | differentiate derivative",
  "debit | credit",
  "for pro | against",
  "together | apart",
  "forward forwards | backward backwards",
  "always | never",
  "everyone everybody all | nobody none",
  "same | different",
  "improve strengthen | worsen weaken",
  "con | sin",
  "mit | ohne",
  "avec | sans",
] as const;

/** These are other words too: they count only where either prompt has one side alone. */
const LOOSE = [
  "on | off",
  "one single | many several multiple",
  "up | down",
  "in | out",
  "left | right",
  "long | short",
  "high | low",
  "light | dark heavy",
  "old | new young",
  "odd | even",
  "day | night",
  "front | back",
  "question | answer",
  "yes | no",
  "past | future",
  "cause | cure treat treatment prevent",
  "symptom | treatment cure",
] as const;

export interface Opposites {
  readonly isStrict: boolean;
  readonly row: string;
}

interface Side extends Opposites {
  readonly side: "left" | "right";
}

function sides(rows: readonly string[], isStrict: boolean): [string, Side][] {
  return rows.flatMap((row) => {
    const [left = "", right = ""] = row.split(" | ");
    return [
      ...left.split(" ").map((word): [string, Side] => [word, { isStrict, row, side: "left" }]),
      ...right.split(" ").map((word): [string, Side] => [word, { isStrict, row, side: "right" }]),
    ];
  });
}

const bySide = Map.groupBy(
  [...sides(STRICT, true), ...sides(LOOSE, false)].map(([word, side]) => ({
    key: stem(word),
    side,
  })),
  ({ key }) => key,
);

/** The sides of rows that a word stands on. */
export function sidesOf(word: string): readonly Side[] {
  return (bySide.get(stem(word)) ?? []).map(({ side }) => side);
}
