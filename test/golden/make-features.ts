/**
 * Writes features.json, the features of a few prompts as the present code has them:
 *
 *     node test/golden/make-features.ts
 *
 * Run it when FEATURE_VERSION has been raised, and look at the difference: every prompt that moved means
 * that no router trained before may be used any more. To be read by people, ids are one line of text,
 * weights are "place:multiple of the least" but for the least, and statistics go by name without the zeros.
 */
import { writeFileSync } from "node:fs";
import {
  estimateInputTokens,
  extractFeatures,
  FEATURE_VERSION,
} from "../../router-models/features/extract.ts";
import { promptOfText, type Prompt, type Turn } from "../../router-models/features/prompt.ts";
import { STATISTICS } from "../../router-models/features/statistics.ts";

const TABLE_ROWS = 1 << 15;

function conversation(turns: readonly Turn[], more: Partial<Prompt> = {}): Prompt {
  return { turns, imageCount: 0, toolCount: 0, wantsJson: false, ...more };
}

const PROMPTS: Readonly<Record<string, Prompt>> = {
  empty: promptOfText(""),
  greeting: promptOfText("Good morning!"),
  question: promptOfText("Why does ice float on water, and would it float on alcohol?"),
  options: promptOfText(
    "Which planet has the shortest year?\nA. Venus\nB. Mercury\nC. Mars\n(d) Jupiter\n1) none\n- all",
  ),
  code: promptOfText(
    "Why is this slow?\n```py\ndef f(xs):\n    return [x for x in xs if x not in xs[:10]];\n\tpass\n```",
  ),
  latex: promptOfText("Solve $\\frac{x^2 - 9}{x - 3} = 1024$ for x, see https://example.org/a/b."),
  chinese: promptOfText("请用三句话解释什么是光合作用。"),
  german: promptOfText("Übersetze die ÜBERSCHRIFT „Größenwahn“ ins Englische."),
  width: promptOfText("ＦＵＬＬ width ﬁre № ５"),
  emoji: promptOfText("🙂🙂 what does 🧑‍🚀 mean?"),
  tools: conversation(
    [
      { role: "system", text: "You answer in JSON only." },
      { role: "user", text: "What is in the picture?" },
      { role: "assistant", text: "A red bicycle." },
      { role: "user", text: "And whose is it?" },
    ],
    { imageCount: 2, toolCount: 3, wantsJson: true },
  ),
  "no user": conversation([
    { role: "system", text: "Be brief." },
    { role: "tool", text: '{"temperature": 21}' },
  ]),
  long: promptOfText(
    Array.from({ length: 150 }, (_, i) => `Item ${i * 37} costs ${i % 11} euros;`).join(" "),
  ),
};

const prompts = Object.entries(PROMPTS).map(([name, prompt]) => {
  const { ids, weights, statistics } = extractFeatures(prompt, TABLE_ROWS);
  const least = Math.min(...weights);
  return {
    name,
    prompt,
    inputTokens: estimateInputTokens(prompt),
    ids: ids.join(" "),
    weights: Array.from(weights, (weight, i) =>
      weight === least ? [] : [`${i}:${(weight / least).toFixed(4)}`],
    )
      .flat()
      .join(" "),
    statistics: Object.fromEntries(
      STATISTICS.flatMap((statistic, s) => (statistics[s] ? [[statistic, statistics[s]]] : [])),
    ),
  };
});

const golden = { version: FEATURE_VERSION, tableRows: TABLE_ROWS, prompts };
writeFileSync(
  new URL("features.json", import.meta.url),
  `${JSON.stringify(golden, undefined, 2)}\n`,
);
