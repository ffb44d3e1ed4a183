"""A fetch's progress as it goes over the wire."""

from reactor_protocol.runtime import Download, FileDownload
from reactor_runtime.weights.registry import RegistryProgress


def download_of(progress: RegistryProgress) -> Download:
    """Return the progress as it is told to others."""
    now = progress.now
    return Download(
        folder=now.folder,
        files=now.files,
        files_done=now.files_done,
        current=[
            FileDownload(path=file.path, size_bytes=file.size_bytes, done_bytes=file.done_bytes) for file in now.current
        ],
        waiting_for_pid=now.waiting_for_pid,
        folders=progress.folders,
        folders_done=progress.folders_done,
        total_bytes=progress.total_bytes,
        done_bytes=progress.done_bytes,
        speed_bytes_s=now.speed_bytes_s,
        eta_s=progress.eta_s,
    )
