/** The parts of a ROR record (schema v2) that the tests look at. */
export interface RorRecord {
  readonly id: string;
  readonly status: string;
  readonly names: readonly {
    readonly value: string;
    readonly lang: string | null;
    readonly types: readonly string[];
  }[];
}
