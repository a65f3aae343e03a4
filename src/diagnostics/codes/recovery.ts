import type { Meanings } from './meaning.ts';

export const recovery = {
  'bad-sample': {
    means: "What `--sample` names isn't a share or a number of bytes.",
    wayOut: 'Write it as the message shows.',
  },
  'block-garbled': {
    means: 'A block of an EBS snapshot came with another checksum than the one that it was sent with.',
    wayOut: 'Run again; if it stays so, the replica is made anew.',
  },
  'boot-disk-missing': {
    means: 'A recovery point leaves out the disk that its machine boots from.',
    wayOut: 'Protect that disk too, and make a new point.',
  },
  'bundle-unusable': {
    means: 'What a point keeps for a recovery is not something that this version can use.',
    wayOut: 'Name the manifests, or another point, or use a newer converge.',
  },
  'cleanup-all': {
    means: '`converge failover cleanup all` was called without `--expired`.',
    wayOut: 'Name the plan, or add `--expired`.',
  },
  'digest-differs': {
    means: 'A rehearsal would do something else than what was approved by `--digest`.',
    wayOut: 'Look at it with `--noop`, and approve the new digest.',
  },
  'guest-facts-system': {
    means: '`converge guest-facts` was run on a system that it knows nothing to look for on.',
    wayOut: 'Run it on Linux or Windows.',
  },
  'guest-unknown': {
    means: 'A guest is neither Linux nor Windows, and this version recovers no other.',
    wayOut: 'Restore its disks with `converge restore`, and import them by hand.',
  },
  'hosts-tenancy': {
    means: 'A host resource group is declared without `tenancy: host`.',
    wayOut: 'Add the tenancy, or remove the group.',
  },
  'image-name-taken': {
    means: 'An image of that name is in the account, and converge did not make it.',
    wayOut: 'Rename or deregister it.',
  },
  'image-not-whole': {
    means: "The image of a disk that was put into S3 hasn't as many bytes as the disk.",
    wayOut: 'See that nothing else writes or removes what is there, then run again.',
  },
  'image-size': {
    means: 'A disk has no bytes, or more than one object of S3 holds.',
    wayOut: 'Write `method: convert`, which takes no image, or leave the disk out of the protection.',
  },
  'images-missing': {
    means: 'A machine is to be imported from images of its disks, and there is no place for them.',
    wayOut: 'Add `import: { images: s3://BUCKET/PREFIX }` to its recovery target.',
  },
  'import-failed': {
    means: "EC2 could not make an image of a VM's disks; the message is EC2's own.",
    wayOut: 'Correct what it says in the VM, make a new point, and replicate or fail over again.',
  },
  'import-role': {
    means: "VM Import can't act as the role that it needs: it isn't there, or doesn't let it.",
    wayOut: 'Apply the module `vm_import_role` for the bucket of the images, then run again.',
  },
  'import-unused': {
    means: 'A recovery target says how it is imported, and its method imports nothing.',
    wayOut: 'Write `method: auto`, `convert` or `raw`, or remove `import`.',
  },
  'key-pair-not-found': {
    means: 'The account has no key pair of that name or id.',
    wayOut: 'Correct it, or make it first.',
  },
  'left-behind': {
    means: 'A clean-up could not remove all of a test or a failover: what is left, and why, is said with it.',
    wayOut: 'Mend what keeps AWS from removing it, then run the clean-up again.',
  },
  'license-mismatch': {
    means: 'EC2 bills an image or a machine as something else than the declared licence.',
    wayOut: 'Nothing was put on a network. Correct `license`, or make the shell again.',
  },
  'license-not-windows': {
    means: 'A licence of Windows is declared for a machine that runs another system.',
    wayOut: 'Remove `license`.',
  },
  'license-required': {
    means: "A machine runs Windows, and its recovery target doesn't say under whose licence.",
    wayOut: 'Add `license: aws` or `license: byol`.',
  },
  'license-tenancy': {
    means: "A licence of Windows of one's own is declared for shared hardware, where it may not run.",
    wayOut: 'Add `tenancy: dedicated` or `tenancy: host`, or write `license: aws`.',
  },
  'machine-unknown': {
    means: 'A recovery point is older than the record of its machine.',
    wayOut: 'Make a new point.',
  },
  'not-approved': {
    means:
      'A failover, its commit and its undo, and a failback are only done when somebody approved them, and nobody could be asked.',
    wayOut: 'Read what it comes to (`--noop`), and give the digest that it shows as `--digest`, or `--yes`.',
  },
  'no-replica': {
    means: 'There is no whole replica of the point that was asked for.',
    wayOut: 'Make it with `converge replicate VM --replica PATHS`.',
  },
  'no-room': {
    means: 'EC2 had no room for a machine: no capacity of any declared type, or no address.',
    wayOut: 'Add types or subnets under `fallback`, or run again later.',
  },
  'no-type-fits': {
    means: 'No instance type of the families holds what a machine had and starts as it did.',
    wayOut: 'Name the type, or more families.',
  },
  'not-declared': {
    means: 'The manifests declare no such target or plan.',
    wayOut: 'Correct the name, or name the paths that declare it.',
  },
  'other-repository': {
    means: 'A plan and one of its targets name different repositories.',
    wayOut: 'Give both the same one.',
  },
  'paths-or-repository': {
    means:
      'A failover was given manifests together with what only goes with a repository, or the other way round.',
    wayOut: 'Name PATHS, or `--repository URL --key REF`.',
  },
  'plan-in-part': {
    means: 'A saved plan changes a recovery_plan and was made without its targets, which are kept with it.',
    wayOut: 'Select these as well when planning, or apply the manifests.',
  },
  'plan-not-bundled': {
    means: 'Neither a plan that was applied nor a point in the repository is of that name.',
    wayOut: 'Correct the name; the message says which there are. Or name the manifests that declare it.',
  },
  'plan-removed': {
    means:
      'The recovery plan was removed from the repository; what was kept with it is only good to end what it began.',
    wayOut: 'Apply the manifests that are to count now, or name them in the place of `--repository`.',
  },
  'plan-not-named': {
    means: '`converge readiness --repository` was called without `--plan`.',
    wayOut: 'Name the recovery_plan whose targets are meant.',
  },
  'post-launch': {
    means: 'The manifests that recovered machines are to converge themselves by can not be used.',
    wayOut: 'Mend what the message names.',
  },
  'post-launch-order': {
    means: 'A tag of this instance should say which post-launch manifests to converge by, and does not.',
    wayOut: 'Rehearse with a converge of the same version as the one in the guest.',
  },
  'post-launch-remote': {
    means: 'Post-launch manifests declare something that is not on the machine itself.',
    wayOut: 'Take it out: a machine in a network that is apart reaches no target.',
  },
  'post-launch-secret': {
    means: 'Post-launch manifests need a secret that a machine that was just recovered has no way to get.',
    wayOut: 'Use `file:PATH` of the disk of the machine itself.',
  },
  'post-launch-target': {
    means: 'Post-launch manifests are for a machine that the plan does not have, or that has some already.',
    wayOut: 'Name machines of the plan, each once.',
  },
  'probe-property': {
    means: 'A probe of a plan says something that does not go with its kind, or lacks what does.',
    wayOut: 'Take it out or add it, as the message says.',
  },
  'probe-target': {
    means: 'A probe is for a machine that is not in its plan.',
    wayOut: 'Name machines of the groups of the plan.',
  },
  'plan-title': {
    means: 'A plan has a title that commands give another meaning.',
    wayOut: 'Give it another title.',
  },
  'replica-alone': {
    means: '`--replica` was given together with an option that makes a point.',
    wayOut: 'Leave one of them out.',
  },
  'replica-differs': {
    means: 'Blocks of a replica are not those of its recovery point.',
    wayOut: 'Delete its snapshots, and make the replica anew.',
  },
  'replica-size': {
    means: 'A disk has a size that an EBS volume cannot have.',
    wayOut: 'Leave the disk out, or recover the machine in another way.',
  },
  'replica-snapshot-gone': {
    means: 'A snapshot that a test was begun with was removed since.',
    wayOut: 'Clean the test up and begin another.',
  },
  'runbook-alone': {
    means: '`converge readiness --runbook` was given an option that goes with the findings alone.',
    wayOut: 'Leave out `--only` and `--format`.',
  },
  'prober-image': {
    means: 'There is no image that a prober could be launched from.',
    wayOut: 'Name one of Amazon Linux by `prober: { image: ... }`.',
  },
  'shell-boot-mode': {
    means: 'An image starts with other firmware than the machine did.',
    wayOut: 'Make the shell again: `converge replicate VM --replica PATHS`.',
  },
  'shell-missing': {
    means: 'A Windows machine has no image to take its licence from.',
    wayOut: 'Make it: `converge replicate VM --replica PATHS`, or declare `shell`.',
  },
  'shell-without-license': {
    means: 'A shell is declared, and no licence for it to bring.',
    wayOut: 'Add `license`, or remove `shell`.',
  },
  'snapshot-failed': {
    means: 'EBS ended a snapshot with an error.',
    wayOut: 'Run again: a new one is made.',
  },
  'snapshot-not-pending': {
    means: 'A snapshot that was being written is not open for writing any more.',
    wayOut: 'Run again: a new one is made.',
  },
  'stock-byol': {
    means: "An image of Amazon's is declared for a licence of one's own, which it can never have.",
    wayOut: 'Write `shell: own`.',
  },
  'target-not-ready': {
    means: 'A failover was asked for a machine that is known not to run in EC2.',
    wayOut: 'Put right what the message names and make a new point, or allow it by `--allow`.',
  },
  'target-twice': { means: 'A recovery plan names a machine twice.', wayOut: 'Name each machine once.' },
  'teardown-taken': {
    means: 'EventBridge Scheduler has an entry of the name that the tear-down of a test needs.',
    wayOut: 'Remove it there if nobody needs it.',
  },
  'template-foreign': {
    means: 'A launch template of the name that a target needs is not ours.',
    wayOut: 'Tag it if it is meant for this, or rename it.',
  },
  'template-not-found': {
    means: 'There is no launch template of that VM to be adopted.',
    wayOut: 'Declare a `recovery_target` and apply it.',
  },
  'test-expired': {
    means: 'The time that a test may stand is over.',
    wayOut: 'Clean it up, or try again what failed with `converge failover retry`.',
  },
  'test-standing': {
    means: 'An earlier test of the plan has not been cleaned up.',
    wayOut: 'Run `converge failover cleanup`.',
  },
  'too-many-instances': {
    means: 'A test would take more instances than its plan allows.',
    wayOut: 'Raise `instances` of its `test`, or leave machines out.',
  },
  'type-and-families': {
    means: 'Both an instance type and families to choose one of are declared.',
    wayOut: 'Remove one of the two.',
  },
  'type-chosen': {
    means: 'An instance type was chosen by what the newest recovery point says about the machine.',
    wayOut: 'Declare `instance_type` to have another.',
  },
  'type-not-found': {
    means: 'The region has no such instance type.',
    wayOut: 'Correct its name.',
  },
  'type-unfit': {
    means: "A machine doesn't start on an instance type: firmware, virtual TPM or dedicated hosts.",
    wayOut: 'Name another type.',
  },
  'vm-missing': {
    means: '`verify --replica` needs to know which VM.',
    wayOut: 'Name it with `--vm`.',
  },
  'wrong-block': {
    means:
      'What stands for the addresses of a network is not a block of IPv4, or of a size that EC2 does not take.',
    wayOut: 'Write the first address and the length, /16 to /28: `10.0.0.0/16`.',
  },
  'instance-started': {
    means:
      'A machine that is being brought home was started in EC2 meanwhile, so that more may be there by now.',
    wayOut: 'See to it that nobody starts it, and run again: it is stopped, and brought home as it is then.',
  },
} as const satisfies Meanings;
