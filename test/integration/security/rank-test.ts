// Whether two samples come from one distribution, by ranks: no outlier of a busy machine decides.

/** Two-sided p of the Mann-Whitney U test, by its normal approximation; ties share their rank. */
export function mannWhitneyP(left: readonly number[], right: readonly number[]): number {
  const all = [
    ...left.map((value) => ({ value, mine: true })),
    ...right.map((value) => ({ value, mine: false })),
  ];
  all.sort((one, other) => one.value - other.value);
  let rankSum = 0;
  let ties = 0;
  for (let at = 0; at < all.length;) {
    let end = at;
    while (end < all.length && all[end]!.value === all[at]!.value) end++;
    const rank = (at + 1 + end) / 2;
    for (let tied = at; tied < end; tied++) if (all[tied]!.mine) rankSum += rank;
    ties += (end - at) ** 3 - (end - at);
    at = end;
  }
  const [n, m, total] = [left.length, right.length, all.length];
  const u = rankSum - (n * (n + 1)) / 2;
  const spread = Math.sqrt(((n * m) / 12) * (total + 1 - ties / (total * (total - 1))));
  return 2 * upperTail(Math.abs(u - (n * m) / 2) / spread);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** P(Z > z) of the normal distribution (Abramowitz and Stegun 26.2.17). */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.231_641_9 * z);
  const polynomial =
    t *
    (0.319_381_53 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
}
