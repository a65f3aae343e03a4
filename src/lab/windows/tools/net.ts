import { failed, said } from '../console/console.ts';
import { servicesStarted } from '../iis/host/runtime.ts';
import type { Tool } from '../machine/machine.ts';
import { systemMessage } from '../services/messages.ts';
import { readServices, ServiceError } from '../services/store.ts';

/**
 * `net start|stop NAME`: any failure is exit code 2, told on stderr. `stop` takes what depends on it along.
 */
export const net: Tool = async ({ args }, { files, language }) => {
  const [verb = '', name] = args;
  const isStart = verb.toLowerCase() === 'start';
  if (name === undefined || (!isStart && verb.toLowerCase() !== 'stop'))
    return failed(1, 'NET\n    [ START | STOP ]\n');
  const services = await readServices(files);
  try {
    const own = services.require(name);
    if (isStart) services.start(own);
    else {
      for (const other of services.dependants(own)) services.stop(other);
      services.stop(own);
    }
    await services.save(files);
    const shown = services.text(own, 'DisplayName') || own;
    const done = { en: isStart ? 'started' : 'stopped', de: isStart ? 'gestartet' : 'beendet' }[language];
    return said(
      language === 'de'
        ? `${shown} wurde erfolgreich ${done}.\n\n`
        : `The ${shown} service was ${done} successfully.\n\n`,
    );
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const more =
      error.code === 1060 ? 2185 : error.code === 1056 ? 2182 : error.code === 1062 ? 3521 : error.code;
    return failed(
      2,
      `${systemMessage(error.code, language)}\n\nMore help is available by typing NET HELPMSG ${more}.\n\n`,
    );
  }
};

/** iisreset.exe, which IIS brings: `/stop`, `/start`, `/status`, or a restart. */
export const iisreset: Tool = async ({ args }, { files, language }) => {
  const services = await readServices(files);
  const options = args.map(arg => arg.toLowerCase());
  try {
    const own = services.require('W3SVC');
    if (options.includes('/status')) {
      return said(
        `Status for ${services.text(own, 'DisplayName')} ( W3SVC ) : ${services.isRunning(own) ? 'Running' : 'Stopped'}\n`,
      );
    }
    const [stop, start] = [!options.includes('/start'), !options.includes('/stop')];
    if (stop && services.isRunning(own)) services.stop(own);
    if (start && !services.isRunning(own)) services.start(own);
    await services.save(files);
    if (start) await servicesStarted({ files });
    const words = iisresetWords[language];
    return said(
      [
        '',
        ...(stop ? words.stop : []),
        ...(start ? [words.starting, stop ? words.restarted : words.started] : []),
        '',
      ].join('\n'),
    );
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return failed(error.code, `${systemMessage(error.code, language)}\n`);
  }
};

const iisresetWords = {
  en: {
    stop: ['Attempting stop...', 'Internet services successfully stopped'],
    starting: 'Attempting start...',
    started: 'Internet services successfully started',
    restarted: 'Internet services successfully restarted',
  },
  de: {
    stop: ['Es wird versucht anzuhalten...', 'Die Internetdienste wurden erfolgreich angehalten.'],
    starting: 'Es wird versucht zu starten...',
    started: 'Die Internetdienste wurden erfolgreich gestartet.',
    restarted: 'Der Neustart der Internetdienste war erfolgreich.',
  },
};
