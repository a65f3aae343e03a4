"""Has parliament look at policies of IAM, a JSON document a line on the standard input.

Prints for each what it finds, as JSON: [[issue, detail]]. It knows the actions, resources and condition keys that AWS
documents.
"""

import json
import sys

from parliament import analyze_policy_string

for line in sys.stdin:
    found = analyze_policy_string(line).findings
    print(json.dumps([[each.issue, each.detail] for each in found], default=str))
