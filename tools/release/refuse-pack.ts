/** Runs before `npm pack` and `npm publish` in the checkout itself, which is not what is published. */
console.error(
  'This folder is the source, with its tests and a Node of its own: `npm run pack:release` makes the package to publish.',
);
process.exitCode = 1;
