/** A row of a site's bindings. */
export interface Binding {
  protocol: string;
  /** Of http and https: `IP:PORT:HOST`. */
  information: string;
}

/**
 * Reads `http/*:80:,https/*:443:host` and the form of URLs, `http://host:80`. Undefined when a part is
 * neither.
 */
export function readBindings(text: string): Binding[] | undefined {
  const found = text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
    .map(readBinding);
  return found.every(each => each !== undefined) ? found : undefined;
}

function readBinding(text: string): Binding | undefined {
  const url = /^(https?):\/\/(\[[^\]]+\]|[^:/]+)(?::(\d+))?\/?$/i.exec(text);
  if (url) {
    const [, protocol, host, port = same80(protocol!)] = url;
    const address = host === '*' || /^[\d.]+$|^\[/.test(host!);
    return {
      protocol: protocol!.toLowerCase(),
      information: address ? `${host}:${port}:` : `*:${port}:${host}`,
    };
  }
  const plain = /^([^/]+)\/(.+)$/.exec(text);
  return plain ? { protocol: plain[1]!, information: plain[2]! } : undefined;
}

const same80 = (protocol: string) => (protocol.toLowerCase() === 'https' ? '443' : '80');

export const bindingsText = (bindings: readonly Binding[]): string =>
  bindings.map(each => `${each.protocol}/${each.information}`).join(',');

/** Two started sites can't have one address: http.sys gives it to one of them. */
export function inConflict(one: readonly Binding[], other: readonly Binding[]): boolean {
  const addresses = new Set(one.filter(web).map(address));
  return other.filter(web).some(each => addresses.has(address(each)));
}

const web = (binding: Binding) => /^https?$/i.test(binding.protocol);
const address = (binding: Binding) => `${binding.protocol}/${binding.information}`.toLowerCase();
