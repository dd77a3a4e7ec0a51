/**
 * Something in service that can be taken out of it while it is in use.
 *
 * Releasing an onnxruntime session during a run makes that run fail. So what is retired keeps its tasks, and is
 * released when the last of them ends; until then it lies in memory beside what took its place.
 *
 * Invariant: it is released once, after it was retired, and never while a task uses it.
 */

/** What a slot holds and finally lets go. */
export interface Releasable {
  release(): Promise<void>;
}

export class Slot<T extends Releasable> {
  /** Do not keep it: it may be released at any time. */
  readonly value: T;
  readonly #onReleaseFailure: (error: unknown) => void;
  #running = 0;
  #isRetired = false;

  /** The slot owns what it is given. A release that fails is told to `onReleaseFailure`, to no task. */
  constructor(value: T, onReleaseFailure: (error: unknown) => void) {
    this.value = value;
    this.#onReleaseFailure = onReleaseFailure;
  }

  /** Runs `task`; settles as it does. Not after `retire`. */
  async use<R>(task: (value: T) => Promise<R>): Promise<R> {
    this.#running++;
    try {
      return await task(this.value);
    } finally {
      this.#running--;
      this.#releaseWhenIdle();
    }
  }

  /** Takes it out of service. Call it once. */
  retire(): void {
    this.#isRetired = true;
    this.#releaseWhenIdle();
  }

  /** Nobody waits for the release: a task's answer does not depend on it. */
  #releaseWhenIdle(): void {
    if (this.#isRetired && this.#running === 0)
      this.value.release().catch((error: unknown) => this.#onReleaseFailure(error));
  }
}
