import type { Transformer } from '../src/component/transformer.ts';
import { ror } from './ror.ts';
import { rorAffiliations } from './ror-affiliations.ts';
import { rorFunders } from './ror-funders.ts';

export const transformers: readonly Transformer[] = [ror, rorAffiliations, rorFunders];
