/** What configs of InvenioRDM may carry in the args of a reader without meaning anything here. */
import { z } from 'zod';

export const ignoredOrigin = z
  .string()
  .optional()
  .describe('Accepted and ignored: InvenioRDM names the file here if there is no reader before it.');

export const ignoredMode = z
  .string()
  .optional()
  .describe('Accepted and ignored: InvenioRDM passes it to Python (`r`, `r|gz`, `r:gz`); here the content decides.');

export const ignoredSince = z
  .unknown()
  .optional()
  .describe('Accepted and ignored: the jobs of InvenioRDM put it into the args of every reader. The run decides.');
