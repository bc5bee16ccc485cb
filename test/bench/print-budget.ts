/** Prints one line of the benchmark: a result with its budget, and whether it is within. */
export function printBudget(what: string, found: string, budget: string, holds: boolean): void {
  console.log(`  ${holds ? 'ok  ' : 'OVER'} ${what.padEnd(44)} ${found.padStart(18)}   budget ${budget}`);
}

/** Prints a comparison with another tool, which has no budget. */
export function printPeer(what: string, ratio: number, theirs: string): void {
  console.log(`       ${what.padEnd(44)} ${`${ratio.toFixed(2)} x`.padStart(18)}   ${theirs}`);
}
