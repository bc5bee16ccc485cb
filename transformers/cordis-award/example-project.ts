/** A real project of CORDIS as the reader `xml` gives it, shortened, for the example. */

export const TIME_2_SWITCH = {
  language: 'en',
  rcn: '264556',
  id: '101117736',
  acronym: 'Time2SWITCH',
  identifiers: { grantdoi: '10.3030/101117736' },
  teaser: 'I envision a new drug delivery system.',
  objective: 'I envision a new drug delivery system capable spatiotemporal release with electronic precision.',
  title: 'Bioorthogonal Iontronic Chemistry: Spatiotemporal Drug Release with Electronic Precision',
  startdate: '2024-09-01',
  enddate: '2029-08-31',
  relations: {
    associations: {
      organization: {
        '@type': 'coordinator',
        '@order': '1',
        id: '999979888',
        legalname: 'TECHNISCHE UNIVERSITAET WIEN',
        shortname: 'TU WIEN',
      },
      programme: [
        { '@uniqueprogrammepart': 'true', '@type': 'relatedLegalBasis', code: 'HORIZON.1.1' },
        { '@type': 'relatedTopic', code: 'ERC-2023-STG', frameworkprogramme: 'HORIZON' },
      ],
      weblink: { '@type': 'relatedWebsite', '@represents': 'project', physurl: 'https://time2switch.eu/' },
    },
    categories: {
      category: { '@classification': 'euroSciVoc', '@type': 'isInFieldOfScience', code: '/21/39/225' },
    },
  },
};

export const TIME_2_SWITCH_AWARD = {
  id: '00k4n6c32::101117736',
  number: '101117736',
  title: { en: 'Bioorthogonal Iontronic Chemistry: Spatiotemporal Drug Release with Electronic Precision' },
  description: {
    en: 'I envision a new drug delivery system capable spatiotemporal release with electronic precision.',
  },
  short_description: { en: 'I envision a new drug delivery system.' },
  acronym: 'Time2SWITCH',
  program: 'HORIZON.1.1',
  website: 'https://time2switch.eu/',
  funder: { id: '00k4n6c32' },
  start_date: '2024-09-01',
  end_date: '2029-08-31',
  subjects: [{ id: 'euroscivoc:225' }],
  organizations: [{ id: '04d836q62' }],
  identifiers: [
    { identifier: 'https://cordis.europa.eu/projects/101117736', scheme: 'url' },
    { identifier: '10.3030/101117736', scheme: 'doi' },
  ],
};
