import type { Files } from '../../../io/ports.ts';
import { type Registry, readRegistry } from '../registry/store.ts';
import { dword, expandable, text, textOf } from '../registry/values.ts';

/** Services are in the registry where Windows has them; which of them run, in a file of the lab's own. */
const root = 'HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services';
const runningFile = 'C:\\Windows\\System32\\config\\running.json';

/** Values of `Start`. */
export const startTypes = { boot: 0, system: 1, auto: 2, demand: 3, disabled: 4 } as const;

export interface NewService {
  name: string;
  displayName?: string;
  binPath: string;
  start: number;
  delayed?: boolean;
  /** 0x10 a process of its own, 0x20 a shared one. */
  type?: number;
  account?: string;
  depends?: string[];
}

/** Why the service control manager refuses, as Win32 code. */
export class ServiceError extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`service error ${code}`);
    this.code = code;
  }
}

export class Services {
  readonly registry: Registry;
  /** Lower-case names. */
  readonly #running: Set<string>;

  constructor(registry: Registry, running: readonly string[]) {
    this.registry = registry;
    this.#running = new Set(running);
  }

  key(name: string): string {
    return `${root}\\${name}`;
  }

  /** Names as they were made, of those that are services. Throws 1060 for a name that isn't one. */
  require(name: string): string {
    const key = this.registry.spelling(this.key(name));
    if (!this.registry.value(key, 'ImagePath')) throw new ServiceError(1060);
    return key.slice(root.length + 1);
  }

  all(): string[] {
    return this.registry
      .children(root)
      .filter(key => this.registry.value(key, 'ImagePath'))
      .map(key => key.slice(root.length + 1));
  }

  number(name: string, value: string): number {
    const found = this.registry.value(this.key(name), value);
    return found?.type === 'REG_DWORD' ? Number(found.data) : 0;
  }

  text(name: string, value: string): string {
    return textOf(this.registry.value(this.key(name), value)) ?? '';
  }

  depends(name: string): string[] {
    const value = this.registry.value(this.key(name), 'DependOnService');
    return value?.type === 'REG_MULTI_SZ' ? value.data : [];
  }

  isRunning(name: string): boolean {
    return this.#running.has(name.toLowerCase());
  }

  create({
    name,
    displayName = name,
    binPath,
    start,
    delayed,
    type = 0x10,
    account,
    depends = [],
  }: NewService): void {
    const key = this.key(name);
    if (this.registry.value(key, 'ImagePath')) throw new ServiceError(1073);
    this.registry.set(key, dword('Type', type));
    this.registry.set(key, dword('Start', start));
    this.registry.set(key, dword('ErrorControl', 1));
    this.registry.set(key, expandable('ImagePath', binPath));
    this.registry.set(key, text('DisplayName', displayName));
    this.registry.set(key, text('ObjectName', account ?? 'LocalSystem'));
    if (delayed) this.registry.set(key, dword('DelayedAutostart', 1));
    if (depends.length > 0) {
      this.registry.set(key, { name: 'DependOnService', type: 'REG_MULTI_SZ', data: depends });
    }
  }

  /**
   * With those it depends on. Throws 1056 (runs), 1058 (disabled), 1060 (none), 1072 (marked for deletion).
   */
  start(name: string): void {
    const own = this.require(name);
    if (this.isRunning(own)) throw new ServiceError(1056);
    if (this.number(own, 'DeleteFlag') === 1) throw new ServiceError(1072);
    if (this.number(own, 'Start') === startTypes.disabled) throw new ServiceError(1058);
    for (const other of this.depends(own)) {
      if (!this.registry.has(this.key(other))) throw new ServiceError(1068);
      if (!this.isRunning(other)) this.start(other);
    }
    this.#running.add(own.toLowerCase());
  }

  /** Throws 1062 (doesn't run), 1051 (others that depend on it run). */
  stop(name: string): void {
    const own = this.require(name);
    if (!this.isRunning(own)) throw new ServiceError(1062);
    if (this.dependants(own).length > 0) throw new ServiceError(1051);
    this.#running.delete(own.toLowerCase());
    if (this.number(own, 'DeleteFlag') === 1) this.registry.removeKey(this.key(own));
  }

  /** Running services that depend on this one, those to be stopped first coming first. */
  dependants(name: string): string[] {
    const lower = name.toLowerCase();
    const direct = this.all().filter(
      other => this.isRunning(other) && this.depends(other).some(one => one.toLowerCase() === lower),
    );
    return [...new Set(direct.flatMap(other => [...this.dependants(other), other]))];
  }

  /** A running one is only marked, and goes when it stops. */
  delete(name: string): void {
    const own = this.require(name);
    if (this.number(own, 'DeleteFlag') === 1) throw new ServiceError(1072);
    if (this.isRunning(own)) this.registry.set(this.key(own), dword('DeleteFlag', 1));
    else this.registry.removeKey(this.key(own));
  }

  /** As the machine's restart: what starts by itself runs, drivers too; marked services are gone. */
  restart(): void {
    for (const name of this.all()) {
      if (this.number(name, 'DeleteFlag') === 1) this.registry.removeKey(this.key(name));
    }
    const drivers = this.all().filter(name => this.number(name, 'Type') === 1 && this.isRunning(name));
    this.#running.clear();
    for (const name of drivers) this.#running.add(name.toLowerCase());
    for (const name of this.all()) {
      if (this.number(name, 'Start') === startTypes.auto && !this.isRunning(name)) this.start(name);
    }
  }

  async save(files: Files): Promise<void> {
    const bytes = Buffer.from(`${JSON.stringify([...this.#running].sort())}\n`);
    const before = await files.read(runningFile);
    if (!before?.equals(bytes)) await files.writeAtomic(runningFile, bytes);
    await this.registry.save(files);
  }
}

export async function readServices(files: Pick<Files, 'read'>): Promise<Services> {
  const running = await files.read(runningFile);
  return new Services(
    await readRegistry(files),
    running ? (JSON.parse(running.toString('utf8')) as string[]) : [],
  );
}
