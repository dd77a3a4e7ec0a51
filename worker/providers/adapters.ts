/** The adapter of each wire format that the registry names. */
import type { Adapter } from "./adapter.ts";
import { ANTHROPIC } from "./anthropic/adapter.ts";
import { GOOGLE } from "./google/adapter.ts";
import { OPENAI_COMPATIBLE } from "./openai/adapter.ts";
import type { WireFormat } from "./registry.ts";
import { WORKERS_AI } from "./workers-ai.ts";

export const ADAPTERS: Readonly<Record<WireFormat, Adapter>> = {
  openai: OPENAI_COMPATIBLE,
  anthropic: ANTHROPIC,
  google: GOOGLE,
  "workers-ai": WORKERS_AI,
};
