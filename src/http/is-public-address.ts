/** Decides which IP addresses are public. All others belong to this machine, its network, or a special purpose. */
import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** IANA's special-purpose IPv4 ranges, and the two addresses at which clouds serve metadata outside of them. */
const SPECIAL_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** Inside 2000::/3: protocol assignments with Teredo, and documentation. */
const SPECIAL_IPV6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['3fff::', 20],
];

/** Global unicast, and two forms that hold an IPv4 address: IPv4-mapped and NAT64. Everything else is special. */
const ORDINARY_IPV6: readonly (readonly [string, number])[] = [
  ['2000::', 3],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
];

const special = createSpecial();
const ordinaryIpv6 = new BlockList();
for (const [net, prefix] of ORDINARY_IPV6) ordinaryIpv6.addSubnet(net, prefix, 'ipv6');

function createSpecial(): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of SPECIAL_IPV4) {
    // A rule for IPv4 also matches IPv4-mapped addresses.
    list.addSubnet(net, prefix, 'ipv4');
    list.addSubnet(`64:ff9b::${net}`, 96 + prefix, 'ipv6');
    list.addSubnet(to6to4(net), 16 + prefix, 'ipv6');
  }
  for (const [net, prefix] of SPECIAL_IPV6) list.addSubnet(net, prefix, 'ipv6');
  return list;
}

/** 6to4 (RFC 3056) holds the IPv4 address in the 32 bits after 2002. */
function to6to4(ipv4: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = ipv4.split('.').map(Number);
  return `2002:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}::`;
}

/** `address` is an IP address, with or without the zone of IPv6. False for any other text. */
export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, '');
  if (isIPv4(bare)) return !special.check(bare, 'ipv4');
  return isIPv6(bare) && ordinaryIpv6.check(bare, 'ipv6') && !special.check(bare, 'ipv6');
}
