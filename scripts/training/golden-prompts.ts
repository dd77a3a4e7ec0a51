/**
 * Prompts whose answers a release promises to reproduce, written for this purpose: one of each kind
 * that the features treat differently, and the awkward ones.
 */
export const GOLDEN_PROMPTS: readonly string[] = [
  "Hello!",
  "What is the capital of Portugal?",
  "Compute 17 * 23 + 5 and explain each step.",
  "Prove that the sum of two odd integers is even.",
  "Write a TypeScript function that merges two sorted arrays in linear time.\n```ts\nfunction merge(a: number[], b: number[]): number[]\n```",
  "Which gas do plants take in for photosynthesis?\nA. Oxygen\nB. Nitrogen\nC. Carbon dioxide\nD. Helium",
  "Summarise the following in one sentence: the committee met on Tuesday, argued about the budget for three hours, and postponed the vote until the new figures arrive.",
  "Translate into French: The train leaves at half past nine.",
  "Schreibe ein kurzes Gedicht über den Herbst.",
  "请用三句话解释什么是量子纠缠。",
  "Return a JSON object with the fields name, age and city for: Maria, 34, lives in Porto.",
  "A shop sells pens at 3 for 2 euros. Tom buys 18 pens and pays with a 20 euro note. How much change does he get?",
  "Solve for x: \\frac{x^2 - 9}{x - 3} = 7",
  "SELECT name FROM users WHERE id = 4; -- why is this query slow on a table of ten million rows?",
  "Imagine you are a lighthouse keeper in 1890. Write a diary entry about a storm.",
  "x",
];
