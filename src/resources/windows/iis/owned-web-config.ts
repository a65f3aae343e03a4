import { type Diagnostic, given } from '../../../diagnostics/diagnostic.ts';
import type { ReadIo } from '../../../engine/model/io.ts';
import { listObjects } from '../../../windows/iis/appcmd.ts';
import { expanded, variable } from '../../../windows/tools/programs.ts';
import { unpackedInto } from '../../host/archive/unpacked-files.ts';
import { ancestors, hostPath } from '../../host/paths/path.ts';
import { configurationOf } from './iis-object.ts';

/**
 * Why the web.config of a site or an application is not ours to write: it came with what is deployed there,
 * and the next deployment would take the change away. Undefined when nobody owns it. One listing of virtual
 * directories is asked, once for all that look.
 */
export function webConfigOwners(io: ReadIo): (application: string) => Promise<Diagnostic | undefined> {
  let listed: Promise<Map<string, string>> | undefined;
  return async application => {
    listed ??= rootDirectories(io);
    const directory = (await listed).get(application.replace(/\/?$/, '/').toLowerCase());
    if (directory === undefined) return undefined;
    const file = `${directory}/web.config`;
    const archive = ancestors(file).find(at => {
      const unpacked = unpackedInto(at, io.memory, 'archive');
      const name = file.slice(at.replace(/\/$/, '').length + 1);
      return Object.keys(unpacked?.files ?? {}).some(path => path.toLowerCase() === name);
    });
    if (archive !== undefined) return owned(file, `the archive in ${archive}`);
    return (await isBeanstalks(application, io)) ? owned(file, 'Elastic Beanstalk') : undefined;
  };
}

/** Directories of the root virtual directories, by application as `Site/` or `Site/app/`, in lower case. */
export async function rootDirectories(io: ReadIo): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const element of await listObjects(io, 'vdir')) {
    const name = element.attributes.get('VDIR.NAME')?.toLowerCase();
    const path = configurationOf(element).attributes.get('physicalPath');
    if (name?.endsWith('/') && path !== undefined)
      found.set(name, hostPath(expanded(path, io.env), { platform: 'win32', cwd: 'C:\\' }));
  }
  return found;
}

/**
 * Where a deployment manifest doesn't say another path, Beanstalk's application "runs at the root path of
 * your website" (Elastic Beanstalk, "Running multiple applications ... with a deployment manifest"), and a
 * deployment puts all of it there anew. Applications below it may be Beanstalk's as well: nobody but the
 * manifest knows.
 */
const isBeanstalks = async (application: string, io: ReadIo): Promise<boolean> =>
  /^default web site(\/|$)/i.test(application) &&
  (
    await io.files.stat(
      `${variable(io.env, 'ProgramFiles') ?? 'C:\\Program Files'}\\Amazon\\ElasticBeanstalk`,
    )
  )?.kind === 'directory';

const owned = (file: string, owner: string): Diagnostic =>
  given('web-config-owned', `${file} belongs to ${owner}: its next deployment takes away what is written`, {
    hint: 'leave `commit` out, which writes applicationHost.config, or put the setting into what is deployed',
  });
