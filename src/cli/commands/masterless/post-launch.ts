import type { PostLaunchOptions } from '../../../app/guest/post-launch.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { parseDuration } from '../../../io/duration.ts';
import type { Define } from '../../context/define.ts';
import { withLab, withState } from '../../context/options.ts';

export const postLaunch: Define = (program, context, exit) => {
  const command = program
    .command('post-launch <PATH>')
    .description('converge a machine that a failover launched, by manifests of its own disk; else do nothing')
    .requiredOption('--console <DEVICE>', 'serial port that reports are written to: /dev/ttyS0, //./COM1')
    .option('--wait <DURATION>', 'how long the tag of the instance may be on its way', '10m');
  withLab(withState(command))
    .addHelpText(
      'after',
      '\nThe modules ec2_ready_linux and ec2_ready_windows have it run at each start.\n\nExample:\n  converge post-launch /etc/converge/post-launch --console /dev/ttyS0',
    )
    .action(async (path: string, options: Omit<PostLaunchOptions, 'wait'> & { wait: string }) => {
      const wait = parseDuration(options.wait);
      if (wait === undefined)
        throw new Failure(
          given('bad-duration', `--wait ${options.wait}: expected a duration`, {
            hint: 'write it like 30s or 10m',
          }),
        );
      const { postLaunch: run } = await import('../../../app/guest/post-launch.ts');
      const ended = await run(context, path, { ...options, wait });
      context.say([ended.done === 'nothing' ? `nothing to do: ${ended.why}` : `post-launch: ${ended.done}`]);
      exit(ended.done === 'nothing' ? 0 : ended.code);
    });
};
