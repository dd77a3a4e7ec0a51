/** A command of scripts/, run to its end as a user would run it. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";

const run = promisify(execFile);
const failureSchema = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() });

export type Ended = z.infer<typeof failureSchema>;

/** Its exit code and what it wrote; rejects only when it could not be started. */
export async function ranCommand(script: string, ...args: readonly string[]): Promise<Ended> {
  try {
    return { code: 0, ...(await run(process.execPath, [script, ...args])) };
  } catch (error) {
    return failureSchema.parse(error);
  }
}
