import { parseIntoClientConfig } from 'pg-connection-string';
import { describe, expect, it } from 'vitest';
import {
  databaseUrlProblem,
  passwordsOf,
  shownUrl,
  smtpUrlProblem,
  temporalAddressProblem,
  webUiProblem,
} from '../../src/settings/server-url.ts';

describe('databaseUrlProblem', () => {
  it.each([
    ['postgresql://app:hunter2@h:5432/db', { host: 'h', port: 5432, database: 'db', user: 'app' }],
    ['postgres://app@h/db', { host: 'h', database: 'db' }],
    ['postgresql://user@/db?host=/run/postgresql', { host: '/run/postgresql', database: 'db', user: 'user' }],
    ['postgresql:///db?host=/run/postgresql', { host: '/run/postgresql', database: 'db' }],
    ['postgresql://user@%2Frun%2Fpostgresql/db', { host: '/run/postgresql', database: 'db' }],
    ['socket:/run/postgresql?db=x', { host: '/run/postgresql', database: 'x' }],
    ['socket://user@/run/postgresql?db=x', { host: '/run/postgresql', database: 'x', user: 'user' }],
    ['postgresql://app:pa%2Fss%23%40%25@h/db?sslmode=disable', { host: 'h', password: 'pa/ss#@%', ssl: false }],
    ['postgresql://app:pa:ss@h/db', { password: 'pa:ss' }],
    ['postgresql://app@[::1]:5432/db', { host: '::1', port: 5432 }],
  ])('takes %s, and the driver reads it so', (url, config) => {
    expect(databaseUrlProblem(url)).toBeUndefined();
    expect(parseIntoClientConfig(url)).toMatchObject(config);
  });

  it.each([
    ['postgresql://app:hunter2#secret@h/db', '#'],
    ['postgresql://app:123#secret@h/db', '#'],
    ['postgresql://app:hunter2/secret@h/db', '@'],
    ['postgresql://app:123/hunter2@h/db', '@'],
    ['postgresql://app:123?hunter2@h/db', '@'],
    ['postgresql://app:hunter2%@h/db', '%'],
    ['postgresql://app:hunter2%zz@h/db', '%'],
    ['postgresql://app:hunter2%ff@h/db', '%'],
    ['app:hunter2@h/db', 'scheme'],
    ['postgresql//app:hunter2@h/db', 'scheme'],
    ['mysql://app:hunter2@h/db', 'scheme'],
    ['postgresql://app:hunter2@h1:5432,h2:5432/db', 'several hosts'],
    ['postgresql://app:hunter2@h1,h2/db', 'several hosts'],
    ['postgresql://app:hunter2@/db?host=/a,/b', 'several hosts'],
    ['postgresql://app:hunter2@h:port/db', 'port'],
    ['postgresql://app:hunter2@h:99999/db', 'port'],
    ['postgresql://app:hunter2@h/db?sslmode=allow', 'sslmode'],
    ['postgresql://app:hunter2@h/db?sslmode=yes', 'sslmode'],
    ['postgresql://app:hunter2@h/db?port=x', 'port'],
    ['postgresql://app:hunter 2@h/db', 'blank'],
    ['postgresql://app:hunter2@h/db\n', 'line break'],
  ])('refuses %j, says why and quotes nothing', (url, word) => {
    const problem = databaseUrlProblem(url);
    expect(problem).toContain(word);
    expect(problem).toMatch(/^expected /);
    expect(problem).not.toMatch(/hunter|secret|app/);
  });
});

describe('the other settings that may hold a credential', () => {
  it.each(['smtp://mail.example.org', 'smtps://me:p%40ss@mail.example.org:465'])('takes %s for mail', (url) => {
    expect(smtpUrlProblem(url)).toBeUndefined();
  });

  it.each([
    'smtps://me:hunter/2@mail',
    'smtps://me:hunter#2@mail',
    'me:hunter2@mail',
    'smtp://me:hunter2@',
    'smtp:hunter2',
  ])('refuses %s for mail and quotes nothing', (url) => {
    expect(smtpUrlProblem(url)).toMatch(/^expected a URL such as smtp/);
    expect(smtpUrlProblem(url)).not.toMatch(/hunter/);
  });

  it.each([
    'https://me:hunter2@ui',
    'ui.example.org/hunter2',
    'https://ui/?token=hunter2',
    'https://ui/#hunter2',
    'https://',
  ])('refuses %s for the Web UI and quotes nothing', (url) => {
    expect(webUiProblem(url)).toMatch(/^expected a URL such as https/);
    expect(webUiProblem(url)).not.toMatch(/hunter/);
  });

  it.each(['temporal:7233', '10.0.0.1:7233', '[::1]:7233', 'ns.acct.tmprl.cloud:7233', 'temporal'])(
    'takes %s for Temporal',
    (address) => {
      expect(temporalAddressProblem(address)).toBeUndefined();
    },
  );

  it.each([
    'https://me:hunter2@temporal:7233',
    'me:hunter2@temporal:7233',
    'temporal:7233/hunter2',
    'temporal:hunter2',
  ])('refuses %s for Temporal and quotes nothing', (address) => {
    expect(temporalAddressProblem(address)).toMatch(/^expected a host and a port/);
    expect(temporalAddressProblem(address)).not.toMatch(/hunter/);
  });
});

describe('shownUrl', () => {
  it.each([
    ['postgresql://app:hunter2@h:5432/db', 'postgresql://app:***@h:5432/db'],
    ['postgresql://app:hun@ter2@h/db', 'postgresql://app:***@h/db'],
    ['postgresql://app@h/db', 'postgresql://app@h/db'],
    ['postgresql://h/db', 'postgresql://h/db'],
  ])('shows the user of %s', (url, shown) => {
    expect(shownUrl(url)).toBe(shown);
  });
});

it('finds passwords in the user-info and in the query', () => {
  expect(passwordsOf('postgresql://u:a%2Fb@/db?host=/x&password=c')).toEqual(['a/b', 'c']);
});
