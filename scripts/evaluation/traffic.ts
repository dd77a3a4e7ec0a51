/**
 * Which sets are chat and which are benchmarks.
 *
 * Most of what people send is chat, and most of what is measured is benchmarks. Benchmark rows outnumber
 * the others ten to one in the pool of all sets, so the two kinds are pooled apart as well.
 */

const CHAT_SETS: ReadonlySet<string> = new Set([
  "arena_bench",
  "guanaco_pairs",
  "tulu_human",
  "vicuna80",
  "fofo",
]);

/** The kind of a set, by its name: conversations and instructions are chat, all others benchmarks. */
export function trafficOf(set: string): "chat" | "benchmarks" {
  return CHAT_SETS.has(set) ? "chat" : "benchmarks";
}
