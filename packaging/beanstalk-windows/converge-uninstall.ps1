# Beanstalk runs this of the version before, when the next one is deployed. The files stay for a run that is not
# over yet, and what converge remembers stays for the next version: only the agent pauses.
$ErrorActionPreference = 'Stop'
if (Get-ScheduledTask -TaskName 'converge-agent' -ErrorAction SilentlyContinue) {
  Unregister-ScheduledTask -TaskName 'converge-agent' -Confirm:$false
}
