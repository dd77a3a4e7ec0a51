/**
 * What was learnt since the weights in service were trained: the vocabulary between whoever decides and whoever has
 * learnt it.
 */
export interface Lesson {
  /** By model, to be added to its score; a model that is absent stays as it is. */
  readonly lifts: ReadonlyMap<string, number>;
  /** Score by which quality floors are to be raised, 0 to 1. */
  readonly caution: number;
}

/** Answers from memory, at once. Never throws. */
export interface Lessons {
  of(asked: {
    readonly tenant: string;
    /** Label of the weights that scored. */
    readonly weights: string;
    /** What the prompt asks for: the graph's demand a(x), abilityWidth numbers. */
    readonly demand: ArrayLike<number>;
    /** Whether the tenant explores: others' traffic tells too little of the models that they do not ask. */
    readonly isExploring: boolean;
  }): Lesson;
}
