"""Files of recordings on this workstation's drives: found before anything opens them, wherever links lead."""

from __future__ import annotations

from pathlib import Path

from csr_desktop.domain.recordings import Place, place_of


def found(place: Place, folder: str) -> Place:
    """The file as it lies behind all links, refused when that is outside of the folder, no sound, or not there. Reads
    the drive, which may be a slow share.
    """
    try:
        root, file = Path(folder).resolve(strict=True), Path(place.file).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        return Place(refusal="gone")
    if not file.is_file():
        return Place(refusal="gone")
    return place_of(str(file), str(root))
