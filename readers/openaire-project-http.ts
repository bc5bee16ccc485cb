import { createOpenaireReader } from './openaire-http/create-openaire-reader.ts';

export const openaireProjectHttp = createOpenaireReader({
  type: 'openaire-project-http',
  summary: 'The older name of openaire-http, for projects',
  description: 'The same as `openaire-http` without `tar_hrefs`. Configs for older InvenioRDM versions use it.',
  deprecated: 'use "openaire-http" with "tar_hrefs": ["/project.tar", "/projects.tar"]',
  hrefs: ['/project.tar', '/projects.tar'],
  examples: [{ title: 'Projects that were collected since', args: { origin: 'diff' } }],
});
