import type { Files } from '../../io/ports.ts';
import type { Program } from './program.ts';

/** Of a host of the lab that has none of its own nothing is made: it has no kernel to start. */
const config = '/boot/grub/grub.cfg';
const folder = '/etc/default/grub.d';

const done = { exitCode: 0, stdout: '', stderr: '', timedOut: false };

/** Packs what the kernel starts from; the lab's hosts have no kernel, so there is nothing to pack. */
export const packer: Program = async () => done;

/** `update-grub`: each line of a kernel gets what the files of `/etc/default/grub.d` add, once. */
export const updateGrub: Program = async (_, files) => {
  const lines = (await files.read(config))?.toString('utf8').split('\n');
  if (!lines) return done;
  const added = await wordsAdded(files);
  const next = lines.map(line => {
    if (!/^\s*linux\s/.test(line)) return line;
    return [line, ...added.filter(word => !line.split(/\s+/).includes(word))].join(' ');
  });
  await files.writeAtomic(config, Buffer.from(next.join('\n')));
  return done;
};

async function wordsAdded(files: Files): Promise<string[]> {
  const names = ((await files.list(folder)) ?? []).filter(name => name.endsWith('.cfg')).sort();
  const texts = await Promise.all(names.map(name => files.read(`${folder}/${name}`)));
  return texts.flatMap(text => {
    const value = /^GRUB_CMDLINE_LINUX="(.*)"$/m.exec(text?.toString('utf8') ?? '')?.[1] ?? '';
    return value.split(/\s+/).filter(word => word !== '' && !word.startsWith('$'));
  });
}

const entries = '/boot/loader/entries';

/**
 * `grubby --update-kernel=ALL --args=...`, as grubby(8) of Red Hat's says: each boot loader entry gets the
 * arguments that it doesn't have. Any other use is refused.
 */
export const grubby: Program = async (args, files) => {
  const words = /^--args=(.*)$/.exec(args[1] ?? '')?.[1]?.split(/\s+/);
  if (args.length !== 2 || args[0] !== '--update-kernel=ALL' || !words)
    return { ...done, exitCode: 1, stderr: 'grubby: the lab knows --update-kernel=ALL with --args alone\n' };
  for (const name of ((await files.list(entries)) ?? []).filter(each => each.endsWith('.conf'))) {
    const path = `${entries}/${name}`;
    const text = (await files.read(path))!.toString('utf8');
    const next = text.replace(/^options\s.*$/m, line =>
      [line, ...words.filter(word => !line.split(/\s+/).includes(word))].join(' '),
    );
    await files.writeAtomic(path, Buffer.from(next));
  }
  return done;
};
