/** What the workflow bundle holds: the exported functions are the workflow types. */
export { measureImpact } from './measure-impact.ts';
export { notify } from './notify.ts';
export { runJob } from './run-job.ts';
