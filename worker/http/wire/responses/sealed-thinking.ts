/**
 * Thinking that a vendor has signed, on its way through a client and back.
 *
 * Vendors that sign their thinking (Anthropic) want it back unchanged in the next turn. A reasoning item has one
 * field whose content is nobody's business but the server's, `encrypted_content`, and SDKs return it with the item.
 * The blocks travel there as JSON after a mark. They are the vendor's words to this client, so nothing is hidden;
 * the vendor checks its own signature.
 */
import { z } from "zod";
import { jsonIn } from "../../../lib/json.ts";

const MARK = "sluice-thinking-1:";

const blockSchema = z.discriminatedUnion("type", [
  z.looseObject({
    type: z.literal("thinking"),
    thinking: z.string(),
    signature: z.string().optional(),
  }),
  z.looseObject({ type: z.literal("redacted_thinking"), data: z.string() }),
]);

const blocksSchema = z.array(blockSchema).max(4_096);

/** One of Anthropic's thinking blocks. */
export type ThinkingBlock = z.infer<typeof blockSchema>;

/** The text for `encrypted_content`. */
export function sealThinking(blocks: readonly ThinkingBlock[]): string {
  return MARK + JSON.stringify(blocks);
}

/** The blocks in a text that `sealThinking` made; undefined for any other. */
export function unsealThinking(text: string): ThinkingBlock[] | undefined {
  if (!text.startsWith(MARK)) return undefined;
  return blocksSchema.safeParse(jsonIn(text.slice(MARK.length))).data;
}

/** Those of the given values that are blocks. */
export function readThinking(given: readonly unknown[]): ThinkingBlock[] {
  return given.flatMap((one) => blockSchema.safeParse(one).data ?? []);
}
