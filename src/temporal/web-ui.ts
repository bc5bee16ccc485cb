/** The page of a run in Temporal's Web UI. `base` is where the UI is served, such as http://127.0.0.1:8233. */
export function webUiLink(base: string, namespace: string, workflowId: string, runId: string): string {
  const run = `${encodeURIComponent(workflowId)}/${encodeURIComponent(runId)}`;
  return `${base.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${run}/history`;
}
