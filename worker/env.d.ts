/**
 * What wrangler.toml and the deployment's secrets put into `env`, by hand and to the letter. Values are
 * read in config.ts and nowhere else; bindings are handed out in compose.ts.
 */
interface Env {
  /** Published router weights: a pointer, and blobs under their digests. */
  readonly WEIGHTS?: KVNamespace;
  /** Where isolates tell one another which vendors fail. */
  // oxlint-disable-next-line typescript/consistent-type-imports -- an import would make Env local
  readonly VITALS?: DurableObjectNamespace<import("./vitals/vitals-object.ts").VitalsObject>;
  /** The ledger of each organisation. */
  // oxlint-disable-next-line typescript/consistent-type-imports -- an import would make Env local
  readonly LEDGER?: DurableObjectNamespace<import("./budget/ledger-object.ts").LedgerObject>;
  /** Organisations, tenants and keys. */
  readonly DIRECTORY?: DurableObjectNamespace<
    // oxlint-disable-next-line typescript/consistent-type-imports -- as above
    import("./tenants/directory-object.ts").DirectoryObject
  >;
  /** What each tenant has said of its answers. */
  readonly FEEDBACK?: DurableObjectNamespace<
    // oxlint-disable-next-line typescript/consistent-type-imports -- as above
    import("./learning/feedback-object.ts").FeedbackObject
  >;
  /** What each tenant's cache is as a whole. */
  readonly CACHE?: DurableObjectNamespace<
    // oxlint-disable-next-line typescript/consistent-type-imports -- as above
    import("./cache/answers/namespace-object.ts").CacheObject
  >;
  /** Answers that are kept, behind what each colo has of them. */
  readonly ANSWERS?: KVNamespace;
  /** The prompts of cached answers, by likeness. */
  readonly NEIGHBOURS?: DurableObjectNamespace<
    // oxlint-disable-next-line typescript/consistent-type-imports -- as above
    import("./cache/neighbours/neighbour-object.ts").NeighbourObject
  >;
  /** The journal of each tenant. */
  readonly JOURNAL?: DurableObjectNamespace<
    // oxlint-disable-next-line typescript/consistent-type-imports -- as above
    import("./learning/journal/journal-object.ts").JournalObject
  >;
  /** Tickets of files of events; this Worker is the queue's consumer too. */
  // oxlint-disable-next-line typescript/consistent-type-imports -- as above
  readonly EVENTS?: Queue<import("./learning/journal/tickets.ts").Ticket>;
  /** Events, as files. */
  readonly EVENT_FILES?: R2Bucket;
  /** Who watches the service as a whole. */
  // oxlint-disable-next-line typescript/consistent-type-imports -- an import would make Env local
  readonly WATCH?: DurableObjectNamespace<import("./learning/watch/watch-object.ts").WatchObject>;
  /** Tickets that ask for a new router; whoever trains pulls them. */
  // oxlint-disable-next-line typescript/consistent-type-imports -- as above
  readonly RETRAIN?: Queue<import("./domain/retraining.ts").RetrainTicket>;
  /** Alerts on their way to the webhook; this Worker is the queue's consumer too. */
  readonly ALERTS?: Queue;
  /** The day's ticket for whoever trains; pulled over HTTP. */
  readonly RETRAIN?: Queue;
  readonly ALERT_WEBHOOK_URL?: string;
  readonly ALERT_WEBHOOK_SECRET?: string;
  readonly SLUICE_API_KEY?: string;
  readonly SLUICE_ADMIN_KEY?: string;
  readonly SLUICE_KEY_SECRET?: string;
  readonly ACCESS_TEAM_DOMAIN?: string;
  readonly ACCESS_AUD?: string;
  readonly UPSTASH_REDIS_REST_URL?: string;
  readonly UPSTASH_REDIS_REST_TOKEN?: string;
  readonly OPENAI_API_KEY?: string;
  readonly ANTHROPIC_API_KEY?: string;
  readonly GEMINI_API_KEY?: string;
  readonly MISTRAL_API_KEY?: string;
  readonly GROQ_API_KEY?: string;
  readonly DEEPSEEK_API_KEY?: string;
  readonly XAI_API_KEY?: string;
  readonly TOGETHER_API_KEY?: string;
  readonly FIREWORKS_API_KEY?: string;
  readonly OPENROUTER_API_KEY?: string;
  readonly AZURE_OPENAI_API_KEY?: string;
  readonly AZURE_OPENAI_ENDPOINT?: string;
  readonly CLOUDFLARE_API_TOKEN?: string;
  readonly CLOUDFLARE_ACCOUNT_ID?: string;
  /** Workers AI, where it is bound; used without a token. */
  readonly AI?: Ai;
  readonly COMPATIBLE_VENDORS?: string;
  readonly VENDOR_BASE_URL?: string;
  readonly WEIGHTS_TTL_MS?: string;
  readonly WEIGHTS_PUBLIC_KEYS?: string;
  readonly MAX_BODY_BYTES?: string;
  readonly CONNECT_TIMEOUT_MS?: string;
  readonly FIRST_BYTE_TIMEOUT_MS?: string;
  readonly ANSWER_TIMEOUT_MS?: string;
  readonly IDLE_TIMEOUT_MS?: string;
  readonly TOTAL_TIMEOUT_MS?: string;
  readonly CIRCUITS?: string;
  readonly CACHE_EMBEDDINGS?: string;
  readonly EVENT_FILES_AFTER_MS?: string;
  readonly STAND_IN_KEYS?: string;
  readonly LOG_LEVEL?: string;
}
