/** Where the events of a run come from, by its options and the environment's credentials. */
import { resolve } from "node:path";
import { localSource } from "../events/local-source.ts";
import { s3Source } from "../events/s3-source.ts";
import { folderSource, type EventSource } from "../events/source.ts";
import type { Options } from "./options.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws an Error that names what is missing. */
export async function openEvents(options: Options, env: Environment): Promise<EventSource> {
  if (options.events !== undefined) return folderSource(resolve(options.events));
  if (options.local)
    return localSource(resolve(options["persist-to"] ?? ".wrangler/state"), options.bucket);
  if (!options.remote && options["s3-endpoint"] === undefined)
    throw new Error("Say where the events are: --local, --remote or --events DIR.");
  const account = options["s3-endpoint"] === undefined ? needed(env, "R2_ACCOUNT_ID") : "";
  return s3Source({
    endpoint: options["s3-endpoint"] ?? `https://${account}.r2.cloudflarestorage.com`,
    bucket: options.bucket,
    accessKeyId: needed(env, "R2_ACCESS_KEY_ID"),
    secretAccessKey: needed(env, "R2_SECRET_ACCESS_KEY"),
  });
}

export function needed(env: Environment, name: string): string {
  const value = env[name];
  if (value !== undefined && value !== "") return value;
  throw new Error(`The variable ${name} is not set`);
}
