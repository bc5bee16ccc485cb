/** The record of Josiah Carberry, the person that ORCID itself made up, cut to what the mapping reads. */

export const CARBERRY = {
  'orcid-identifier': { uri: 'https://orcid.org/0000-0002-1825-0097', path: '0000-0002-1825-0097', host: 'orcid.org' },
  person: { name: { 'given-names': 'Josiah', 'family-name': 'Carberry' } },
  'activities-summary': {
    employments: {
      'affiliation-group': [
        {
          'employment-summary': {
            organization: {
              name: 'Brown University',
              'disambiguated-organization': {
                'disambiguated-organization-identifier': 'https://ror.org/05gq02987',
                'disambiguation-source': 'ROR',
              },
            },
          },
        },
        {
          'employment-summary': {
            'end-date': { year: '1980' },
            organization: { name: 'Wesleyan University' },
          },
        },
        {
          'employment-summary': {
            organization: {
              name: 'Harvard University',
              'disambiguated-organization': {
                'disambiguated-organization-identifier': 'grid.38142.3c',
                'disambiguation-source': 'GRID',
              },
            },
          },
        },
      ],
    },
  },
};
