"""What `reactor doctor` looks at: each check is a function of the surroundings that returns findings.

`finding` says what a finding is, `surroundings` what a check is given, `checks` lists the checks, `examine` runs them
side by side, `report` shows what they found. The other modules are the checks, one group each.
"""
