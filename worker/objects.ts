/** The Durable Objects' classes, which the platform finds among the exports of whichever Worker it starts. */
export { LedgerObject } from "./budget/ledger-object.ts";
export { CacheObject } from "./cache/answers/namespace-object.ts";
export { NeighbourObject } from "./cache/neighbours/neighbour-object.ts";
export { FeedbackObject } from "./learning/feedback-object.ts";
export { JournalObject } from "./learning/journal/journal-object.ts";
export { WatchObject } from "./learning/watch/watch-object.ts";
export { DirectoryObject } from "./tenants/directory-object.ts";
export { VitalsObject } from "./vitals/vitals-object.ts";
