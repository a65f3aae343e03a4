#!/bin/bash
# After the configuration of the environment was changed. A failure fails the deployment.
exec /opt/converge/@ID@/deployed.sh
