/** Real projects as OpenAIRE describes them, shortened, for the examples. */

export const CURRENT_PROJECT = {
  id: 'corda__h2020::7fcd95d1ca46ba3262065573c23ffb51',
  code: '696231',
  acronym: 'SusAn',
  title: 'European Research Area on Sustainable Animal Production Systems',
  startDate: '2016-03-01',
  endDate: '2021-02-28',
  callIdentifier: 'H2020-ISIB-2015-1',
  openAccessMandateForPublications: true,
  openAccessMandateForDataset: false,
  subjects: ['Sustainable livestock production'],
  fundings: [
    {
      shortName: 'EC',
      name: 'European Commission',
      jurisdiction: 'EU',
      fundingStream: {
        id: 'EC::H2020::ERA-NET-Cofund',
        description: 'Horizon 2020 Framework Programme - ERA-NET Cofund',
      },
    },
  ],
  summary: 'Funding organisations from 22 European countries.',
};

export const OLD_PROJECT = {
  id: '40|conicytf____::b122147e0a13f34cdb6311a9d714f9a5',
  websiteurl: 'http://repositorio.conicyt.cl/handle/10533/162452',
  code: '1020683',
  acronym: null,
  title: 'Sintesis y caracterizacion de materiales',
  startdate: '2002-01-15',
  enddate: '2006-01-15',
  callidentifier: null,
  keywords: null,
  subject: [],
  funding: [
    {
      shortName: 'CONICYT',
      name: 'Comisión Nacional de Investigación Científica y Tecnológica',
      jurisdiction: 'CL',
      funding_stream: { id: 'CONICYT::FONDECYT::REGULAR', description: 'Fondecyt regular' },
    },
  ],
  summary: null,
  granted: null,
  h2020programme: [],
};
