/**
 * What `converge` and the programs that tests start read from their environment, other than what a test says:
 * whether it is a CI run (which asks nothing), colors, widths, languages, credentials. Tests say the same on
 * every machine, so whoever runs them passes none of it on.
 */
const read =
  /^(CI|GITHUB_.+|NO_COLOR|FORCE_COLOR|COLUMNS|LINES|COMP_.+|AWS_.+|XDG_.+|LC_.+|LANG|LANGUAGE|TZ)$/;

for (const name of Object.keys(process.env)) if (read.test(name)) delete process.env[name];
process.env.TERM = 'xterm-256color';
