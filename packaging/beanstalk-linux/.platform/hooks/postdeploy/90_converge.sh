#!/bin/bash
# After the application was deployed. A failure fails the deployment.
exec /opt/converge/@ID@/deployed.sh
