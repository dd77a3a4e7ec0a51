/**
 * Time as an argument. Whoever needs the time takes a `Clock`, so a test can stand at any moment and a
 * replay gives the same answer twice.
 *
 * In workerd the clock stands still during computation and moves with I/O: a difference of two readings
 * is time spent waiting, never time spent thinking.
 */

export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
}

export const systemClock: Clock = {
  nowMs() {
    return Date.now();
  },
};
