/** Polls: the condition is asked again until it holds. */
export async function until<T>(what: string, ask: () => Promise<T | undefined | false>, seconds = 30): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${String(seconds)} seconds for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
