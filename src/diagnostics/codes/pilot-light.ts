import type { Meanings } from './meaning.ts';

export const pilotLight = {
  'address-in-one-subnet': {
    means: 'A private address is declared beside several subnets, and it is in one of them alone.',
    wayOut: 'Remove the address, or the other subnets.',
  },
  'address-reserved': {
    means: 'EC2 gives this address of the subnet to no machine.',
    wayOut: 'Give the target another `private_address`.',
  },
  'address-taken': {
    means: "The address that a machine is to have is somebody else's.",
    wayOut: 'Free it where the message says, or declare another.',
  },
  'admin-everywhere': {
    means: 'RDP or SSH would be opened to the whole Internet.',
    wayOut: 'Name the networks of those who administer the machine.',
  },
  'foreign-object': {
    means: 'Something in AWS was to be removed, and nothing shows that converge made this very object.',
    wayOut: 'Remove it yourself, or have converge take it over, as the message says.',
  },
  'group-ambiguous': {
    means: 'Several security groups of the account have that name.',
    wayOut: 'Say which by `vpc`.',
  },
  'group-foreign': {
    means: "A security group has the name of one of converge's and not its tag.",
    wayOut: 'Rename or remove it.',
  },
  'group-in-use': {
    means: 'A security group of a recovery target still has a machine in it.',
    wayOut: 'Remove what runs: `converge failover cleanup PLAN`.',
  },
  'group-name': {
    means: 'EC2 takes no new security group of that name.',
    wayOut: 'Name it otherwise.',
  },
  'group-not-found': {
    means: "The VPC of a recovery target's subnet has no security group of that name or id.",
    wayOut: 'Correct it, or make the group first.',
  },
  'group-open': {
    means: 'A security group that must let nothing in or out was changed while it was made.',
    wayOut: 'Run again, and find out who changes it.',
  },
  'network-and-parts': {
    means: 'A plan names both a network for its tests and parts of one.',
    wayOut: 'Remove one of the two.',
  },
  'network-door-foreign': {
    means:
      'A network that is to be isolated has a gateway, a peering, an endpoint or a Resolver rule of others.',
    wayOut: 'Detach or remove it: converge takes away nothing that it did not make.',
  },
  'network-in-use': {
    means: 'A part of an isolated network is used by something, so that it is not removed.',
    wayOut: 'End what runs in it: `converge failover cleanup PLAN`.',
  },
  'network-missing': {
    means: 'A plan does not say which network its tests run in.',
    wayOut: 'Name an `isolated_network`, or a subnet and a security group.',
  },
  'network-mixed': {
    means: 'The subnets and the security group of a test are not of one VPC.',
    wayOut: 'Name some of one VPC.',
  },
  'network-not-found': { means: 'A subnet or its network is not there.', wayOut: 'Correct its id.' },
  'network-open': {
    means: 'The network of a test leads somewhere else: a copy of production could reach it.',
    wayOut: 'Take away what the message names, or name another subnet.',
  },
  'network-title': {
    means: 'The title of an isolated network has characters that EC2 does not take in names.',
    wayOut: 'Use letters, digits, dots, hyphens and underscores.',
  },
  'network-opened': {
    means: 'Something led out of the network of a test when its machines had run in it.',
    wayOut: 'Remove the test at once, and see to who reached its machines, and whom they reached.',
  },
  'network-twice': {
    means: 'Several VPCs say that they are the same isolated network.',
    wayOut: 'Take the tag from those that are not meant.',
  },
  'other-vpc': {
    means: 'Subnets of a recovery target are in different VPCs.',
    wayOut: 'Name subnets of one.',
  },
  'owner-record-unreadable': {
    means: "The record that would show that converge made an object can't be read, so it isn't removed.",
    wayOut: 'Run again when it can be read, or remove the object yourself.',
  },
  'reserved-tag': {
    means: 'A tag begins with a prefix that AWS or converge keeps for itself.',
    wayOut: 'Give it another name.',
  },
  'role-foreign': {
    means: 'A role of that name is in the account, and converge did not make it.',
    wayOut: 'Name the role otherwise, or give it the tag that the message names.',
  },
  'role-name': {
    means: 'IAM takes no role of that name.',
    wayOut: 'Use 1 to 64 letters, digits and `+=,.@_-`.',
  },
  'role-not-found': {
    means: 'The account has no role of that name.',
    wayOut: 'Correct the name.',
  },
  'subnet-outside': {
    means: 'A subnet of an isolated network lies outside of the addresses of the network.',
    wayOut: 'Correct it, or widen `cidr`.',
  },
  'subnets-overlap': {
    means: 'Two subnets of an isolated network have addresses in common.',
    wayOut: 'Give each its own.',
  },
  'trust-missing': {
    means: 'A role is declared that nobody may act as.',
    wayOut: 'Add `trusted_by`.',
  },
  'wrong-cidr': {
    means: "A network isn't written as IPv4 in CIDR form.",
    wayOut: 'Correct it: `203.0.113.0/24`.',
  },
  'wrong-ipv4': {
    means: "An address isn't IPv4.",
    wayOut: 'Correct it.',
  },
  'wrong-ports': {
    means: "A rule has ports that don't go from low to high up to 65535, or its protocol has none.",
    wayOut: 'Write one, `443`, or two, `49152-65535`, and none for `all` and `icmp`.',
  },
  'zones-unused': {
    means: 'A role names hosted zones of Route 53, and its job switches no record of DNS.',
    wayOut: 'Remove `zones`, or give the role the job of an `operator`.',
  },
} as const satisfies Meanings;
