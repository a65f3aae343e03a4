import type { Meanings } from './meaning.ts';

export const network = {
  'ca-file': {
    means:
      'A file of authorities that AWS_CA_BUNDLE, SSL_CERT_FILE or `ca` of an aws target names is not there, or has something in it that can not be read.',
    wayOut: 'Name a file of certificates in PEM, or leave it out: the usual authorities are trusted anyway.',
  },
  'proxy-address': {
    means: 'HTTP_PROXY or HTTPS_PROXY does not name a proxy of HTTP.',
    wayOut: 'Write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, encoded as in a URL.',
  },
  'proxy-authentication': {
    means: 'A proxy asks for a user and a password, or refuses those that it was given (407).',
    wayOut: 'Write them into the variable that the message names; Basic is the one scheme that is spoken.',
  },
  'proxy-gave-up': {
    means:
      'A proxy may have passed a request in plain text on, and has no answer of the server: it may or may not have been done.',
    wayOut: 'Run again when the server and the way from the proxy to it are well.',
  },
  'proxy-refused': {
    means: 'A proxy lets nobody through to a server.',
    wayOut: 'Let the proxy allow CONNECT to that name and port, or name it in NO_PROXY.',
  },
  'proxy-unreachable': {
    means: "A proxy can't be reached.",
    wayOut: 'Check that it runs, and the address in the variable that the message names.',
  },
  'proxy-upstream': {
    means: "A proxy can't reach the server that it was asked for.",
    wayOut: 'Check the name and port of the server, and what the proxy may reach.',
  },
} as const satisfies Meanings;
