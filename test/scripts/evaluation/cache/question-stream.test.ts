/** Questions as a stream: who is equivalent, and that the nearest earlier one is found exactly. */
import { describe, it } from "vitest";
import { componentsOf } from "../../../../scripts/evaluation/cache/components.ts";
import type { Pair, PairSet } from "../../../../scripts/evaluation/cache/pair-set.ts";
import {
  neighboursOf,
  questionsOf,
  streamOf,
} from "../../../../scripts/evaluation/cache/question-stream.ts";
import { randomFrom } from "../../../../worker/lib/prng.ts";

function pair(a: number, b: number, isEquivalent: boolean): Pair {
  return { a, b, isEquivalent, refusal: undefined, group: "g" };
}

function inGroup(group: string, a: number, b: number): Pair {
  return { ...pair(a, b, true), group };
}

function setOf(...pairs: readonly Pair[]): PairSet {
  const count = 1 + Math.max(...pairs.flatMap(({ a, b }) => [a, b]));
  return { name: "made", texts: Array.from({ length: count }, (_, k) => `question ${k}`), pairs };
}

describe("componentsOf", () => {
  it("joins what links join, however indirectly", ({ expect }) => {
    const links = [
      [0, 4],
      [3, 1],
      [4, 3],
    ] as const;
    const [a, b, c, d, e, f] = componentsOf(6, links);
    expect(new Set([a, b, d, e]).size).toBe(1);
    expect(new Set([a, c, f]).size).toBe(3);
  });
});

describe("questionsOf", () => {
  it("goes along chains, but not where the very two are labelled different", ({ expect }) => {
    const set = setOf(pair(0, 1, true), pair(1, 2, true), pair(0, 2, false), pair(2, 3, false));
    const { texts, isEquivalent, isLabelled } = questionsOf(set, { most: 9, random: () => 0 });
    const [q0, q1, q2, q3] = set.texts.map((text) => texts.indexOf(text));
    expect(isEquivalent(q0!, q1!)).toBe(true);
    expect(isEquivalent(q0!, q2!)).toBe(false);
    expect(isEquivalent(q2!, q3!)).toBe(false);
    expect([isLabelled(q0!, q2!), isLabelled(q3!, q2!), isLabelled(q0!, q3!)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(isEquivalent(q2!, q1!)).toBe(true);
  });

  it("takes whole groups, as many as there is room for", ({ expect }) => {
    const set = setOf(
      inGroup("x", 0, 1),
      inGroup("y", 2, 3),
      inGroup("y", 3, 4),
      inGroup("z", 5, 6),
    );
    for (let seed = 0; seed < 20; seed++) {
      const { texts } = questionsOf(set, { most: 5, random: randomFrom(seed) });
      const [q0, q1, q2, , q4, q5, q6] = set.texts.map((text) => texts.includes(text));
      expect([q0, q2, q5]).toEqual([q1, q4, q6]);
      expect([4, 5]).toContain(texts.length);
    }
    expect(questionsOf(set, { most: 1, random: randomFrom(1) }).texts).toEqual([]);
  });
});

describe("streamOf", () => {
  it("finds the nearest of all earlier questions", ({ expect }) => {
    const random = randomFrom(3);
    const points = Array.from({ length: 120 }, () => random());
    function compare(a: number, b: number): number {
      return 1 - Math.abs(points[a]! - points[b]!);
    }
    const pairs = points.map((_, k) => pair(k, (k + 1) % points.length, k % 3 > 0));
    const questions = questionsOf(setOf(...pairs), { most: 999, random: randomFrom(1) });
    const neighbours = neighboursOf(points.length, compare);
    // Entries say who came before: the stream of one order, held against a search through all of them.
    const refused: [number, number][] = [];
    function refuses(question: number, entry: number): boolean {
      refused.push([question, entry]);
      return false;
    }
    const stream = streamOf(questions, neighbours, { refuses, random: randomFrom(5) });
    expect(stream).toHaveLength(points.length - 1);
    const order = refused.map(([question]) => question);
    const first = points.findIndex((_, place) => !order.includes(place));
    const asked = [first];
    for (const [k, [question, entry]] of refused.entries()) {
      const nearest = Math.max(...asked.map((place) => compare(question, place)));
      expect(stream[k]).toMatchObject({ entry, similarity: nearest });
      expect(asked).toContain(entry);
      expect(stream[k]!.isRight).toBe(questions.isEquivalent(question, entry));
      expect(stream[k]!.isAnswerable).toBe(
        asked.some((place) => questions.meanings[place] === questions.meanings[question]),
      );
      asked.push(question);
    }
  });
});
