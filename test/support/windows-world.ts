import type { World } from '../../src/engine/model/world.ts';
import { type TestMachine, windowsMachine } from '../lab/windows/fixture.ts';
import { testWorld } from './engine-world.ts';

const system32 = 'C:\\Windows\\System32\\';
const appcmdFile = `${system32}inetsrv\\appcmd.exe`;

export interface WindowsWorld extends TestMachine {
  world: World & { secrets: Record<string, string> };
  /** Runs appcmd as somebody else would; rejects when it fails. */
  appcmd(...args: string[]): Promise<string>;
}

/** A world on the lab's Windows host, with these features of Windows. */
export async function windowsWorld(features: string[] = []): Promise<WindowsWorld> {
  const machine = await windowsMachine();
  const enabled = features.map(name => `/featurename:${name}`);
  if (enabled.length > 0) {
    const args = ['/online', '/english', '/enable-feature', ...enabled, '/all', '/norestart', '/quiet'];
    await expectDone(machine.run(`${system32}dism.exe`, args), args);
  }
  return {
    ...machine,
    world: testWorld({ host: machine.host }),
    appcmd: (...args) => expectDone(machine.run(appcmdFile, args), args),
  };
}

async function expectDone(running: ReturnType<TestMachine['run']>, args: string[]): Promise<string> {
  const { exitCode, stdout } = await running;
  if (exitCode !== 0) throw new Error(`${args.join(' ')}: ${exitCode} ${stdout}`);
  return stdout;
}
