import { Argument } from 'commander';
import { bashScript, powershellScript } from '../../complete/completion-scripts.ts';
import type { Define } from '../../context/define.ts';

export const completion: Define = (program, context, exit) => {
  program
    .command('completion')
    .description('print a script that completes commands, options, addresses and files in a shell')
    .addArgument(new Argument('<SHELL>', 'which shell').choices(['bash', 'powershell']))
    .addHelpText(
      'after',
      `
Examples:
  converge completion bash > ~/.local/share/bash-completion/completions/converge
  converge completion powershell >> $PROFILE

For this shell only: source <(converge completion bash), and in PowerShell
converge completion powershell | Out-String | Invoke-Expression. Addresses are those of the manifests
in the line, or else of the folder manifests.`,
    )
    .action((shell: 'bash' | 'powershell') => {
      context.printExact(shell === 'bash' ? bashScript : powershellScript);
      exit(0);
    });
};
