/** What the workflow bundle holds: the exported functions are the workflow types. */
export { runJob } from './run-job.ts';
