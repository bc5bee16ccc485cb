/** Whether new runs start on the version of this worker. */
import type { Logger } from '../component/services.ts';
import { messageOf } from '../errors.ts';
import type { TemporalClient } from './client.ts';

/** Logs how to route new runs to this version if they do not start here yet. Never throws. */
export async function reportVersion(
  { client, namespace }: Pick<TemporalClient, 'client' | 'namespace'>,
  { name, buildId }: { readonly name: string; readonly buildId: string },
  logger: Logger,
): Promise<void> {
  const current = await findCurrent(client, namespace, name).catch((thrown: unknown) => {
    logger.debug('The current version of the worker deployment could not be read.', { error: messageOf(thrown) });
    return undefined;
  });
  const about = { deployment: name, build_id: buildId, current: current ?? null };
  if (current === buildId) {
    logger.info('New runs start on the version of this worker.', about);
    return;
  }
  logger.warn(
    `New runs do not start on the version of this worker yet. Make it the current one: temporal worker deployment set-current-version --deployment-name ${name} --build-id ${buildId}`,
    about,
  );
}

/** Undefined if no version is current, or Temporal does not know the deployment yet. */
async function findCurrent(
  client: TemporalClient['client'],
  namespace: string,
  deploymentName: string,
): Promise<string | undefined> {
  const { workerDeploymentInfo } = await client.workflowService.describeWorkerDeployment({ namespace, deploymentName });
  return workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId ?? undefined;
}
