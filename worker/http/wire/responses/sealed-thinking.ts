/**
 * Thinking that a vendor has signed, on its way through a client and back.
 *
 * Vendors that sign their thinking (Anthropic) want it back unchanged in the next turn. A reasoning item has one
 * field whose content is nobody's business but the server's, `encrypted_content`, and SDKs return it with the item.
 * The blocks travel there as JSON after a mark. They are the vendor's words to this client, so nothing is hidden;
 * the vendor checks its own signature.
 */
import { z } from "zod";

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
  try {
    const parsed = blocksSchema.safeParse(JSON.parse(text.slice(MARK.length)));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Adds what a delta brings. A block may come whole or in pieces: pieces belong to the last block until it has its
 * signature. Anything that is no block is left out.
 */
export function addThinking(blocks: ThinkingBlock[], given: unknown): void {
  if (!Array.isArray(given)) return;
  for (const one of given) {
    const { success, data: block } = blockSchema.safeParse(asPiece(one));
    if (!success) continue;
    const last = blocks.at(-1);
    const isPiece = block.type === "thinking" && last?.type === "thinking" && !last.signature;
    if (!isPiece) {
      blocks.push({ ...block });
      continue;
    }
    last.thinking += block.thinking;
    if (block.signature) last.signature = block.signature;
  }
}

/** The piece that ends a block may have the signature only. */
function asPiece(given: unknown): unknown {
  return typeof given === "object" ? { thinking: "", ...given } : given;
}
