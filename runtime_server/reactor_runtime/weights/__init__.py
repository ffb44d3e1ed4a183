"""Weight folders: where they are kept."""
