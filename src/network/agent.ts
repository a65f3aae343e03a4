import { Agent } from 'node:https';
import type { Socket } from 'node:net';
import { limitConnecting } from './connecting.ts';
import { serverName } from './destination.ts';
import { beginTls, type Network, straight } from './network.ts';

/** An agent of Node's whose connections with TLS are made as the network says. */
export function secureAgent(network: Network, options: ConstructorParameters<typeof Agent>[0]): Agent {
  const agent = new Agent(options);
  // It resumes sessions of TLS, which is worth having where nothing is in between.
  const create = agent.createConnection.bind(agent);
  const usual: typeof create = (...asked) => {
    const socket = create(...asked) as Socket;
    limitConnecting(socket, 'secureConnect');
    return socket;
  };
  if (network === straight) {
    agent.createConnection = usual;
    return agent;
  }
  agent.createConnection = (asked, done) => {
    // Node's own types ask for a stream beside the error; there is none.
    const fail = done as unknown as (error: unknown, socket?: Socket) => void;
    connect().catch(fail);
    return undefined;

    async function connect(): Promise<void> {
      const to = { host: (asked.host ?? '').replace(/^\[|\]$/g, ''), port: Number(asked.port) };
      const secureContext = await network.authorities();
      // Node would take the name from the request's header, which names another where this is a proxy.
      const more = { servername: serverName(to.host), ...(secureContext && { secureContext }) };
      const socket = network.proxyTo({ ...to, secure: true })
        ? await beginTls(network, to)
        : usual({ ...asked, ...more });
      done?.(null, socket!);
    }
  };
  return agent;
}
