"""Print some fields of the JSON customers on standard input, a line each.

curl … | python3 examples/columns.py id last_name city
"""

import json
import sys

answer = json.load(sys.stdin)
rows = answer.get("customers", [answer]) if isinstance(answer, dict) else answer
for row in rows:
    print("  ".join(str(row[name]) for name in sys.argv[1:]))
