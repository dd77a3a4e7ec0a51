/**
 * How often every property is tried: FC_RUNS, or 100. Read by vitest.config.ts and handed over, because
 * a test inside workerd sees no environment of its own. A larger FC_RUNS makes each property a fuzzer.
 */
import * as fc from "fast-check";
import { inject } from "vitest";

declare module "vitest" {
  export interface ProvidedContext {
    propertyRuns: number;
  }
}

fc.configureGlobal({ numRuns: inject("propertyRuns") });
