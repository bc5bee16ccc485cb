/** The fields of a ROR record. */
import { createFieldReader } from '../../src/records/field-reader.ts';

export { describeValue } from '../../src/records/field-reader.ts';

export const { readText, readObject, readList, readTexts, wrongType } = createFieldReader('ROR record');
