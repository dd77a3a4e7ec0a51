/**
 * One run at a time in a work folder. The lock is a file that says who holds it and since when; one whose process is
 * gone is taken over. A process of another machine cannot be looked at, so its lock holds until somebody removes it.
 */
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const holderSchema = z.strictObject({
  pid: z.int().positive(),
  host: z.string(),
  /** ISO 8601, UTC. */
  since: z.string(),
});
export type Holder = z.output<typeof holderSchema>;

export interface Lock {
  release(): Promise<void>;
}

/** The lock, or who has it. @param folder There already. */
export async function takeLock(folder: string, self: Holder): Promise<Lock | Holder> {
  const path = join(folder, "lock");
  const own = join(folder, `lock-${self.pid}`);
  await writeFile(own, JSON.stringify(self));
  try {
    for (;;) {
      if (await isLinked(own, path)) return { release: () => rm(path, { force: true }) };
      const holder = await readHolder(path);
      if (holder !== undefined && !isGone(holder, self)) return holder;
      await takeAway(path, holder, `${own}-stale`);
    }
  } finally {
    await rm(own, { force: true });
  }
}

/** A link is made by one process alone, and what it shows is whole. */
async function isLinked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Undefined where nobody holds it any more. A file that says nothing is held by nobody. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return holderSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    if (codeOf(error) === "EACCES") throw error;
    return undefined;
  }
}

/** Removes the lock of `holder`, and puts back any other that has come meanwhile. */
async function takeAway(path: string, holder: Holder | undefined, to: string): Promise<void> {
  try {
    await rename(path, to);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  const taken = await readHolder(to);
  if (JSON.stringify(taken) !== JSON.stringify(holder)) await isLinked(to, path);
  await rm(to, { force: true });
}

function isGone({ pid, host }: Holder, self: Holder): boolean {
  if (host !== self.host) return false;
  try {
    process.kill(pid, 0);
    return pid === self.pid; // Its number has come round again.
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
