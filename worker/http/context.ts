/**
 * What the HTTP layer is given, and what it keeps about a request in flight.
 *
 * Hono's context carries two of our values: the request's tag, minted before anything can fail, and the
 * deps. Everything in http/ reads them from here.
 */
import type { Context } from "hono";
import type { RouterError } from "../domain/errors.ts";
import type { Deps, RequestTag } from "../pipeline/ports.ts";

export interface HttpDeps {
  readonly pipeline: Deps;
  /** Resolves with the reason why a request may not pass, or with undefined. */
  readonly checkAccess: (request: Request) => Promise<RouterError | undefined>;
  readonly maxBodyBytes: number;
  /** Label of the weights in service. */
  readonly weights: () => string;
}

export interface HttpEnv {
  readonly Variables: { readonly tag: RequestTag; readonly deps: HttpDeps };
}

export type HttpContext = Context<HttpEnv>;
