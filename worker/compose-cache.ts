/** Env → what is answered again without a vendor. compose.ts builds the rest of the service. */
import { connectRedis } from "./budget/ledger-redis.ts";
import { AnswerCache } from "./cache/answers/answer-cache.ts";
import { MemoryShelf } from "./cache/answers/memory-shelf.ts";
import { Namespaces } from "./cache/answers/namespaces.ts";
import { redisShelf } from "./cache/answers/redis-shelf.ts";
import { coloShelf, kvShelf } from "./cache/answers/shelves.ts";
import { withMemory } from "./cache/neighbours/hot-neighbours.ts";
import { neighboursAt } from "./cache/neighbours/sharded-neighbours.ts";
import { LikenessSearch } from "./cache/semantic/likeness.ts";
import { ConfigError, type Config } from "./config.ts";
import type { CacheKeeper } from "./domain/cache-standing.ts";
import { AiEmbedder } from "./inference/ai-embedder.ts";
import { EMBEDDER } from "./inference/bundled-head.ts";
import { systemClock } from "./lib/clock.ts";
import { pause } from "./lib/pause.ts";
import type { Log } from "./telemetry/log.ts";

/** Undefined where nobody keeps the tenants' namespaces. */
export function cacheOf(
  env: Env,
  { config, log, random }: { config: Config; log: Log; random: () => number },
): { answers: AnswerCache; keeper: CacheKeeper } | undefined {
  const { CACHE: objects, ANSWERS: kv } = env;
  if (objects === undefined) return undefined;
  const clock = systemClock;
  const likeness = likenessOf(env, config);
  const namespaces = new Namespaces({
    objectOf: (tenant) => objects.getByName(tenant),
    clock,
    randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
    erasePrompts: async (label) => likeness?.erase(label),
  });
  const answers = new AnswerCache({
    namespaces,
    near: new MemoryShelf(
      coloShelf(async () => caches.open("sluice-answers")),
      clock,
    ),
    far: config.redis ? redisShelf(connectRedis(config.redis)) : kv && kvShelf(kv),
    likeness,
    clock,
    pause,
    random,
    log: ({ event, ...fields }) => log.write("warn", event, fields),
  });
  return { answers, keeper: namespaces };
}

/** Undefined where nobody keeps an index of prompts. Throws ConfigError without the binding that was asked for. */
function likenessOf(
  { NEIGHBOURS: prompts, AI: ai }: Env,
  { cacheEmbeddings }: Config,
): LikenessSearch | undefined {
  if (prompts === undefined) return undefined;
  if (cacheEmbeddings === "workers-ai" && ai === undefined)
    throw new ConfigError(
      "Correct the deployment's variables: CACHE_EMBEDDINGS is workers-ai, and there is no binding AI",
    );
  const isOwn = cacheEmbeddings === "own" || ai === undefined;
  return new LikenessSearch({
    embedder: isOwn ? EMBEDDER : new AiEmbedder(ai),
    neighboursOf: withMemory(neighboursAt((name) => prompts.getByName(name))),
    clock: systemClock,
  });
}
