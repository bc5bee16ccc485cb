/** The transformers that come with vocab-sync, by type; see readers/index.ts. */
import type { ComponentImports } from '../src/component/catalog.ts';
import type { Transformer } from '../src/component/transformer.ts';

export const transformers: ComponentImports<Transformer> = {
  ror: async () => (await import('./ror.ts')).ror,
  'ror-affiliations': async () => (await import('./ror-affiliations.ts')).rorAffiliations,
  'ror-funders': async () => (await import('./ror-funders.ts')).rorFunders,
  'openaire-award': async () => (await import('./openaire-award.ts')).openaireAward,
  'openaire-organization': async () => (await import('./openaire-organization.ts')).openaireOrganization,
  'cordis-award': async () => (await import('./cordis-award.ts')).cordisAward,
  orcid: async () => (await import('./orcid.ts')).orcid,
  'edmo-organization': async () => (await import('./edmo-organization.ts')).edmoOrganization,
  'mesh-subjects': async () => (await import('./mesh-subjects.ts')).meshSubjects,
  'euroscivoc-transformer': async () => (await import('./euroscivoc-transformer.ts')).euroscivocTransformer,
  'gemet-transformer': async () => (await import('./gemet-transformer.ts')).gemetTransformer,
  'nvs-transformer': async () => (await import('./nvs-transformer.ts')).nvsTransformer,
  map: async () => (await import('./map.ts')).map,
  'drop-where': async () => (await import('./drop-where.ts')).dropWhere,
  'keep-where': async () => (await import('./keep-where.ts')).keepWhere,
  validate: async () => (await import('./validate.ts')).validate,
  xml: async () => (await import('./xml.ts')).xml,
};
