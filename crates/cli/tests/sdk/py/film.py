"""A video of a wanted size, made of one that the server has."""

from exercise import fetched


def film_of(url, size_bytes):
    """The MP4 file that the URL answers, made longer by a box that players pass over."""
    film = fetched(url)
    if film[4:8] != b"ftyp":
        raise AssertionError(f"{url} is no MP4: {film[:16]!r}")
    if size_bytes < len(film) + 8:
        raise AssertionError(f"{url} has {len(film)} bytes already")
    padding = size_bytes - len(film)
    return film + padding.to_bytes(4, "big") + b"free" + bytes(padding - 8)
