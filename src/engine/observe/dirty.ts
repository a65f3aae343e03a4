import type { Subject } from '../model/subject.ts';

/** Which observations a write has made stale, by realm and target. */
export class Dirty {
  #now = 0;
  #everything = 0;
  #any = 0;
  #host = 0;
  readonly #realms = new Map<string, number>();
  /** Of realms by name, on whatever target. */
  readonly #names = new Map<string, number>();
  readonly #seen = new Map<string, number>();

  /** Something was written, or may have been. */
  wrote({ type, realm }: Subject): void {
    this.#now++;
    this.#any = this.#now;
    this.#realms.set(realm, this.#now);
    this.#names.set(type.realm.name, this.#now);
    for (const other of type.realm.alsoDirties ?? []) {
      if (other === '*') this.#everything = this.#now;
      else this.#realms.set(other, this.#now);
    }
  }

  /** Others may have written on this host. */
  othersWroteHere(): void {
    this.#now++;
    this.#host = this.#now;
  }

  /** The subjects are about to be observed. */
  seeing(subjects: readonly Subject[]): void {
    for (const { address } of subjects) this.#seen.set(address, this.#now);
  }

  isStale(subject: Subject): boolean {
    const others = subject.type.runs.on === 'host' ? this.#host : 0;
    return Math.max(others, this.#lastWrite(subject)) > (this.#seen.get(subject.address) ?? 0);
  }

  isTouched(subject: Subject): boolean {
    return this.#lastWrite(subject) > 0;
  }

  #lastWrite({ realm, type }: Subject): number {
    const named = this.#realms.get(type.realm.name) ?? 0;
    const by = (type.realm.alsoDirtiedBy ?? []).map(name =>
      name === '*' ? this.#any : (this.#names.get(name) ?? 0),
    );
    return Math.max(this.#everything, this.#realms.get(realm) ?? 0, named, ...by);
  }
}
