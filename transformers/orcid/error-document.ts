/** What ORCID gives in place of a record that it does not show: a document that says why. It stands in the dumps too. */
import { skip, type Skip } from '../../src/component/transformer.ts';
import { RecordError } from '../../src/errors.ts';
import { textAt } from '../xml-element/read-element.ts';

/** By ORCID's own number of the error. */
const REASONS: Readonly<Record<string, readonly [code: string, message: string]>> = {
  '9018': ['locked', 'its record is locked'],
  '9044': ['deactivated', 'its record was deactivated'],
  '9007': ['deprecated', 'its record was replaced by another of the same person'],
};

/** A record that is not shown on purpose is left out; anything else throws RecordError. */
export function readErrorDocument(error: unknown): Skip {
  const number = textAt(error, 'error-code');
  const reason = number === undefined || !Object.hasOwn(REASONS, number) ? undefined : REASONS[number];
  if (reason !== undefined) return skip(...reason, idIn(textAt(error, 'developer-message')));
  const told = textAt(error, 'user-message') ?? textAt(error, 'developer-message') ?? 'without a message';
  const status = textAt(error, 'response-code') ?? 'without a status';
  throw new RecordError(
    'E_RECORD_TYPE',
    `Expected an ORCID record, found ORCID's error document (${status}, ${number ?? 'without a number'}): ${told.slice(0, 300)}`,
  );
}

/** The document names the person only in its text: `… ORCID https://orcid.org/0000-0002-1825-0097`. */
function idIn(text: string | undefined): string | undefined {
  return /\borcid\.org\/(\d{4}-\d{4}-\d{4}-\d{3}[\dX])\b/.exec(text ?? '')?.[1];
}
