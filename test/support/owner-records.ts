import type { OwnerRecord, OwnerRecords } from '../../src/resources/shared/ownership.ts';

/** What a repository would keep, in memory. `account`, `region`: whose the credentials are. */
export class KeptOwners implements OwnerRecords {
  kept = new Map<string, unknown[]>();
  region = 'eu-west-1';
  accountId = '123456789012';

  async account() {
    return this.accountId;
  }

  async read(type: string, title: string) {
    return this.kept.get(`${type} ${title}`) ?? [];
  }

  async add(type: string, title: string, record: OwnerRecord) {
    this.kept.set(`${type} ${title}`, [...(await this.read(type, title)), record]);
  }
}
