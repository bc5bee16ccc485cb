/** One line of the benchmark: what was found beside its budget, and whether it holds. */
export function printBudget(what: string, found: string, budget: string, holds: boolean): void {
  console.log(`  ${holds ? 'ok  ' : 'OVER'} ${what.padEnd(44)} ${found.padStart(18)}   budget ${budget}`);
}
