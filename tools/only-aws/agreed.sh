# shellcheck shell=bash
# Sourced by the other scripts of this folder: nothing is made before somebody has agreed to what it costs.

# agreed DOLLARS WHAT: goes on when ONLY_AWS_SPEND (US dollars) is at least that, and says in whose account. Else it
# says what would be made and what that costs, and ends with 2.
agreed() {
  if ! [[ "${ONLY_AWS_SPEND:-}" =~ ^[0-9]+([.][0-9]+)?$ ]] ||
    ! awk -v may="$ONLY_AWS_SPEND" -v costs="$1" 'BEGIN { exit !(may + 0 >= costs) }'; then
    echo "This makes $2: about \$$1. Set ONLY_AWS_SPEND=$1 to agree; nothing was made." >&2
    exit 2
  fi
  local caller
  caller=$(aws sts get-caller-identity --query Arn --output text)
  echo "as $caller: $2, about \$$1" >&2
}
