import { createOpenaireReader } from './openaire-http/create-openaire-reader.ts';

export const openaireHttp = createOpenaireReader({
  type: 'openaire-http',
  summary: 'The newest projects or organizations of the OpenAIRE Graph',
  description:
    'Finds the newest record of the dataset through the signposting of Zenodo (`Link` header, linkset) and downloads the one tar whose address ends as `tar_hrefs` says into the spool, resumably, with size and checksum as announced.',
  hrefs: ['/project.tar', '/projects.tar'],
  examples: [
    { title: 'All projects', args: { origin: 'full', tar_hrefs: ['/project.tar'] } },
    {
      title: 'Projects that were collected since',
      args: { origin: 'diff', tar_hrefs: ['/project.tar', '/projects.tar'] },
    },
    { title: 'All organizations', args: { origin: 'full', tar_hrefs: ['/organization.tar'] } },
  ],
});
