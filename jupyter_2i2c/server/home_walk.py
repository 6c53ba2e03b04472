"""Counts the bytes of a home directory and prints them. Run by home.py in a process of its own, without the site packages.

Arguments: the directory, then names of directories in it to leave out.
"""

import os
import sys
from collections.abc import Collection


def count(top: str, left_out: Collection[str]) -> int:
    """Bytes that the files below `top` take on its own file system.

    A file with several names counts once, what cannot be read counts nothing, and links are not
    followed.
    """
    device = os.lstat(top).st_dev
    total = 0
    seen: set[int] = set()
    stack = [top]
    while stack:
        directory = stack.pop()
        try:
            entries = list(os.scandir(directory))
        except OSError:
            continue
        for entry in entries:
            if directory == top and entry.name in left_out:
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if status.st_dev != device:
                continue
            if status.st_nlink > 1 and not entry.is_dir(follow_symlinks=False):
                if status.st_ino in seen:
                    continue
                seen.add(status.st_ino)
            # st_blocks is in units of 512 bytes, whatever the file system's own blocks are
            total += status.st_blocks * 512
            if entry.is_dir(follow_symlinks=False):
                stack.append(entry.path)
    return total


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(19)
    print(count(sys.argv[1], sys.argv[2:]))
