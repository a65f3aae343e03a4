import { generateKeyPairSync } from 'node:crypto';
import type {
  KeyPair as CreatedKeyPair,
  CreateKeyPairRequest,
  DeleteKeyPairRequest,
  DescribeKeyPairsRequest,
  DescribeKeyPairsResult,
  ImportKeyPairRequest,
  ImportKeyPairResult,
} from '@aws-sdk/client-ec2';
import { type Ec2Actions, type Ec2Call, requestedTags, setTags } from '../world/call.ts';
import { select, tagSet } from '../world/describe.ts';
import { byIds, refuse } from '../world/errors.ts';
import type { KeyPair } from '../world/state.ts';

function add(call: Ec2Call, name: string, tags: Parameters<typeof setTags>[2]): KeyPair {
  const { state, now } = call;
  if (!/^[\x20-\x7e]{1,255}$/.test(name))
    throw refuse.parameter(`Value (${name}) for parameter KeyName is invalid.`);
  if (Object.values(state.keyPairs).some(it => it.name === name))
    throw refuse.other('InvalidKeyPair.Duplicate', `The keypair already exists: ${name}`);
  const id = call.newId('key');
  const fingerprint = call.random.bytes(20).toString('hex').match(/../g)!.join(':');
  state.keyPairs[id] = { id, name, fingerprint, created: now };
  setTags(call, id, tags);
  return state.keyPairs[id];
}

export const keyPairActions = {
  CreateKeyPair(input: CreateKeyPairRequest, call: Ec2Call): CreatedKeyPair {
    const { id, name, fingerprint } = add(
      call,
      input.KeyName ?? '',
      requestedTags(input.TagSpecifications, 'key-pair'),
    );
    // It opens nothing: no machine of the lab learns of it.
    const { privateKey } = generateKeyPairSync('ed25519');
    const KeyMaterial = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return { KeyPairId: id, KeyName: name, KeyFingerprint: fingerprint, KeyMaterial };
  },

  ImportKeyPair(input: ImportKeyPairRequest, call: Ec2Call): ImportKeyPairResult {
    const { id, name, fingerprint } = add(
      call,
      input.KeyName ?? '',
      requestedTags(input.TagSpecifications, 'key-pair'),
    );
    return { KeyPairId: id, KeyName: name, KeyFingerprint: fingerprint };
  },

  DeleteKeyPair(input: DeleteKeyPairRequest, { state }: Ec2Call): object {
    const found = Object.values(state.keyPairs).find(
      ({ id, name }) => id === input.KeyPairId || name === input.KeyName,
    );
    if (found) {
      delete state.keyPairs[found.id];
      delete state.tags[found.id];
    }
    return { Return: true, ...(found && { KeyPairId: found.id }) };
  },

  DescribeKeyPairs(input: DescribeKeyPairsRequest, { state }: Ec2Call): DescribeKeyPairsResult {
    const all = byIds('keyPair', Object.values(state.keyPairs), input.KeyPairIds);
    const unknown = input.KeyNames?.find(name => !all.some(it => it.name === name));
    if (unknown !== undefined)
      throw refuse.other('InvalidKeyPair.NotFound', `The key pair '${unknown}' does not exist`);
    const named = all.filter(({ name }) => !input.KeyNames?.length || input.KeyNames.includes(name));
    const { page } = select(state, named, input, (it, filter) =>
      filter === 'key-name' ? [it.name] : filter === 'key-pair-id' ? [it.id] : undefined,
    );
    return {
      KeyPairs: page.map(it => ({
        KeyPairId: it.id,
        KeyName: it.name,
        KeyFingerprint: it.fingerprint,
        KeyType: 'rsa',
        CreateTime: new Date(it.created),
        Tags: tagSet(state, it.id),
      })),
    };
  },
} satisfies Ec2Actions;
