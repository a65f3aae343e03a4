import type {
  GetConsoleOutputRequest,
  GetConsoleOutputResult,
  GetConsoleScreenshotRequest,
  GetConsoleScreenshotResult,
} from '@aws-sdk/client-ec2';
import type { Ec2Actions, Ec2Call } from '../world/call.ts';
import { byId, refuse } from '../world/errors.ts';
import { hasStarted } from '../world/pace.ts';

/** One black pixel: nothing was booted that would show more. */
const black =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYGD4DwABBAEAX+XDSwAAAABJRU5ErkJggg==';

/** Most that is kept. Source: API reference, GetConsoleOutput. */
const mostOutput = 64 * 1024;

export const consoleActions = {
  GetConsoleOutput(input: GetConsoleOutputRequest, call: Ec2Call): GetConsoleOutputResult {
    const instance = byId('instance', call.state.instances, input.InstanceId);
    const { id, boot } = instance;
    if (!boot || !hasStarted(call, instance)) return { InstanceId: id, Timestamp: new Date(0), Output: '' };
    const text = Buffer.from(boot.console).subarray(-mostOutput);
    return { InstanceId: id, Timestamp: new Date(boot.seen ?? boot.at), Output: text.toString('base64') };
  },

  async GetConsoleScreenshot(
    input: GetConsoleScreenshotRequest,
    { state, photograph }: Ec2Call,
  ): Promise<GetConsoleScreenshotResult> {
    const instance = byId('instance', state.instances, input.InstanceId);
    if (instance.state !== 'running') throw refuse.instanceState(instance.id, instance.state, 'photographed');
    return {
      InstanceId: instance.id,
      ImageData: (await photograph(instance.id))?.toString('base64') ?? black,
    };
  },
} satisfies Ec2Actions;
