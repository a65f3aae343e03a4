import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** An S3 service in a process of its own, which keeps its objects as files below `folder`. */
export interface Gateway {
  url: string;
  close(): void;
}

export const credentials = { id: 'user', secret: 'password1' };
export const bucket = 'bench';

/** A certificate of its own authority, for this machine alone. */
export function certificate(dir: string): { cert: string; key: string } {
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
  const made = [
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=localhost',
    '-addext',
    names,
  ];
  const { status, stderr } = spawnSync('openssl', ['req', ...made, '-keyout', key, '-out', cert]);
  if (status !== 0) throw new Error(String(stderr));
  return { cert, key };
}

/** VersityGW; it closes every connection unless it is told not to. */
export async function gateway(
  folder: string,
  port: number,
  tls?: { cert: string; key: string },
): Promise<Gateway> {
  mkdirSync(join(folder, bucket), { recursive: true });
  const secure = tls ? ['--cert', tls.cert, '--key', tls.key] : [];
  const { id, secret } = credentials;
  const server: ChildProcess = spawn(
    'versitygw',
    [
      '--access',
      id,
      '--secret',
      secret,
      '--port',
      `127.0.0.1:${port}`,
      ...secure,
      '--keep-alive',
      '--quiet',
      'posix',
      folder,
    ],
    { stdio: 'ignore' },
  );
  while (!(await listens(port))) {
    if (server.exitCode !== null) throw new Error(`versitygw ended with ${server.exitCode}`);
    await pause(50);
  }
  return { url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, close: () => server.kill() };
}

const listens = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
