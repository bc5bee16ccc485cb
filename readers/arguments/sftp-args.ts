/** The arguments of the reader `sftp`. */
import { z } from 'zod';
import { namePattern } from './name-pattern.ts';

export const sftpArgs = z
  .strictObject({
    origin: z
      .string()
      .superRefine((text, context) => {
        const fault = faultOfAddress(text);
        if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
      })
      .describe(
        'The address: `sftp://user@host/path/file.csv`, with `:port` for another port than 22. One that ends with `/` is a folder, whose files are read, without its subfolders. A path that begins with `/~/` starts in the home of the user.',
      ),
    username: z.string().min(1).optional().describe('The user name, if it is not in `origin`.'),
    password: z.string().min(1).optional().describe('The password, by `{"$secret": "env:NAME"}`.'),
    private_key: z
      .string()
      .min(1)
      .optional()
      .describe(
        'The text of a private key (OpenSSH or PEM), by `{"$secret": "file:/path"}`. It may be given together with `password`.',
      ),
    passphrase: z.string().min(1).optional().describe('The passphrase of `private_key`, by `{"$secret": "env:NAME"}`.'),
    host_key: z
      .union([fingerprint(), z.array(fingerprint()).min(1)])
      .optional()
      .describe(
        'The fingerprint of the host key, or several: `SHA256:…`, as `ssh-keygen -lf` prints it on the server. Without it, the key must be in `known_hosts`. A key that is unknown or has changed ends the run. Nothing turns this check off.',
      ),
    known_hosts: z
      .string()
      .min(1)
      .optional()
      .describe(
        'A file of known host keys on the machine of the worker. Default: `~/.ssh/known_hosts` of its user and `/etc/ssh/ssh_known_hosts`.',
      ),
    regex: namePattern.describe(
      'In a folder, only files in whose name this regular expression is found (RE2 syntax, searched anywhere).',
    ),
    pick: z
      .enum(['all', 'newest'])
      .default('all')
      .describe(
        'Which of these files are read: `all`, or only the one that changed last (`newest`), as for a folder of dated dumps.',
      ),
    coverage: z
      .enum(['full', 'incremental'])
      .default('full')
      .describe(
        'Whether the files hold everything there is, so that a record that is missing from them has been removed (`full`), or only what changed (`incremental`).',
      ),
    max_files: z.int().positive().default(10_000).describe('The most files of a folder that one run reads.'),
    max_bytes: z
      .int()
      .positive()
      .default(20 * 1024 ** 3)
      .describe('The largest file that is accepted, in bytes. A larger one ends the run before it fills the disk.'),
  })
  .refine((args) => userOf(args) !== undefined, {
    message: 'expected a user name, in "origin" (sftp://user@host/…) or as "username"',
    path: ['origin'],
  })
  .refine((args) => args.username === undefined || userInAddress(args.origin) === undefined, {
    message: 'expected the user name either here or in "origin"',
    path: ['username'],
  })
  .refine((args) => args.password !== undefined || args.private_key !== undefined, {
    message: 'expected "password" or "private_key", by {"$secret": "env:NAME"}',
    path: ['password'],
  })
  .refine((args) => args.passphrase === undefined || args.private_key !== undefined, {
    message: 'expected "private_key" with it',
    path: ['passphrase'],
  })
  .refine((args) => args.host_key === undefined || args.known_hosts === undefined, {
    message: 'expected either "host_key" or "known_hosts"',
    path: ['known_hosts'],
  })
  .refine((args) => isFolder(args.origin) || (args.regex === undefined && args.pick === 'all'), {
    message: 'expected an address of a folder, which ends with "/", where "regex" or "pick" choose files',
    path: ['origin'],
  });

export type SftpArgs = z.infer<typeof sftpArgs>;

export function userOf(args: { readonly origin: string; readonly username?: string | undefined }): string | undefined {
  return args.username ?? userInAddress(args.origin);
}

function userInAddress(origin: string): string | undefined {
  if (faultOfAddress(origin) !== undefined) return undefined;
  const { username } = new URL(origin);
  return username === '' ? undefined : decodeURIComponent(username);
}

export function isFolder(origin: string): boolean {
  return origin.endsWith('/');
}

/** Returns undefined for an address that can be used. */
function faultOfAddress(text: string): string | undefined {
  const form = 'expected an address such as sftp://user@host/path/file.csv';
  if (!/^sftp:\/\//i.test(text) || !URL.canParse(text)) return form;
  const { hostname, pathname, password, search, hash } = new URL(text);
  if (password !== '') return 'expected an address without a password; give "password": {"$secret": "env:NAME"}';
  if (search !== '' || hash !== '') return `${form}; in a path, ? is written %3F and # is written %23`;
  if (hostname === '' || pathname === '') return form;
  try {
    decodeURIComponent(text);
  } catch {
    return `${form}; in a path, % is written %25`;
  }
  return undefined;
}

function fingerprint() {
  return z
    .string()
    .regex(
      /^SHA256:[A-Za-z0-9+/]{43}=?$/,
      'expected a fingerprint such as "SHA256:kU2x…", with 43 characters after it',
    );
}
