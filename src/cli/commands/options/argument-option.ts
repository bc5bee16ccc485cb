import { Option } from 'commander';

/** `--arg year=2026 --arg programme=HE` */
export function argumentOption(): Option {
  return new Option('--arg <name=value>', 'a value of an argument that the job declares; may be given again').argParser(
    (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
  );
}
