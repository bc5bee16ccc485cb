/** Where to cut a list so that its parts weigh about the same: the indexes at which they begin, the first 0. */
export function cutEvenly(weights: readonly number[], parts: number): readonly number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const cuts = [0];
  let before = 0;
  for (const [index, weight] of weights.entries()) {
    if (index > 0 && cuts.length < parts && before >= (total * cuts.length) / parts) cuts.push(index);
    before += weight;
  }
  return cuts;
}
