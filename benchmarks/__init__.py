"""The figures in the docs, each by one command: `scripts/bench [name …]`.

Every figure is measured beside the bare floor (the LiveKit SDK alone, with our server's settings) in the same run,
because this kind of machine is shared: ratios count, absolute times don't.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # whose S3 server, proxy and ports are used here too
