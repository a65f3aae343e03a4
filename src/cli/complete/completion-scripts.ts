/**
 * Both ask `converge __complete` with the line up to the cursor in COMP_LINE. It answers a candidate per
 * line, or `:files` or `:directories`, which the shell finds itself.
 */
export const bashScript = `# bash completion of converge; also for bash 3.2
_converge_completion() {
  local IFS=$'\\n' line=\${COMP_LINE:0:COMP_POINT} word prefix= breaks candidate
  word=\${line##*[[:space:]]}
  # Where bash breaks words at these, a candidate is what comes after the last of them.
  breaks=\${COMP_WORDBREAKS//[^:=]/}
  if [[ -n $breaks ]]; then prefix=\${word%"\${word##*[$breaks]}"}; fi
  COMPREPLY=()
  while read -r candidate; do
    case $candidate in
      :files) COMPREPLY+=($(compgen -f -- "\${word#"$prefix"}")); compopt -o filenames 2>/dev/null ;;
      :directories) COMPREPLY+=($(compgen -d -- "\${word#"$prefix"}")); compopt -o filenames 2>/dev/null ;;
      *)
        candidate=\${candidate#"$prefix"}
        if [[ $candidate == *[[:space:]]* ]]; then printf -v candidate %q "$candidate"; fi
        COMPREPLY+=("$candidate")
        ;;
    esac
  done < <(COMP_LINE=$line "$1" __complete 2>/dev/null)
}
complete -F _converge_completion converge
`;

export const powershellScript = `# PowerShell completion of converge
Register-ArgumentCompleter -Native -CommandName converge -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $line = $commandAst.Extent.Text
    $length = $cursorPosition - $commandAst.Extent.StartOffset
    if ($length -gt $line.Length) { $line = $line.PadRight($length) } else { $line = $line.Substring(0, $length) }
    $env:COMP_LINE = $line
    try { $found = @(& $commandAst.CommandElements[0].Extent.Text __complete 2>$null) }
    finally { Remove-Item Env:COMP_LINE }
    foreach ($candidate in $found) {
        if ($candidate -eq ':files' -or $candidate -eq ':directories') {
            [System.Management.Automation.CompletionCompleters]::CompleteFilename($wordToComplete)
            continue
        }
        $text = $candidate
        if ($text -match "[\\s'\\";,(){}$&|]") { $text = "'" + $text.Replace("'", "''") + "'" }
        [System.Management.Automation.CompletionResult]::new($text, $candidate, 'ParameterValue', $candidate)
    }
}
`;
