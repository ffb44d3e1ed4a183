"""Weight folders from a registry into the cache: whole, checked, and visible only then.

What makes it safe, whatever is killed, cut or corrupted, and whether or not locks work:

* A downloader writes into a tree of its own (`tree`). Taking over what a dead one left is one rename to a new name, so
  that a tree has one owner, and an owner that was only thought dead finds its tree gone.
* With an index no byte reaches a file before the hash of its part was right. So two who write the same part write the
  same bytes.
* The journal is a list of claims. They are believed on the boot they were made in, where a kill loses nothing that was
  written; after that each claimed part is hashed again.
* The folder appears by one rename, after everything is on the disk (`install`).

The lock saves bandwidth: one downloads, the others wait and take over if it dies.
"""

from reactor_runtime.weights.download.fetch import fetch_folder

__all__ = ["fetch_folder"]
