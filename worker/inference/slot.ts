/**
 * The one thing in service, replaceable while it is in use.
 *
 * Releasing an onnxruntime session during a run makes that run fail. So a task keeps what it began
 * with, even if it is replaced meanwhile, and the replaced one is released when its last task ends.
 * Between a replacement and that release two of them lie in memory.
 *
 * Invariant: each is released exactly once, and never while a task uses it.
 */

/** What a slot holds and finally lets go. */
export interface Releasable {
  release(): Promise<void>;
}

interface Held<T> {
  readonly value: T;
  running: number;
  isRetired: boolean;
}

export class Slot<T extends Releasable> {
  #held: Held<T>;
  readonly #onReleaseFailure: (error: unknown) => void;

  /** The slot owns what it is given. A release that fails is told to `onReleaseFailure`, to no task. */
  constructor(first: T, onReleaseFailure: (error: unknown) => void) {
    this.#held = { value: first, running: 0, isRetired: false };
    this.#onReleaseFailure = onReleaseFailure;
  }

  /** What a task that began now would get. Do not keep it: it may be released at any time. */
  get current(): T {
    return this.#held.value;
  }

  /** Runs `task` on what is in service at the call; settles as the task does. */
  async use<R>(task: (value: T) => Promise<R>): Promise<R> {
    const held = this.#held;
    held.running++;
    try {
      return await task(held.value);
    } finally {
      held.running--;
      this.#releaseWhenIdle(held);
    }
  }

  /** Puts `next`, which is new to the slot, into service at once. */
  replace(next: T): void {
    const old = this.#held;
    this.#held = { value: next, running: 0, isRetired: false };
    old.isRetired = true;
    this.#releaseWhenIdle(old);
  }

  /** Nobody waits for the release: a task's answer does not depend on it. */
  #releaseWhenIdle(held: Held<T>): void {
    if (held.isRetired && held.running === 0)
      held.value.release().catch((error: unknown) => this.#onReleaseFailure(error));
  }
}
