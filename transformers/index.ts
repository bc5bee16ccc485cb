import type { Transformer } from '../src/component/transformer.ts';
import { dropWhere } from './drop-where.ts';
import { keepWhere } from './keep-where.ts';
import { map } from './map.ts';
import { openaireAward } from './openaire-award.ts';
import { openaireOrganization } from './openaire-organization.ts';
import { ror } from './ror.ts';
import { rorAffiliations } from './ror-affiliations.ts';
import { rorFunders } from './ror-funders.ts';
import { validate } from './validate.ts';

export const transformers: readonly Transformer[] = [
  ror,
  rorAffiliations,
  rorFunders,
  openaireAward,
  openaireOrganization,
  map,
  dropWhere,
  keepWhere,
  validate,
];
