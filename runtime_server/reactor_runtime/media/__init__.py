"""From model frames to a published track: pacing, feeding, formats."""
