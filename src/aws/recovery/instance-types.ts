import type { CloudType, TypeCloud } from '../../recovery/model/instance-types.ts';
import type { RecoveryConnection } from './connection.ts';

export function awsTypes({ ec2, onEc2 }: RecoveryConnection): TypeCloud {
  /** Answers by what was asked: what a type is doesn't change while a command runs, and each machine asks. */
  const told = new Map<string, Promise<CloudType[]>>();
  return {
    list(patterns, signal) {
      const asked = patterns.join();
      const types = told.get(asked) ?? ask(patterns, signal);
      told.set(asked, types);
      types.catch(() => told.delete(asked));
      return types;
    },
  };

  async function ask(patterns: readonly string[], signal?: AbortSignal): Promise<CloudType[]> {
    const found: CloudType[] = [];
    let NextToken: string | undefined;
    do {
      const command = new ec2.DescribeInstanceTypesCommand({
        Filters: [
          { Name: 'instance-type', Values: [...patterns] },
          { Name: 'processor-info.supported-architecture', Values: ['x86_64'] },
          { Name: 'bare-metal', Values: ['false'] },
        ],
        MaxResults: 100,
        ...(NextToken !== undefined && { NextToken }),
      });
      const answer = await onEc2(
        'DescribeInstanceTypes',
        patterns.join(', '),
        (client, options) => client.send(command, options),
        { signal },
      );
      for (const it of answer?.InstanceTypes ?? [])
        found.push({
          name: it.InstanceType ?? '',
          cpus: it.VCpuInfo?.DefaultVCpus ?? 0,
          memory: it.MemoryInfo?.SizeInMiB ?? 0,
          bootModes: it.SupportedBootModes ?? [],
          tpm: it.NitroTpmSupport === 'supported',
          dedicatedHosts: it.DedicatedHostsSupported ?? false,
        });
      NextToken = answer?.NextToken || undefined;
    } while (NextToken !== undefined);
    return found;
  }
}
