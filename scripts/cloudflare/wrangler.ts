/**
 * wrangler's command line: run beside its configuration, whatever the working directory, and never without end.
 * It says nothing of this machine to anybody: what it would send unasked is switched off, whatever the environment
 * says.
 */
import { fileURLToPath } from "node:url";
import { runInGroup } from "./process-group.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const WRANGLER = fileURLToPath(
  new URL("bin/wrangler.js", import.meta.resolve("wrangler/package.json")),
);
/** Long beside a bundle on a busy machine or an upload of some megabytes. */
const TIMEOUT_MS = 120_000;

/** Environment without telemetry, error reports, banner and the download of sample `request.cf` data. */
export const OFFLINE = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
} as const;

/** What wrangler wrote to stdout. Rejects with the command and all that wrangler wrote in the message where it fails or takes two minutes. */
export function runWrangler(
  args: readonly string[],
  timeoutMs = TIMEOUT_MS,
): Promise<Buffer<ArrayBuffer>> {
  return runInGroup(`wrangler ${args.slice(0, 4).join(" ")}`, {
    args: [WRANGLER, ...args],
    cwd: ROOT,
    env: { ...process.env, ...OFFLINE },
    timeoutMs,
  });
}
