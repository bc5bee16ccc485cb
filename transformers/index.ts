import type { Transformer } from '../src/component/transformer.ts';
import { cordisAward } from './cordis-award.ts';
import { dropWhere } from './drop-where.ts';
import { edmoOrganization } from './edmo-organization.ts';
import { euroscivocTransformer } from './euroscivoc-transformer.ts';
import { gemetTransformer } from './gemet-transformer.ts';
import { keepWhere } from './keep-where.ts';
import { map } from './map.ts';
import { meshSubjects } from './mesh-subjects.ts';
import { nvsTransformer } from './nvs-transformer.ts';
import { openaireAward } from './openaire-award.ts';
import { openaireOrganization } from './openaire-organization.ts';
import { orcid } from './orcid.ts';
import { rorAffiliations } from './ror-affiliations.ts';
import { rorFunders } from './ror-funders.ts';
import { ror } from './ror.ts';
import { validate } from './validate.ts';
import { xml } from './xml.ts';

export const transformers: readonly Transformer[] = [
  ror,
  rorAffiliations,
  rorFunders,
  openaireAward,
  openaireOrganization,
  cordisAward,
  orcid,
  edmoOrganization,
  meshSubjects,
  euroscivocTransformer,
  gemetTransformer,
  nvsTransformer,
  map,
  dropWhere,
  keepWhere,
  validate,
  xml,
];
