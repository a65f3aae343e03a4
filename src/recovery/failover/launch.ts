import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { until } from '../../io/until.ts';
import {
  type AddressHolder,
  type CloudImage,
  type CloudInstance,
  type NewInstance,
  type NotRun,
  RUN_TAG,
} from '../model/machines.ts';
import { note } from '../run/keep.ts';
import { ATTEMPT_TAG, attemptTags, elsewhere, machineTags, VM_TAG, type Way, waysOf } from '../run/names.ts';
import { attemptOf, type RunMachine } from '../run/run.ts';
import { type Billing, billingOf, isBilledAs, sayBilling } from '../target/billing.ts';
import { wordsOf } from '../target/sizing.ts';
import { imageOf } from './image-of.ts';
import { goOn, lookEvery, patience, type RehearseOptions, settled } from './options.ts';
import { orderTags } from './post-launch.ts';

/**
 * Launches a machine once, whoever asks, and waits until it runs. Linux starts from an image of its own
 * disks, so that no recovered disk meets another system. Windows starts from its shell, in `group`, and
 * has none of them yet; whatever takes over starts there too.
 *
 * @throws Failure `no-room`, `license-mismatch`, `shell-missing`, `shell-boot-mode`, `machine-not-launched`
 */
export async function launch(machine: RunMachine, group: string, options: RehearseOptions): Promise<string> {
  const { repository, run, cloud, clock, step, signal } = options;
  const { machines } = cloud;
  const { start } = run;
  const tags = machineTags(repository.id, start, machine.uuid);
  const ways = waysOf(repository.id, start, machine, attemptOf(run, machine.vm));
  const tokens = new Set(ways.map(({ token }) => token));
  const before = options.begunHere ? [] : await machines.instances(tags, signal);
  const known = before.find(
    one =>
      one.token !== undefined && tokens.has(one.token) && !/^(terminated|shutting-down)$/.test(one.state),
  );
  let image = '';
  if (!known) {
    image = machine.shell ? await shellOf(machine, options) : await imageOf(machine, tags, options);
    await step(`run-${machine.vm}`);
  }
  const into = machine.shell || machine.landing ? group : start.group;
  const { id, token } = known ?? (await runSomewhere(machine, ways, image, into, tags, options));
  const recorded = run.steps.some(one => one.what === 'launched' && one.instance === id);
  if (!recorded) {
    await step(`launched-${machine.vm}`);
    const launched = { vm: machine.vm, image, instance: id, ...elsewhere(ways, token) };
    await note(repository, run, { at: clock.now(), what: 'launched', ...launched });
  }
  const isNew = known === undefined;
  await settled(options, `instance ${id} of ${machine.vm}`, isNew, async () => {
    const found = (await machines.instances(tags, signal)).find(one => one.id === id);
    return judged(found, machine);
  });
  return id;
}

/** Tries the declared types and subnets one after the other. */
async function runSomewhere(
  machine: RunMachine,
  ways: readonly Way[],
  image: string,
  group: string,
  tags: Record<string, string>,
  options: RehearseOptions,
): Promise<Pick<CloudInstance, 'id' | 'token'>> {
  const { repository, run, say } = options;
  const { start } = run;
  const { vm, key_pair, tenancy, host_resource_group, landing } = machine;
  const attempt = attemptOf(run, vm);
  // A shell may be a copy of the machine itself: it is told nothing, and so does nothing.
  const order = machine.shell ? {} : orderTags(repository.id, start, machine, attempt);
  const tried: string[] = [];
  const full = new Set<string>();
  for (const { type, subnet, address, token } of ways) {
    if (full.has(subnet)) continue;
    const answer = await runAt(
      {
        image,
        type,
        subnet,
        groups: [group],
        ...(address !== undefined && { address }),
        ...(key_pair !== undefined && { keyPair: key_pair }),
        ...(tenancy !== undefined && { tenancy }),
        ...(host_resource_group !== undefined && { hostResourceGroup: host_resource_group }),
        token,
        tags: {
          ...landing?.tags,
          ...tags,
          ...attemptTags(attempt),
          ...order,
          Name: landing ? vm : `${vm} (test of ${start.plan})`,
        },
        ...(machine.post_launch && { readsTags: true }),
      },
      machine,
      options,
    );
    if ('instance' in answer) return { id: answer.instance, token };
    tried.push(`${type} in ${subnet}: ${answer.why}`);
    if (answer.refused === 'subnet-full') full.add(subnet);
    say?.(`${vm}: no room for ${answer.refused === 'subnet-full' ? 'anything' : type} in ${subnet}`);
  }
  throw new Failure(
    world('no-room', own`EC2 has no room for ${vm}: ${tried.join('; ')}`, {
      hint: landing
        ? 'run again later to go on'
        : "run again later to go on, or remove this test with `converge failover cleanup PLAN PATHS` and begin another with more types (`fallback: { instance_types: [ ... ] }` of the target) or subnets (`fallback: { subnets: [ ... ] }` of the plan's test)",
    }),
  );
}

/**
 * An instance of an earlier attempt keeps its address until it is gone; anybody else is told of.
 *
 * @throws Failure `address-taken`
 */
function runAt(
  wanted: NewInstance,
  { vm }: RunMachine,
  { cloud: { machines }, clock, signal }: RehearseOptions,
): Promise<{ instance: string } | NotRun> {
  const { subnet, address = '', tags } = wanted;
  const isOwn = ({ tags: its }: AddressHolder) =>
    [RUN_TAG, VM_TAG].every(key => its[key] === tags[key]) && its[ATTEMPT_TAG] !== tags[ATTEMPT_TAG];
  return until(
    clock,
    async () => {
      const answer = await machines.run(wanted, signal);
      if ('instance' in answer || answer.refused !== 'address-taken') return answer;
      const holder = await machines.addressHolder(subnet, address, signal);
      if (!holder || isOwn(holder)) return undefined;
      throw new Failure(
        world('address-taken', own`${vm} can't have ${address} in ${subnet}: ${holder.words} has it`, {
          hint: 'free the address there, then run again to go on; or remove this test with `converge failover cleanup PLAN PATHS` and give the target another `private_address`',
        }),
      );
    },
    {
      every: lookEvery,
      atMost: patience,
      what: `the address ${address} of ${vm} to be free in ${subnet}`,
      hint: goOn,
      ...(signal && { signal }),
    },
  );
}

/** Stopped it may be too, in the middle of its exchange of disks. */
const judged = (found: CloudInstance | undefined, { vm, shell, imported }: RunMachine): string => {
  if (!found || found.state === 'pending') return 'not yet';
  const wanted = billingOf(shell?.license ?? imported?.license);
  if (!isBilledAs(found, wanted)) throw notBilled(`the instance ${found.id} of ${vm}`, found, wanted);
  if (found.state === 'running') return 'yes';
  return shell && /^stop(ping|ped)$/.test(found.state) ? 'yes' : `it is ${found.state}`;
};

const notBilled = (what: string, seen: CloudInstance | CloudImage, wanted: Billing): Failure =>
  new Failure(
    world('license-mismatch', `EC2 bills ${what} as ${sayBilling(seen)}, not as ${sayBilling(wanted)}`, {
      hint: 'it was put on no network; remove it with `converge failover cleanup PLAN PATHS`, and correct `license`',
    }),
  );

/** The image that was chosen, as it is now. */
async function shellOf(
  { vm, shell, boot_mode }: RunMachine,
  { cloud: { shells }, signal }: RehearseOptions,
): Promise<string> {
  const { image: id, license } = shell!;
  const image = await shells.image(id, signal);
  if (image?.state !== 'available')
    throw new Failure(
      world(
        'shell-missing',
        `the image ${id} that ${vm} takes its licence from is ${image?.state ?? 'gone'}`,
        {
          hint: 'remove this test with `converge failover cleanup PLAN PATHS`, and begin another: it chooses anew',
        },
      ),
    );
  const wanted = billingOf(license);
  if (!isBilledAs(image, wanted)) throw notBilled(`the image ${id} of ${vm}`, image, wanted);
  if (image.bootMode === boot_mode) return id;
  throw new Failure(
    world(
      'shell-boot-mode',
      `${vm} starts with ${wordsOf(boot_mode)}, and the image ${id} with ${wordsOf(image.bootMode)}`,
      { hint: 'make the shell again: `converge replicate VM --replica PATHS`' },
    ),
  );
}
