/** Cookies of one server. Attributes are not kept: every request goes to that server, over TLS. */
export interface CookieJar {
  /** Value for the `Cookie` header; undefined when there are none. */
  header(): string | undefined;
  /** Values of `Set-Cookie` headers. */
  take(setCookies: string[]): void;
  /** A Login with an old session's cookie is refused, so a new one starts empty. */
  clear(): void;
}

export function createCookieJar(): CookieJar {
  const cookies = new Map<string, string>();
  return {
    header: () =>
      cookies.size === 0 ? undefined : [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    take: setCookies => {
      for (const line of setCookies) {
        const pair = /^\s*([^=;\s]+)\s*=([^;]*)/.exec(line);
        if (pair) cookies.set(pair[1]!, pair[2]!.trim());
      }
    },
    clear: () => cookies.clear(),
  };
}
