/**
 * The vendors that Sluice can call, as data. Most of them speak OpenAI's chat-completions format at the
 * base URL given here; what one of them does differently is a field, not a branch. One whose endpoint in
 * OpenAI's format loses something (Anthropic's: prompt caching, thinking) is called in its own.
 *
 * To add a vendor: a row here, models with its prefix in the catalogue, a secret in the deployment.
 *
 * Sources, 2026-11: base URLs from the vendors' pages on OpenAI compatibility (platform.claude.com/docs,
 * ai.google.dev/gemini-api/docs/openai, console.groq.com/docs/openai, api-docs.deepseek.com, docs.x.ai,
 * docs.together.ai, docs.fireworks.ai, openrouter.ai/docs, learn.microsoft.com/azure/foundry/openai,
 * developers.cloudflare.com/workers-ai); Mistral's URL and its refusal of `max_completion_tokens`, and
 * Groq's and its refusal of `reasoning_content`, from issue threads. The other flags were not tried against
 * the vendors.
 */

import type { ExtensionField } from "./extension-fields.ts";

/** The wire format of a vendor's own; adapters.ts has the adapter of each. */
export type WireFormat = "openai" | "anthropic" | "google" | "workers-ai";

export interface Vendor {
  /** The part of `provider/model` before the slash. */
  readonly id: string;
  readonly name: string;
  readonly format: WireFormat;
  /**
   * The adapter adds the path, `/chat/completions` or `/responses` in OpenAI's format. A name in braces is a
   * variable of the deployment, without which the vendor cannot be called.
   */
  readonly baseUrl: string;
  /** Where the key goes in OpenAI's format, if not into `authorization`. */
  readonly keyHeader?: string;
  /** The one field that bounds an answer's tokens; some vendors refuse a request with the other. */
  readonly outputLimitField: "max_tokens" | "max_completion_tokens";
  /** Understands `stream_options`. One that does not sends usage with the last chunk unasked. */
  readonly hasStreamOptions: boolean;
  /** Knows the role "developer"; elsewhere such a message goes out as "system", which it renamed. */
  readonly hasDeveloperRole: boolean;
  /** Has `/responses` beside `/chat/completions`, for the requests that must go there (openai/responses-subset.ts). */
  readonly hasResponses: boolean;
  /** What it understands beyond OpenAI's fields; the rest of them is taken out or said otherwise. */
  readonly extensionFields: readonly ExtensionField[];
}

/** One that Sluice knows by itself. */
export interface RegistryVendor extends Vendor {
  /** The secret that holds the key. */
  readonly keyName: string;
}

/** What most vendors have in common. */
export const USUAL = {
  format: "openai",
  outputLimitField: "max_tokens",
  hasStreamOptions: true,
  hasDeveloperRole: false,
  hasResponses: false,
  extensionFields: ["reasoning_content"],
} as const;

export const VENDORS: readonly RegistryVendor[] = [
  {
    ...USUAL,
    id: "openai",
    name: "OpenAI",
    baseUrl: "https://api.openai.com/v1",
    keyName: "OPENAI_API_KEY",
    outputLimitField: "max_completion_tokens", // Reasoning models refuse max_tokens.
    hasDeveloperRole: true,
    hasResponses: true,
    extensionFields: [],
  },
  {
    ...USUAL,
    id: "anthropic",
    name: "Anthropic",
    format: "anthropic",
    baseUrl: "https://api.anthropic.com/v1",
    keyName: "ANTHROPIC_API_KEY",
  },
  {
    ...USUAL,
    id: "google",
    name: "Google Gemini",
    format: "google",
    baseUrl: "https://generativelanguage.googleapis.com/v1beta",
    keyName: "GEMINI_API_KEY",
  },
  {
    ...USUAL,
    id: "mistral",
    name: "Mistral",
    baseUrl: "https://api.mistral.ai/v1",
    keyName: "MISTRAL_API_KEY",
    hasStreamOptions: false, // Fields that it does not know are a 422; usage comes unasked.
    extensionFields: [],
  },
  {
    ...USUAL,
    id: "groq",
    name: "Groq",
    baseUrl: "https://api.groq.com/openai/v1",
    keyName: "GROQ_API_KEY",
    outputLimitField: "max_completion_tokens",
    extensionFields: [], // Earlier thoughts in a message are a 400.
  },
  {
    ...USUAL,
    id: "deepseek",
    name: "DeepSeek",
    baseUrl: "https://api.deepseek.com/v1",
    keyName: "DEEPSEEK_API_KEY",
    extensionFields: ["reasoning_content", "thinking"], // Demands the former between calls of tools.
  },
  {
    ...USUAL,
    id: "xai",
    name: "xAI",
    baseUrl: "https://api.x.ai/v1",
    keyName: "XAI_API_KEY",
    outputLimitField: "max_completion_tokens",
  },
  {
    ...USUAL,
    id: "together",
    name: "Together AI",
    baseUrl: "https://api.together.ai/v1",
    keyName: "TOGETHER_API_KEY",
  },
  {
    ...USUAL,
    id: "fireworks",
    name: "Fireworks AI",
    baseUrl: "https://api.fireworks.ai/inference/v1",
    keyName: "FIREWORKS_API_KEY",
  },
  {
    ...USUAL,
    id: "openrouter",
    name: "OpenRouter",
    baseUrl: "https://openrouter.ai/api/v1",
    keyName: "OPENROUTER_API_KEY",
    extensionFields: ["reasoning_content", "cache_control"],
  },
  {
    // Azure knows deployments, not models: the name that is sent is the deployment's.
    ...USUAL,
    id: "azure",
    name: "Azure OpenAI",
    baseUrl: "{AZURE_OPENAI_ENDPOINT}/openai/v1",
    keyName: "AZURE_OPENAI_API_KEY",
    keyHeader: "api-key",
    outputLimitField: "max_completion_tokens",
    hasDeveloperRole: true,
    hasResponses: true,
  },
  {
    ...USUAL,
    id: "workers-ai",
    name: "Cloudflare Workers AI",
    format: "workers-ai",
    baseUrl: "https://api.cloudflare.com/client/v4/accounts/{CLOUDFLARE_ACCOUNT_ID}/ai/v1",
    keyName: "CLOUDFLARE_API_TOKEN",
  },
];
