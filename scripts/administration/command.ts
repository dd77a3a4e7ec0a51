/** A command of `npm run admin`: a noun, a verb, what it takes, and what it asks a deployment for. */
import type { Connection } from "./connection.ts";
import type { FlagName, Given } from "./flags.ts";

/** What a command is run with. */
export interface Call {
  readonly connection: Connection;
  /** The id that the command line names; "" where the command takes none. */
  readonly id: string;
  readonly given: Given;
}

export interface Outcome {
  /** As the deployment answered. */
  readonly json: unknown;
  /** The same for people; made only when it is wanted. */
  readonly text: () => string;
  /** A new key's. */
  readonly secret?: string;
}

export interface Command {
  readonly noun: "organisation" | "tenant" | "key" | "budget" | "cache" | "feedback" | "event";
  readonly verb: string;
  /** What stands after the verb. */
  readonly operand?: "ID" | "KEY" | "REQUEST" | "FILE,…";
  readonly summary: string;
  readonly flags: readonly FlagName[];
  run(call: Call): Promise<Outcome>;
}

export function pathOf(kind: string, id: string): string {
  return `/admin/${kind}/${encodeURIComponent(id)}`;
}

export function tenantIn({ tenant: id }: Given): string {
  if (id !== undefined && id !== "") return id;
  throw new Error('--tenant says whose; "tenants" lists them.');
}
