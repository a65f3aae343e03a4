import { parse } from 'yaml';

/**
 * What the Elastic Beanstalk Developer Guide says about the files that we write, to judge them by. Shares
 * nothing with what writes them.
 *
 * "Customizing software on Windows servers" and "... on Linux servers": the keys below, and "Elastic
 * Beanstalk ignores a configuration file that contains validation errors, like an invalid key, and doesn't
 * process any of the other keys in the same file".
 */
const topKeys = {
  windows: ['packages', 'sources', 'files', 'commands', 'services', 'container_commands'],
  linux: ['packages', 'groups', 'users', 'sources', 'files', 'commands', 'services', 'container_commands'],
  // "Option settings", "Adding and customizing Elastic Beanstalk environment resources".
  both: ['option_settings', 'Resources', 'Outputs'],
};
const fileKeys = {
  windows: ['content', 'source', 'encoding', 'authentication'],
  linux: ['content', 'source', 'encoding', 'authentication', 'owner', 'group', 'mode'],
};
const commandKeys = {
  windows: ['command', 'cwd', 'env', 'ignoreErrors', 'test', 'waitAfterCompletion'],
  linux: ['command', 'cwd', 'env', 'ignoreErrors', 'test'],
};

type Node = Record<string, unknown>;
const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const strangers = (node: unknown, known: readonly string[], at: string): string[] =>
  isNode(node)
    ? Object.keys(node)
        .filter(key => !known.includes(key))
        .map(key => `${at}${key} is not a key of Beanstalk`)
    : [`${at} is not a mapping`];

/** Everything that is wrong with a file of `.ebextensions`. */
export function mistakesOfConfig(text: string, os: 'windows' | 'linux'): string[] {
  const config: unknown = parse(text);
  const found = strangers(config, [...topKeys[os], ...topKeys.both], '');
  if (!isNode(config)) return found;
  for (const [path, file] of Object.entries((config.files ?? {}) as Node)) {
    found.push(...strangers(file, fileKeys[os], `files/${path}/`));
    const { content, source, mode } = file as Node;
    if ((typeof content === 'string') === (typeof source === 'string'))
      found.push(`files/${path} needs content or source, one of them`);
    if (os === 'linux' && !/^\d{6}$/.test(String(mode))) found.push(`files/${path} has a mode of six digits`);
  }
  for (const part of ['commands', 'container_commands'] as const) {
    const known = part === 'commands' ? commandKeys[os] : [...commandKeys[os], 'leader_only'];
    for (const [name, command] of Object.entries((config[part] ?? {}) as Node)) {
      found.push(...strangers(command, known, `${part}/${name}/`));
      const { command: run, ignoreErrors, waitAfterCompletion: wait } = command as Node;
      if (typeof run !== 'string' && !Array.isArray(run)) found.push(`${part}/${name} has no command`);
      if (ignoreErrors !== undefined && typeof ignoreErrors !== 'boolean')
        found.push(`${part}/${name}/ignoreErrors is true or false`);
      // "The default value is 60 seconds. You can also specify forever".
      if (wait !== undefined && wait !== 'forever' && !Number.isInteger(wait))
        found.push(`${part}/${name}/waitAfterCompletion is seconds or forever`);
    }
  }
  return found;
}

const scripts = ['install', 'restart', 'uninstall'];

/**
 * Everything that is wrong with `aws-windows-deployment-manifest.json`, by "Deployment manifest schema
 * reference" ("manifestVersion (required) ... Valid values: 1", "skipIISReset", "iisConfig", "deployments
 * (required) ... can include msDeploy, aspNetCoreWeb, and custom deployment types") and "Define custom
 * deployments", which has a name and, under scripts, install, restart and uninstall with a file each:
 * "Include any artifacts required to run the application in your source bundle with the manifest and
 * scripts".
 */
export function mistakesOfManifest(text: string, bundled: readonly string[]): string[] {
  const manifest: unknown = JSON.parse(text);
  const found = strangers(manifest, ['manifestVersion', 'skipIISReset', 'iisConfig', 'deployments'], '');
  if (!isNode(manifest)) return found;
  if (manifest.manifestVersion !== 1) found.push('manifestVersion is 1');
  found.push(...strangers(manifest.deployments, ['msDeploy', 'aspNetCoreWeb', 'custom'], 'deployments/'));
  const custom = isNode(manifest.deployments) ? (manifest.deployments.custom ?? []) : [];
  if (!Array.isArray(custom)) return [...found, 'deployments/custom is a list'];
  for (const [index, one] of custom.entries()) {
    const at = `custom/${index}/`;
    found.push(...strangers(one, ['name', 'scripts'], at));
    if (typeof one.name !== 'string') found.push(`${at}name is missing`);
    found.push(...strangers(one.scripts, scripts, `${at}scripts/`));
    for (const script of scripts) {
      const { file } = (one.scripts?.[script] ?? {}) as Node;
      if (typeof file !== 'string') found.push(`${at}scripts/${script} has no file`);
      else if (!bundled.includes(file)) found.push(`${file} is not in the bundle`);
    }
  }
  return found;
}
