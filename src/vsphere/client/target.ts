import { Type } from 'typebox';
import type { TargetKind } from '../../engine/model/resource-type.ts';
import { canonicalUrl } from '../http/endpoint.ts';

export { readCa } from '../http/server-trust.ts';

/** A vCenter, or a single ESXi host, as manifests name it under `targets`. */
export const vsphereTarget: TargetKind = {
  name: 'vsphere',
  doc: 'A vCenter Server or ESXi host. The certificate is verified against the system authorities, `ca`, or the pin `sha256`.',
  schema: Type.Object(
    {
      url: Type.String({
        pattern: '^https://[^/?#@\\s]+/?(sdk/?)?$',
        description: 'Address of the server: `https://vcenter.example.com`.',
      }),
      username: Type.String({ minLength: 1, description: 'With its domain: `svc-converge@vsphere.local`.' }),
      password: Type.String({ minLength: 1, 'x-secret': true, description: 'As a reference to a secret.' }),
      ca: Type.Optional(
        Type.String({
          minLength: 1,
          'x-multiline': true,
          description: 'Authority that signed the certificate: path of a PEM file, or its text.',
        }),
      ),
      sha256: Type.Optional(
        Type.String({
          pattern: '^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$',
          description:
            'SHA-256 of the certificate in hex, with or without colons. When given, it alone decides.',
        }),
      ),
      datacenter: Type.Optional(
        Type.String({ minLength: 1, description: 'Name or path of the only datacenter to look for VMs in.' }),
      ),
      transport: Type.Optional(
        Type.Union([Type.Literal('auto'), Type.Literal('datastore'), Type.Literal('nbd')], {
          description:
            "How disks are read. `datastore`: over the HTTPS file service, flat files without other snapshots below. `nbd`: by nbdkit with VMware's VDDK, every kind of disk. `auto`, the default: `nbd` when `nbdkit` is declared, else `datastore`.",
        }),
      ),
      nbdkit: Type.Optional(
        Type.Object(
          {
            program: Type.Optional(
              Type.String({ minLength: 1, description: 'Its path, or a name in PATH; default `nbdkit`.' }),
            ),
            plugin: Type.Optional(
              Type.String({ minLength: 1, description: 'Name or path of the plugin; default `vddk`.' }),
            ),
            libdir: Type.Optional(
              Type.String({
                minLength: 1,
                description: 'Where the VDDK was unpacked: `/opt/vmware-vix-disklib-distrib`.',
              }),
            ),
            transports: Type.Optional(
              Type.String({
                pattern: '^[a-z]+(:[a-z]+)*$',
                description:
                  'Transports of the VDDK in order of preference: `hotadd:nbdssl`; default its own.',
              }),
            ),
            compression: Type.Optional(
              Type.Union(
                [Type.Literal('none'), Type.Literal('zlib'), Type.Literal('fastlz'), Type.Literal('skipz')],
                { description: 'Of what goes over the network between host and VDDK; default `none`.' },
              ),
            ),
          },
          {
            additionalProperties: false,
            description:
              "The nbdkit on this machine that reads disks through VMware's VDDK, which you download yourself.",
          },
        ),
      ),
      limits: Type.Optional(
        Type.Object(
          {
            cycles: Type.Optional(
              Type.Integer({
                minimum: 1,
                description:
                  'Most cycles of its VMs that an agent runs at once; as many as it has slots when left out.',
              }),
            ),
            host_cycles: Type.Optional(
              Type.Integer({
                minimum: 1,
                description: 'Most cycles at once of VMs that run on one ESXi host; no limit when left out.',
              }),
            ),
            datastore_cycles: Type.Optional(
              Type.Integer({
                minimum: 1,
                description:
                  'Most cycles at once of VMs with a disk on one datastore; no limit when left out.',
              }),
            ),
          },
          {
            additionalProperties: false,
            minProperties: 1,
            description: 'What agents ask of it at most.',
          },
        ),
      ),
    },
    { additionalProperties: false },
  ),
  check: ({ ca, sha256 }) =>
    ca === undefined || sha256 === undefined
      ? []
      : [
          {
            pointer: '/ca',
            code: 'contradiction',
            message: 'both an authority and a fingerprint are given, and the fingerprint alone would count',
            hint: 'leave out `ca`, or `sha256`',
          },
        ],
  identity: properties => canonicalUrl(String(properties.url)),
};
