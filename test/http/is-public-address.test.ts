import { describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../src/http/is-public-address.ts';

describe('addresses that are not public', () => {
  it.each([
    ['this host', '0.0.0.0', '0.1.2.3', '::'],
    ['loopback', '127.0.0.1', '127.255.255.254', '::1'],
    ['private', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
    ['shared by a carrier', '100.64.0.1', '100.127.255.255', '100.100.100.200'],
    ['link-local', '169.254.0.1', 'fe80::1', 'fe80::1%eth0', 'febf::1'],
    ['metadata of clouds', '169.254.169.254', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254'],
    ['unique-local and site-local', 'fc00::1', 'fdff::1', 'fec0::1'],
    [
      'documentation and benchmarks',
      '192.0.2.1',
      '198.18.0.1',
      '198.51.100.1',
      '203.0.113.1',
      '2001:db8::1',
      '3fff::1',
    ],
    ['multicast, reserved and broadcast', '224.0.0.1', '240.0.0.1', '255.255.255.255', 'ff02::1'],
    ['IPv4-mapped', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:a9fe:a9fe', '0:0:0:0:0:ffff:10.0.0.1'],
    ['IPv4-compatible', '::127.0.0.1', '::8.8.8.8'],
    ['NAT64', '64:ff9b::127.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b::192.168.0.1', '64:ff9b:1::8.8.8.8'],
    ['6to4 and Teredo', '2002:7f00:1::', '2002:a9fe:a9fe::1', '2002:c0a8:101::1', '2001:0:4136:e378::1'],
    ['discard only and unassigned', '100::1', '4000::1', '8000::1'],
    ['no address', '', 'localhost', '127.1', '1.2.3.4.5', '[::1]'],
  ])('%s', (_kind, ...addresses) => {
    expect(addresses.filter(isPublicAddress)).toEqual([]);
  });
});

it('addresses next to the special ranges are public', () => {
  const addresses = [
    ...['1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.1'],
    ...['169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0', '192.167.255.255', '192.169.0.0'],
    ...['198.17.255.255', '198.20.0.0', '223.255.255.255', '168.63.129.15', '188.184.100.1'],
    ...['2001:1458:d00:1::1', '2606:4700::1111', '2001:4860:4860::8888', '3ffe::1'],
    ...['::ffff:8.8.8.8', '64:ff9b::808:808', '2002:808:808::1'],
  ];
  expect(addresses.filter((address) => !isPublicAddress(address))).toEqual([]);
});
