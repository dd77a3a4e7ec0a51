/**
 * Chat as OpenAI itself serves it, on its own address and on Azure's: newer models that think refuse function tools
 * there and send the caller to `/responses`. Those that think unasked refuse them unless told not to, one of them
 * even then; the generation before, only where the request asks for thinking. Other vendors' chat knows no such rule.
 *
 * Source: https://developers.openai.com/api/docs/guides/reasoning
 */
import {
  isRefusal,
  readVendorRequest,
  type Refusal,
  type VendorRequest,
} from "./vendor-request.ts";
import { OPENAI_FORMAT, type VendorFormat } from "./wire-format.ts";

/** OpenAI's own chat. */
export const OPENAI_CHAT_FORMAT: VendorFormat = { ...OPENAI_FORMAT, read };

function read(json: unknown): VendorRequest | Refusal {
  const request = readVendorRequest(json);
  if (isRefusal(request) || !request.tools?.length) return request;
  const { model, reasoning_effort: effort } = request;
  const isThinking =
    thinksUnasked(model) || (model.startsWith("gpt-5.4") && typeof effort === "string");
  if (!isThinking || (effort === "none" && !model.startsWith(ALWAYS_THINKS))) return request;
  const message = `Function tools with reasoning_effort are not supported for ${model} in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.`;
  return { message, param: "reasoning_effort" };
}

/** Takes no effort "none", and so no tools here at all. */
const ALWAYS_THINKS = "gpt-6-astra";

function thinksUnasked(model: string): boolean {
  return /^gpt-(?:5\.6|6)/.test(model);
}
