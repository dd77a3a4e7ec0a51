/**
 * The tasks that the task classifier tells apart, and which of them a row of an outcome file is.
 *
 * Sources name their categories freely, so the mapping goes by words within "dataset/category". A row
 * that no word fits is left without a task: it still teaches quality, and the classifier learns from
 * the others. The order matters: the first rule that fits wins.
 */

/** In the order of the graph's `task` output. A new task goes to the end. */
export const TASKS = [
  "math",
  "code",
  "science",
  "knowledge",
  "reasoning",
  "writing",
  "conversation",
  "format",
] as const;

export type Task = (typeof TASKS)[number];

const RULES: readonly (readonly [RegExp, Task])[] = [
  [/fofo|json|yaml|xml|csv|format/i, "format"],
  [/leetcode|mbpp|human_?eval|code|coding|programming|sql|function/i, "code"],
  [/gsm8k|math|prime|composite|happynumber|fermi|algebra/i, "math"],
  [/physics|chemistry|biology|engineering|computer science|arc_|health|science/i, "science"],
  [/logic|hellaswag|winogrande|commonsense|common-sense|openbook|counterfactual/i, "reasoning"],
  [/commongen|writing|roleplay|creative|self-instruct|(?<!hi)story/i, "writing"],
  [
    /mmlu|trivia|natural_qa|truthful|knowledge|history|law|economics|psychology|business/i,
    "knowledge",
  ],
  [/oasst|arena|vicuna|chat|generic|conversation/i, "conversation"],
];

/** The task that a set's name and category speak of, if any. */
export function taskOf(dataset: string, category: string | undefined): Task | undefined {
  const label = `${dataset}/${category ?? ""}`;
  return RULES.find(([pattern]) => pattern.test(label))?.[1];
}
