"""The model worker's entry: `python -P -m reactor_runtime.worker <channel fd> <lifeline fd> <folder>`."""

import sys

from reactor_runtime import lifeline

if __name__ == "__main__":
    lifeline.attach(int(sys.argv[2]))  # before anything starts a thread or takes its time
    from pathlib import Path

    from reactor_runtime.worker.debugger import listen_if_wanted
    from reactor_runtime.worker.process import main

    listen_if_wanted()
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[3])))
