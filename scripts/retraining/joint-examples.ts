/** Examples of several places as one list, some rows of each left out, without holding any of them. */
import type { Example, Examples } from "../training/examples.ts";

export class JointExamples implements Examples {
  readonly length: number;
  /** Each with the rows that count, in order. */
  readonly #parts: readonly (readonly [examples: Examples, rows: Uint32Array])[];

  private constructor(parts: readonly (readonly [Examples, Uint32Array])[]) {
    this.#parts = parts;
    this.length = parts.reduce((sum, [, rows]) => sum + rows.length, 0);
  }

  /** All examples of the lists, one list after the other, but those that `keeps` refuses. Reads all of them once. */
  static of(
    lists: readonly Examples[],
    keeps: (example: Example) => boolean = () => true,
  ): JointExamples {
    return new JointExamples(
      lists.map((examples) => {
        const rows: number[] = [];
        let row = 0;
        for (const example of examples) {
          if (keeps(example)) rows.push(row);
          row++;
        }
        return [examples, Uint32Array.from(rows)];
      }),
    );
  }

  at(index: number): Example | undefined {
    if (index < 0) return undefined;
    let left = index;
    for (const [examples, rows] of this.#parts) {
      if (left < rows.length) return examples.at(rows[left]!);
      left -= rows.length;
    }
    return undefined;
  }

  *[Symbol.iterator](): Generator<Example> {
    for (const [examples, rows] of this.#parts) for (const row of rows) yield examples.at(row)!;
  }
}
