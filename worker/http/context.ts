/**
 * What the HTTP layer is given, and what it keeps about a request in flight.
 *
 * Hono's context carries our values: the request's tag, minted before anything can fail and sealed for its tenant once
 * that is known, the deps, and who asks. Everything in http/ reads them from here.
 */
import type { Context, Handler } from "hono";
import type { CacheKeeper } from "../domain/cache-standing.ts";
import type { Directory, Operator } from "../domain/directory.ts";
import type { RouterError } from "../domain/errors.ts";
import type { EventKeeper } from "../domain/event-standing.ts";
import type { EventLog } from "../domain/event.ts";
import type { FeedbackStore } from "../domain/feedback.ts";
import type { Unbilled } from "../domain/ledger.ts";
import type { RequestIds } from "../domain/request-ids.ts";
import type { Caller } from "../domain/tenant.ts";
import type { Commission, Deps, RequestTag } from "../pipeline/ports.ts";

export interface HttpDeps {
  readonly pipeline: Deps;
  /**
   * Resolves with whom a request comes from, or with the reason why it may not pass.
   * @param keepAlive Takes work that is to go on after the answer; it never rejects.
   */
  readonly checkAccess: (
    request: Request,
    keepAlive: (work: Promise<unknown>) => void,
  ) => Promise<Caller | RouterError>;
  /** The same for /admin, where no tenant's key opens anything. */
  readonly checkOperator: (request: Request) => Promise<Operator | RouterError>;
  /** Undefined where the deployment keeps no tenants. */
  readonly directory: Directory | undefined;
  readonly admin: Administration;
  /** Undefined where the deployment keeps none. */
  readonly feedback: FeedbackStore | undefined;
  /** Undefined where the deployment has none. */
  readonly caches: CacheKeeper | undefined;
  /** Undefined where the deployment keeps none. */
  readonly events: (EventLog & EventKeeper) | undefined;
  /** Prometheus's text. Undefined where nobody watches; rejects when the watch cannot be reached. */
  readonly metrics: (() => Promise<string>) | undefined;
  readonly requestIds: RequestIds;
  readonly maxBodyBytes: number;
  /** Label of the weights in service. */
  readonly weights: () => string;
}

/** What operators may do beside changing the directory. */
interface Administration {
  /**
   * Turns all requests of the gate away from now on, until every isolate has learnt why. May be repeated.
   * Undefined where no ledger is kept.
   */
  readonly shut: ((organisation: string, gate: string) => Promise<void>) | undefined;
  /** Undefined where no ledger is kept. */
  readonly ledgers: Ledgers | undefined;
}

/** Requests whose price nobody knows for certain. Rejects when the ledger cannot be reached. */
interface Ledgers {
  unbilled(organisation: string): Promise<readonly Unbilled[]>;
  /** False where it is none of them. */
  settleByBill(
    organisation: string,
    bill: { readonly requestId: string; readonly costMicroUsd: number },
  ): Promise<boolean>;
}

export interface HttpEnv {
  readonly Variables: {
    readonly tag: RequestTag;
    readonly deps: HttpDeps;
    /** On every route for callers. */
    readonly caller: Caller;
    /** On every route for operators. */
    readonly operator: Operator;
  };
}

export type HttpContext = Context<HttpEnv>;

/** When a request arrived, and now; milliseconds since 1970. */
export interface Elapsed {
  readonly startedMs: number;
  readonly nowMs: number;
}

export function elapsed({ var: { tag, deps } }: HttpContext): Elapsed {
  return { startedMs: tag.startedMs, nowMs: deps.pipeline.clock.nowMs() };
}

/** The request as the pipeline wants it, but for what it asks. */
export function commissionOf(context: HttpContext): Commission {
  const { tag, caller } = context.var;
  const { signal } = context.req.raw;
  return { tag, caller, signal, keepAlive: (work) => context.executionCtx.waitUntil(work) };
}

/** What answers at one path, by method. */
export type Handlers = Readonly<
  Partial<Record<"GET" | "POST" | "PUT" | "PATCH" | "DELETE", Handler<HttpEnv>>>
>;
